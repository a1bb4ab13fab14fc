package models

import "context"

// sendUnlessNewer stores a text message unless the other side has sent one after lastSeen: then it fails with
// [ErrNewerMessage], which carries the newest of them. It decides under the lock of the chat's row, which every message
// takes, in the statement after the one that locks: what was committed while it waited is seen.
//
// It fails with [errNotStored] when the sender may not write in the chat or the key was used before, since a repeated send
// returns the first message even if newer ones came after it.
func (d *Desk) sendUnlessNewer(ctx context.Context, actor Actor, o *pendingMessage, lastSeen int64) (*Message, error) {
	var m *Message
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, o.chatID)
		if err != nil {
			return err
		}
		if actor.checkCanWrite(c) != nil || !c.IsOpen() {
			return errNotStored
		}
		newer, err := t.newerMessage(ctx, actor, o.chatID, lastSeen)
		if err != nil {
			return err
		}
		if newer != nil {
			return t.refuseAsNewer(ctx, actor, o, newer)
		}
		change, err := t.insertMessage(ctx, d.storeStatements().one, o)
		if err != nil {
			return err
		}
		m = &change.Messages[0]
		t.emit(Event{Kind: KindChange, Change: change})
		return nil
	})
	if violates(err, messagesClientMessageIDUnique) {
		err = errNotStored
	}
	return m, err
}

// newerMessage returns the newest message of the other side after an id, nil for none. Notes and what was withdrawn do not
// count.
func (t *tx) newerMessage(ctx context.Context, actor Actor, chatID string, after int64) (*Message, error) {
	other := FromUser
	if actor.IsUser() {
		other = FromAgent
	}
	var newer []Message
	err := t.NewRaw(selectMessages+`WHERE m.chat_id = ? AND m.id > ? AND m.sender_type = ? AND m.message_type <> 'note'
		AND m.withdrawn_at IS NULL ORDER BY m.id DESC LIMIT 1`, chatID, after, other).Scan(ctx, &newer)
	if err != nil || len(newer) == 0 {
		return nil, err
	}
	return &newer[0], nil
}

// refuseAsNewer returns the refusal of a message because of a newer one, or errNotStored for a repeated send.
func (t *tx) refuseAsNewer(ctx context.Context, actor Actor, o *pendingMessage, newer *Message) error {
	if o.key != nil {
		var sent bool
		err := t.NewRaw(`SELECT EXISTS (SELECT FROM messages WHERE chat_id = ? AND client_message_id = ? AND sender_type = ? AND sender_id = ?)`,
			o.chatID, *o.key, actor.senderType(), actor.ID).
			Scan(ctx, &sent)
		if err != nil {
			return err
		}
		if sent {
			return errNotStored
		}
	}
	refusal := *ErrNewerMessage
	refusal.Newer = newer
	return &refusal
}
