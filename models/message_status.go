package models

import (
	"context"
	"slices"
)

// Confirm says that messages of the other side, up to and with an id, were delivered to or read by the actor. It returns how many
// changed; saying it again changes none. Only the two who talk may confirm: a supervisor gets 403 not_in_chat.
func (d *Desk) Confirm(ctx context.Context, actor Actor, chatID string, upTo int64, status MessageStatus) (int, error) {
	marked := 0
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := d.confirmable(ctx, t, actor, chatID)
		if err != nil {
			return err
		}
		marked, err = confirm(ctx, t, actor, c, status, `m.id <= ?`, upTo)
		return err
	})
	return marked, err
}

// ConfirmAll is Confirm for every message of the other side.
func (d *Desk) ConfirmAll(ctx context.Context, actor Actor, chatID string, status MessageStatus) (int, error) {
	return d.Confirm(ctx, actor, chatID, 1<<62, status)
}

// ConfirmOne is Confirm for one message. One's own is 403 own_message, one that the chat does not have 404 message_not_found.
func (d *Desk) ConfirmOne(ctx context.Context, actor Actor, chatID string, messageID int64, status MessageStatus) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := d.confirmable(ctx, t, actor, chatID)
		if err != nil {
			return err
		}
		var sides []SenderType
		err = t.NewRaw(`SELECT sender_type FROM messages WHERE chat_id = ? AND id = ? AND (? OR message_type <> 'note')`,
			chatID, messageID, actor.IsAgent()).Scan(ctx, &sides)
		if err != nil {
			return err
		}
		if len(sides) == 0 {
			return notFound("message_not_found", "There is no such message in this chat.")
		}
		if sides[0] == actor.sender() {
			return forbidden("own_message", "Only the receiver can confirm a message.")
		}
		_, err = confirm(ctx, t, actor, c, status, `m.id = ?`, messageID)
		return err
	})
}

func (d *Desk) confirmable(ctx context.Context, t *tx, actor Actor, chatID string) (*Chat, error) {
	c, err := lockChat(ctx, t, chatID)
	if err != nil {
		return nil, err
	}
	return c, actor.write(c)
}

// statusesBelow are the statuses from which a message may go to the key.
var statusesBelow = map[MessageStatus][]MessageStatus{Delivered: {Sent}, Read: {Sent, Delivered}}

// confirm raises the other side's messages that match to a status, logs each step, and tells both sides. The chat is locked.
func confirm(ctx context.Context, t *tx, actor Actor, c *Chat, status MessageStatus, which string, id int64) (int, error) {
	below := statusesBelow[status]
	if below == nil {
		return 0, invalid("status", fieldUnknown, "A message can be confirmed as delivered or read.")
	}
	other := FromAgent
	if actor.IsAgent() {
		other = FromUser
	}
	var ids []int64
	err := t.NewRaw(`WITH changed AS (
			UPDATE messages m SET status = ?, delivered_at = coalesce(m.delivered_at, ?), read_at = CASE WHEN ? = 'read' THEN ?::timestamptz END
			WHERE m.chat_id = ? AND m.sender_type = ? AND m.message_type <> 'note' AND m.status IN (?) AND `+which+` RETURNING m.id),
		logged AS (
			INSERT INTO message_status_changes (chat_id, message_id, status, version, changed_at) SELECT ?, id, ?, ?, ? FROM changed)
		SELECT id FROM changed ORDER BY id`,
		status, t.now, status, t.now, c.ID, other, bunIn(below), id, c.ID, status, c.Version+1, t.now).Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if status == Read {
		if actor.IsAgent() {
			c.UnreadByAgent = max(0, c.UnreadByAgent-len(ids))
		} else {
			c.UnreadByUser = max(0, c.UnreadByUser-len(ids))
		}
	}
	if err := saveChat(ctx, t, c); err != nil {
		return 0, err
	}
	t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c, Statuses: []StatusChange{
		{UpTo: slices.Max(ids), IDs: ids, Status: status, SenderType: other, Version: c.Version, At: t.now}}}})
	return len(ids), nil
}
