package models

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// NewFile is a file to be sent that is in the store already, under names from [Desk.PlanFiles].
type NewFile struct {
	Attachment             // without its message and public id
	ClientMessageID string // idempotency key, as of NewMessage
	IsPart          bool   // of the message that its user has just left, which it therefore does not make a live chat
}

// ExpectFile checks, before a file is received or stored, whether the actor may send it, and refuses as [Desk.SendFile]
// does. Where the same file was sent with the same key before, it returns that message and true; else the caller goes
// on. uploadSHA256 is the hash of the upload, by which the same file is known, or "" while it is not known.
func (d *Desk) ExpectFile(
	ctx context.Context, actor Actor, chatID, clientID, uploadSHA256 string,
) (sent *Message, wasSent bool, err error) {
	key, err := clientMessageID(clientID)
	if err != nil {
		return nil, false, err
	}
	_, found, err := d.messageByClientID(ctx, actor, chatID, key)
	if err != nil {
		return nil, false, err
	}
	if !found {
		if err := d.checkCanSend(ctx, actor, chatID); err != nil || !actor.IsBot {
			return nil, false, err
		}
		return nil, false, ErrNotForBots
	}
	sent, _, err = d.answerRepeatedSend(ctx, actor, chatID, key, func(before *Message) bool {
		return uploadSHA256 == "" || sameUpload(before, uploadSHA256)
	})
	return sent, err == nil, err
}

// sameUpload reports whether a message carries the file with a hash.
func sameUpload(m *Message, sha256 string) bool {
	return m.Attachment != nil && m.Attachment.UploadSHA256 == sha256
}

// SendFile stores a message of type image or file and returns it, and refuses, as [Desk.Send] does for text. The same
// content is the same upload, by its hash. Names that were planned too long ago are 409 file_expired.
func (d *Desk) SendFile(ctx context.Context, actor Actor, chatID string, n NewFile) (m *Message, created bool, err error) {
	if actor.IsBot {
		return nil, false, ErrNotForBots
	}
	name, err := validateText("file", n.Name, 1, 200)
	if err != nil {
		return nil, false, err
	}
	key, err := clientMessageID(n.ClientMessageID)
	if err != nil {
		return nil, false, err
	}
	var chat *Chat
	kind := n.messageType()
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		change, err := t.insertMessage(ctx, d.storeStatements().file, newPendingMessage(actor, chatID, name, key), string(kind))
		if err != nil {
			return err
		}
		m, chat = &change.Messages[0], &change.Chat
		m.Type = kind
		a := n.Attachment
		a.ChatID, a.MessageID, a.PublicID, a.Name = chatID, m.ID, newFileName(), name
		if err := t.attach(ctx, &a); err != nil {
			return err
		}
		m.Attachment = &a
		t.emit(Event{Kind: KindChange, Change: change})
		return nil
	})
	if errors.Is(err, errNotStored) || violates(err, messagesClientMessageIDUnique) {
		return d.answerRepeatedSend(ctx, actor, chatID, key, func(before *Message) bool {
			return sameUpload(before, n.UploadSHA256)
		})
	}
	if err != nil {
		return nil, false, err
	}
	if !n.IsPart {
		d.continueAfter(ctx, actor, chat)
	}
	return m, true, nil
}

// messageType returns the type of the file's message.
func (n *NewFile) messageType() MessageType {
	if n.IsImage() {
		return Image
	}
	return File
}

// insertMessage stores a message by one of the [storeStatements], as part of a transaction, and returns the change. It fails with
// [errNotStored] when the sender may not write in the chat, and violates [messagesClientMessageIDUnique] when the key was
// used before. more are the arguments that the statement takes besides those of the message.
func (t *tx) insertMessage(ctx context.Context, statement string, p *pendingMessage, more ...any) (*Change, error) {
	var change *Change
	err := t.queryPreparedRows(ctx, statement, p.args(more...), func(rows pgx.Rows) error {
		var chat Chat
		var id int64
		if err := rows.Scan(chatRow.scanTargets(&chat, &id)...); err != nil {
			return err
		}
		change = p.change(chat, id)
		return nil
	})
	if err == nil && change == nil {
		err = errNotStored
	}
	return change, err
}

// attach stores the attachment of a message. Its files are kept as long as the message from then on; files that are due
// too soon are file_expired.
func (t *tx) attach(ctx context.Context, a *Attachment) error {
	names := []string{a.File}
	if a.Thumbnail != nil {
		names = append(names, *a.Thumbnail)
	}
	res, err := t.NewRaw(`UPDATE stored_files SET due_at = NULL WHERE name IN (?) AND due_at > clock_timestamp() + make_interval(secs => ?)`,
		bunIn(names), claimMargin.Seconds()).
		Exec(ctx)
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); int(n) != len(names) {
		return conflict("file_expired", "Sending this file took too long. Send it again.")
	}
	_, err = t.NewInsert().Model(a).Exec(ctx)
	return err
}
