package models

import "context"

// MovePage keeps on which page of the site the user is now: an address of at most 2,000 characters and a title of at most 300, which whoever
// answers sees. It is no sign that somebody said something, so no silence ends by it. Only the chat's user; an ended chat is 409 chat_ended.
func (d *Desk) MovePage(ctx context.Context, actor Actor, chatID, pageURL, pageTitle string) error {
	url, err := optionalText("page_url", pageURL, 2000)
	if err != nil {
		return err
	}
	title, err := optionalText("page_title", pageTitle, 300)
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if !actor.IsUser() || c.UserID != actor.ID {
			return chatNotFound()
		}
		if c.Status == Ended {
			return chatEnded()
		}
		if same(c.PageURL, url) && same(c.PageTitle, title) {
			return nil
		}
		c.PageURL, c.PageTitle = url, title
		if err := saveChat(ctx, t, c); err != nil {
			return err
		}
		t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c}})
		return nil
	})
}

func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
