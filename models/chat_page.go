package models

import "context"

// MovePage stores on which page of the site the user is now, for agents to see: an address of at most 2,000 characters
// and a title of at most 300; longer ones are validation_failed. It is no activity in the chat, so the idle time goes
// on. Only the chat's user may call it, to all others the chat is 404 chat_not_found; an ended chat is 409 chat_ended.
// Where nothing changed, no version is made.
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
			return ErrChatNotFound
		}
		if c.Status == Ended {
			return ErrChatEnded
		}
		if same(c.PageURL, url) && same(c.PageTitle, title) {
			return nil
		}
		change := t.change(c)
		change.Chat.PageURL, change.Chat.PageTitle = url, title
		return t.save(ctx, change)
	})
}

// same reports whether two pointers are both nil or point to equal strings.
func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
