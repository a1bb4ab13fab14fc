package models

import "context"

// maxHandLine is how long the line of a raised hand may be.
const maxHandLine = 300

// RaiseHand asks supervisors for help with an active chat and returns the chat. line says what about; it may be empty.
// Raising the hand again changes the line and keeps the time. It is lowered by [Desk.LowerHand], and when the chat ends or
// leaves its agent.
//
// Only the agent who has the chat may do so: a supervisor who does not have it gets 403 not_in_chat, all others 404
// chat_not_found. A waiting chat is 409 chat_not_active, an ended one 409 chat_ended, a line of more than 300 characters
// validation_failed.
func (d *Desk) RaiseHand(ctx context.Context, actor Actor, chatID, line string) (*Chat, error) {
	kept, err := d.optionalMessageText("line", line, maxHandLine)
	if err != nil {
		return nil, err
	}
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if err := actor.checkHas(c); err != nil {
			return err
		}
		if c.Status != Active {
			return errChatNotActive
		}
		if c.HandRaisedAt != nil && deref(c.HandLine) == deref(kept) {
			return nil
		}
		if c.HandRaisedAt == nil {
			c.HandRaisedAt = &change.now
			if err := t.audit(ctx, actor, AuditHandRaised, aboutChat(c), details{"hand": step{false, true}}); err != nil {
				return err
			}
		}
		c.HandLine = kept
		if !change.changesHand() {
			t.emit(Event{Kind: KindFlags})
		}
		return t.save(ctx, change)
	})
}

// LowerHand takes back a raised hand and returns the chat; without a raised hand it changes nothing. The agent who has the
// chat and supervisors may do so; to all others it is 404 chat_not_found. An ended chat is 409 chat_ended.
func (d *Desk) LowerHand(ctx context.Context, actor Actor, chatID string) (*Chat, error) {
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if c.HandRaisedAt == nil {
			return nil
		}
		if err := t.audit(ctx, actor, AuditHandLowered, aboutChat(c), details{"hand": step{true, false}}); err != nil {
			return err
		}
		change.lowerHand()
		return t.save(ctx, change)
	})
}

// lowerHand takes back a raised hand.
func (c *chatChange) lowerHand() { c.Chat.HandRaisedAt, c.Chat.HandLine = nil, nil }

// changesHand reports whether the change raises or lowers the hand.
func (c *chatChange) changesHand() bool {
	return (c.before.HandRaisedAt == nil) != (c.Chat.HandRaisedAt == nil)
}
