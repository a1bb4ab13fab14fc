package models

import (
	"context"
	"net/url"
	"slices"
	"time"
)

// Page is a page of a site, as the widget on it reports it.
type Page struct {
	URL, Title string
	// OwnOrigin is the origin of Parley itself, whose demo site has the widget too; "" for unknown.
	OwnOrigin string
}

// VisitedPage is a page of a site on which the user was during a chat.
type VisitedPage struct {
	ChatID string    `bun:"chat_id" json:"-"`
	URL    string    `bun:"url"     json:"url"`
	Title  *string   `bun:"title"   json:"title"`
	At     time.Time `bun:"at"      json:"at"` // when the user came to it
}

// maxChatPages is how many pages of a chat are kept.
const maxChatPages = 50

// MovePage stores on which page of the site the user is now, for agents to see: an address of at most 2,000 characters
// and a title of at most 300; longer ones are validation_failed. It is no activity in the chat, so the idle time goes
// on. Only the chat's user may call it, to all others the chat is 404 chat_not_found; an ended chat is 409 chat_ended.
// Where nothing changed, no version is made. If RECORD_PAGES is on, the page is added to those of the chat.
func (d *Desk) MovePage(ctx context.Context, actor Actor, chatID string, page Page) error {
	address, err := optionalText("page_url", page.URL, 2000)
	if err != nil {
		return err
	}
	title, err := optionalText("page_title", page.Title, 300)
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
		if same(c.PageURL, address) && same(c.PageTitle, title) {
			return nil
		}
		change := t.change(c)
		change.Chat.PageURL, change.Chat.PageTitle = address, title
		if err := d.recordPage(ctx, t, &change.Chat, page.OwnOrigin); err != nil {
			return err
		}
		return t.save(ctx, change)
	})
}

// recordPage adds the current page of a locked chat to its pages and forgets the first one of more than maxChatPages. A
// page that follows itself, such as after a reload, keeps its time and gets the latest title.
func (d *Desk) recordPage(ctx context.Context, t *tx, c *Chat, ownOrigin string) error {
	address, ok := d.recordedAddress(deref(c.PageURL), ownOrigin)
	if !ok {
		return nil
	}
	_, err := t.NewRaw(`WITH latest AS (SELECT id, url FROM chat_pages WHERE chat_id = ?0 ORDER BY id DESC LIMIT 1),
			renamed AS (UPDATE chat_pages p SET title = ?2 FROM latest WHERE p.id = latest.id AND latest.url = ?1),
			added AS (INSERT INTO chat_pages (chat_id, url, title, at)
				SELECT ?0, ?1, ?2, ?3 WHERE NOT EXISTS (SELECT FROM latest WHERE url = ?1))
		DELETE FROM chat_pages WHERE chat_id = ?0 AND NOT EXISTS (SELECT FROM latest WHERE url = ?1)
			AND id <= (SELECT id FROM chat_pages WHERE chat_id = ?0 ORDER BY id DESC OFFSET ?4 LIMIT 1)`,
		c.ID, address, c.PageTitle, t.now, maxChatPages-1).Exec(ctx)
	return err
}

// recordedAddress returns the address of a page without user, query and fragment, which may hold private data, and false
// for a page that is not recorded: RECORD_PAGES is off, or the page is not on a site that may embed the widget.
func (d *Desk) recordedAddress(address, ownOrigin string) (string, bool) {
	if !d.Settings().RecordPages {
		return "", false
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", false
	}
	origin, err := ParseOrigin(u.Scheme + "://" + u.Host)
	if err != nil || origin != ownOrigin && !slices.Contains(d.AllowedOrigins(), origin) {
		return "", false
	}
	return origin + u.EscapedPath(), true
}

// PagesOfChat returns the pages on which the user was during a chat, in their order, at most 50, to an agent who may read
// the chat. To all others, and to users, it is 404 chat_not_found.
func (d *Desk) PagesOfChat(ctx context.Context, actor Actor, chatID string) ([]VisitedPage, error) {
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	if !actor.IsAgent() {
		return nil, ErrChatNotFound
	}
	pages := []VisitedPage{}
	err = d.db.NewRaw(`SELECT * FROM chat_pages WHERE chat_id = ? ORDER BY id`, c.ID).Scan(ctx, &pages)
	return pages, translate(err)
}

// same reports whether two pointers are both nil or point to equal strings.
func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
