package models

import (
	"context"
	"time"
)

// EditMessage replaces the text of a message or note that the actor sent and returns it. The text before is kept for
// supervisors, see [Desk.MessageVersions]. With the text that the message has already nothing changes and the message is
// returned, so an edit may be sent again.
//
// The text is validated as by [Desk.Send]. A chat that the actor may not know of is 404 chat_not_found and one that the
// actor is not part of 403 not_in_chat; a message that the chat does not have, or a note to a user, is 404
// message_not_found, one from another sender 403 not_your_message. A file is 409 message_has_file, a message that was
// withdrawn 409 message_withdrawn, an ended chat 409 chat_ended, a message older than EDIT_PERIOD 409 edit_period_over, and
// while EDIT_PERIOD is 0 every message is 409 editing_off.
func (d *Desk) EditMessage(ctx context.Context, actor Actor, chatID string, messageID int64, content string) (*Message, error) {
	content, err := d.messageText("content", content, 1, maxContent)
	if err != nil {
		return nil, err
	}
	return d.changeMessage(ctx, actor, chatID, messageID, messageChange{
		isDone: func(m *Message) bool { return m.Attachment == nil && m.Content == content },
		check: func(m *Message) error {
			switch {
			case m.IsWithdrawn():
				return ErrMessageWithdrawn
			case m.Type == Image || m.Type == File:
				return ErrMessageHasFile
			}
			return nil
		},
		apply: func(_ context.Context, t *tx, _ *chatChange, m *Message) error {
			m.Content, m.EditedAt = content, &t.now
			return nil
		},
		audit: AuditMessageEdited,
	})
}

// WithdrawMessage takes back a message, file or note that the actor sent, and returns what is left of it: a message
// without content and attachment. Text and file are kept for supervisors, see [Desk.MessageVersions]; every address of the
// file that was given out before is void. Withdrawing again returns the message.
//
// It refuses as [Desk.EditMessage] does, but takes files.
func (d *Desk) WithdrawMessage(ctx context.Context, actor Actor, chatID string, messageID int64) (*Message, error) {
	return d.changeMessage(ctx, actor, chatID, messageID, messageChange{
		isDone: (*Message).IsWithdrawn,
		check:  func(*Message) error { return nil },
		apply: func(ctx context.Context, t *tx, change *chatChange, m *Message) error {
			if err := t.withdrawAttachment(ctx, m); err != nil {
				return err
			}
			m.Content, m.Attachment, m.WithdrawnAt = "", nil, &t.now
			if m.Type == Note {
				return nil
			}
			return t.forgetReply(ctx, change, m)
		},
		audit: AuditMessageWithdrawn,
	})
}

// messageChange is what a sender does to a message.
type messageChange struct {
	isDone func(*Message) bool  // the message is as it is to be: nothing is left to do
	check  func(*Message) error // refuses messages that cannot be changed like this
	apply  func(ctx context.Context, t *tx, change *chatChange, m *Message) error
	audit  AuditAction // of agents
}

// changeMessage makes a change of a message that the actor sent, keeps what the message was, and returns it as it is then.
func (d *Desk) changeMessage(ctx context.Context, actor Actor, chatID string, messageID int64, by messageChange) (*Message, error) {
	var m *Message
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if err := actor.checkCanWrite(c); err != nil {
			return err
		}
		if m, err = messageOf(ctx, t, actor, chatID, messageID); err != nil {
			return err
		}
		if m.SenderType != actor.senderType() || m.SenderID != actor.ID {
			return ErrNotYourMessage
		}
		if by.isDone(m) {
			return nil
		}
		if err := by.check(m); err != nil {
			return err
		}
		if err := checkCanChange(c, m, t.now, d.Settings().EditPeriod); err != nil {
			return err
		}
		change := t.change(c)
		replaced := c.Version + 1
		if err := t.keepVersion(ctx, m, replaced); err != nil {
			return err
		}
		if err := by.apply(ctx, t, change, m); err != nil {
			return err
		}
		m.ChangedVersion = replaced
		_, err = t.NewRaw(`UPDATE messages SET content = ?, edited_at = ?, withdrawn_at = ?, changed_version = ? WHERE chat_id = ? AND id = ?`,
			m.Content, m.EditedAt, m.WithdrawnAt, m.ChangedVersion, m.ChatID, m.ID).
			Exec(ctx)
		if err != nil {
			return err
		}
		if actor.IsAgent() {
			if err := t.audit(ctx, actor, by.audit, aboutChat(c), details{"message_id": m.ID}); err != nil {
				return err
			}
		}
		change.Updated = []Message{*m}
		return t.save(ctx, change)
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// messageOf returns a message of a chat that the actor may read, or message_not_found.
func messageOf(ctx context.Context, q rawQuerier, actor Actor, chatID string, messageID int64) (*Message, error) {
	var found []Message
	err := q.NewRaw(selectMessages+`WHERE m.chat_id = ? AND m.id = ? AND (? OR m.message_type <> 'note')`,
		chatID, messageID, actor.IsAgent()).Scan(ctx, &found)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrMessageNotFound
	}
	return &found[0], nil
}

// checkCanChange returns the refusal of a change that comes too late, or while changes are off.
func checkCanChange(c *Chat, m *Message, now time.Time, period time.Duration) error {
	switch {
	case !c.IsOpen():
		return ErrChatEnded
	case period == 0:
		return ErrEditingOff
	case now.Sub(m.CreatedAt) > period:
		return ErrEditPeriodOver
	}
	return nil
}

// keepVersion stores what a message is until a version of the chat replaces it.
func (t *tx) keepVersion(ctx context.Context, m *Message, replacedBy int64) error {
	written := m.CreatedAt
	if m.EditedAt != nil {
		written = *m.EditedAt
	}
	_, err := t.NewRaw(`INSERT INTO message_versions (chat_id, message_id, version, content, written_at, replaced_at)
		VALUES (?, ?, ?, ?, ?, ?)`, m.ChatID, m.ID, replacedBy, m.Content, written, t.now).Exec(ctx)
	return err
}

// withdrawAttachment moves the attachment of a message, if it has one, to where only supervisors and exports find it, under
// another public id. The files stay in the store for as long as the message is kept.
func (t *tx) withdrawAttachment(ctx context.Context, m *Message) error {
	if m.Attachment == nil {
		return nil
	}
	_, err := t.NewRaw(`WITH moved AS (DELETE FROM attachments WHERE chat_id = ?0 AND message_id = ?1 RETURNING *)
		INSERT INTO withdrawn_attachments (chat_id, message_id, public_id, file, thumbnail, name, content_type, size, width, height,
			thumbnail_content_type, upload_sha256)
		SELECT chat_id, message_id, ?2, file, thumbnail, name, content_type, size, width, height,
			thumbnail_content_type, upload_sha256 FROM moved`, m.ChatID, m.ID, newFileName()).Exec(ctx)
	if err != nil {
		return err
	}
	// The trigger of attachments has made them due.
	_, err = t.NewRaw(`UPDATE stored_files SET due_at = NULL WHERE name IN (SELECT unnest(ARRAY[file, thumbnail]) FROM withdrawn_attachments
		WHERE chat_id = ? AND message_id = ?)`, m.ChatID, m.ID).Exec(ctx)
	return err
}

// forgetReply sets who wrote last and since when the user awaits a reply to what they are without a message that is being
// withdrawn. The time of the first response stays: it was given.
func (t *tx) forgetReply(ctx context.Context, change *chatChange, m *Message) error {
	const spoken = ` FROM messages WHERE chat_id = ?0 AND id <> ?1 AND withdrawn_at IS NULL AND message_type <> 'note' AND sender_type `
	var last []SenderType
	err := t.NewRaw(`SELECT sender_type`+spoken+`<> 'system' ORDER BY id DESC LIMIT 1`, m.ChatID, m.ID).Scan(ctx, &last)
	if err != nil {
		return err
	}
	var unanswered []Message
	err = t.NewRaw(`SELECT id, created_at`+spoken+`= 'user' AND id > coalesce((SELECT max(id)`+spoken+`= 'customer_service'), 0)
		ORDER BY id LIMIT 1`, m.ChatID, m.ID).Scan(ctx, &unanswered)
	if err != nil {
		return err
	}
	chat := &change.Chat
	chat.LastSender = nil
	if len(last) > 0 {
		chat.LastSender = &last[0]
	}
	switch {
	case len(unanswered) == 0:
		chat.AwaitingReplySince = nil
	case chat.AwaitingReplySince == nil || m.ID < unanswered[0].ID:
		chat.AwaitingReplySince = &unanswered[0].CreatedAt
	}
	return nil
}

// MessageVersion is what a message was until it was edited or withdrawn.
type MessageVersion struct {
	ChatID     string      `bun:"chat_id"`
	MessageID  int64       `bun:"message_id"`
	Version    int64       `bun:"version"` // the chat's version that replaced it
	Content    string      `bun:"content"` // of a file its name
	WrittenAt  time.Time   `bun:"written_at"`
	ReplacedAt time.Time   `bun:"replaced_at"`
	Attachment *Attachment `bun:"attachment,type:jsonb,scanonly"` // of a file
}

// selectVersions reads versions v of messages with their files; a WHERE follows.
const selectVersions = `SELECT v.*, to_jsonb(a) AS attachment FROM message_versions v
	LEFT JOIN withdrawn_attachments a ON a.chat_id = v.chat_id AND a.message_id = v.message_id `

// MessageVersions returns what a message was before it was edited or withdrawn, oldest first: nothing for a message that is
// as it was sent. Supervisors only, to others it is 403 role_required. Reading in a chat that the actor is not part of is
// recorded in the audit log. Chats and messages that do not exist are 404 chat_not_found and message_not_found.
func (d *Desk) MessageVersions(ctx context.Context, actor Actor, chatID string, messageID int64) ([]MessageVersion, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	if _, err := messageOf(ctx, d.db, actor, chatID, messageID); err != nil {
		return nil, translate(err)
	}
	if err := d.auditReading(ctx, actor, c); err != nil {
		return nil, err
	}
	versions := []MessageVersion{}
	err = d.db.NewRaw(selectVersions+`WHERE v.chat_id = ? AND v.message_id = ? ORDER BY v.version`, chatID, messageID).Scan(ctx, &versions)
	return versions, translate(err)
}

// ChatVersions returns the earlier versions of all messages of a chat by the ids of the messages, and is otherwise like
// [Desk.MessageVersions].
func (d *Desk) ChatVersions(ctx context.Context, actor Actor, chatID string) (map[int64][]MessageVersion, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	if err := d.auditReading(ctx, actor, c); err != nil {
		return nil, err
	}
	var versions []MessageVersion
	err = d.db.NewRaw(selectVersions+`WHERE v.chat_id = ? ORDER BY v.version`, chatID).Scan(ctx, &versions)
	byMessage := map[int64][]MessageVersion{}
	for _, v := range versions {
		byMessage[v.MessageID] = append(byMessage[v.MessageID], v)
	}
	return byMessage, translate(err)
}

// asSent returns a message as its sender sent it first, for the comparison with a send that is repeated.
func (d *Desk) asSent(ctx context.Context, m *Message) (*Message, error) {
	if m.ChangedVersion == 0 {
		return m, nil
	}
	var first []MessageVersion
	err := d.db.NewRaw(selectVersions+`WHERE v.chat_id = ? AND v.message_id = ? ORDER BY v.version LIMIT 1`, m.ChatID, m.ID).
		Scan(ctx, &first)
	if err != nil || len(first) == 0 {
		return m, translate(err)
	}
	sent := *m
	sent.Content = first[0].Content
	if m.IsWithdrawn() {
		sent.Attachment = first[0].Attachment
	}
	return &sent, nil
}
