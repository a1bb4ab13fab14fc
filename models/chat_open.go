package models

import "context"

// IsUnopened reports whether the agent who serves the chat has not had it on a screen since it was assigned.
func (c *Chat) IsUnopened() bool {
	return c.Status == Active && c.AssignedAt != nil && (c.OpenedAt == nil || c.OpenedAt.Before(*c.AssignedAt))
}

// openedNow is the opened_at of a chat that its agent has on a screen now.
const openedNow = `CASE WHEN c.opened_at >= c.assigned_at THEN c.opened_at ELSE clock_timestamp() END`

// OpenChat records that the agent of a chat has it on a screen, so that reminders of it end in every tab and on every
// device. To reply, or to confirm its messages as read, records it too. Again, and for a chat that has ended, it changes
// nothing.
//
// A chat that the actor may not know of is 404 chat_not_found; a supervisor who does not serve it gets 403 not_in_chat.
// An actor who is no agent gets 403 agents_only.
func (d *Desk) OpenChat(ctx context.Context, actor Actor, chatID string) error {
	if !actor.IsAgent() {
		return forbidden("agents_only", "Only agents open chats.")
	}
	var known *Chat
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if err := actor.checkHas(c); err != nil {
			return err
		}
		if !c.IsUnopened() {
			known = c
			return nil
		}
		change := t.change(c)
		change.Chat.OpenedAt = &change.now
		return t.save(ctx, change)
	})
	if err == nil && known != nil { // it may be the retry of a request whose event was lost
		d.announceVersions(chatVersionOf(known))
	}
	return err
}
