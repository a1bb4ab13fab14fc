package models

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Messages returns a chat's messages after an id, oldest first; limit is 1 to 200, 0 for 50. Users do not get notes.
// Reading by a supervisor who is not part of the chat is recorded in the audit log. A chat that the actor may not know
// of is 404 chat_not_found, a limit out of bounds validation_failed.
func (d *Desk) Messages(ctx context.Context, actor Actor, chatID string, afterID int64, limit int) ([]Message, error) {
	limit, err := limitOrDefault(limit, MaxLimit)
	if err != nil {
		return nil, err
	}
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	if err := d.auditReading(ctx, actor, c); err != nil {
		return nil, err
	}
	return d.messages(ctx, `AND m.id > $3 ORDER BY m.id LIMIT $4`, actor, chatID, afterID, limit)
}

// MessagesBefore returns the latest messages of a chat before an id, oldest first, and whether there are earlier ones that
// the actor may read. As beforeID, 0 stands for the end of the chat: the messages are then the last ones of the chat. It is
// otherwise like [Desk.Messages].
func (d *Desk) MessagesBefore(ctx context.Context, actor Actor, chatID string, beforeID int64, limit int) (
	found []Message, hasEarlier bool, err error,
) {
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, false, err
	}
	return d.messagesBefore(ctx, actor, c, beforeID, limit)
}

// messagesBefore is MessagesBefore for a chat that the actor may read.
func (d *Desk) messagesBefore(ctx context.Context, actor Actor, c *Chat, beforeID int64, limit int) (
	found []Message, hasEarlier bool, err error,
) {
	if limit, err = limitOrDefault(limit, MaxLimit); err != nil {
		return nil, false, err
	}
	if beforeID == 0 {
		beforeID = maxMessageID
	}
	if err = d.auditReading(ctx, actor, c); err != nil {
		return nil, false, err
	}
	found, err = d.messages(ctx, `AND m.id < $3 ORDER BY m.id DESC LIMIT $4`, actor, c.ID, beforeID, limit+1)
	if hasEarlier = len(found) > limit; hasEarlier {
		found = found[:limit]
	}
	slices.Reverse(found)
	return found, hasEarlier, err
}

// PageWith returns the beforeID with which [Desk.MessagesBefore] returns a page of an ended chat that has a message in its
// middle: 0 where that is the end of the chat, and for open chats, which are read at their end.
func (d *Desk) PageWith(ctx context.Context, chatID string, messageID int64, limit int) (beforeID int64, err error) {
	var ids []int64
	err = d.db.NewRaw(`SELECT m.id FROM messages m JOIN chats c ON c.id = m.chat_id AND c.status = 'ended'
		WHERE m.chat_id = ? AND m.id > ? ORDER BY m.id OFFSET ? LIMIT 1`, chatID, messageID, limit/2).Scan(ctx, &ids)
	if len(ids) > 0 {
		beforeID = ids[0]
	}
	return beforeID, translate(err)
}

var (
	// A message that was never changed has no changed_version.
	messageColumns = columnsOf[Message]().without("changed_version")
	messagesOfChat = `SELECT ` + messageColumns.selectList(
		"m",
	) + `, coalesce(m.changed_version, 0), to_jsonb(a)` + messagesWithAttachments +
		`WHERE m.chat_id = $1 AND ($2 OR m.message_type <> 'note') `
)

// messages reads messages of a chat, without notes for a user. rest continues the WHERE, with $3 for the first of args.
func (d *Desk) messages(ctx context.Context, rest string, actor Actor, chatID string, args ...any) ([]Message, error) {
	messages := []Message{}
	err := d.queryPreparedRows(ctx, messagesOfChat+rest, append([]any{chatID, actor.IsAgent()}, args...), func(rows pgx.Rows) error {
		var m Message
		err := rows.Scan(messageColumns.scanTargets(&m, &m.ChangedVersion, &m.Attachment)...)
		messages = append(messages, m)
		return err
	})
	return messages, translate(err)
}
