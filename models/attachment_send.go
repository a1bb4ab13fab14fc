package models

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
)

// NewFile is a file that lies in the store already, under names of [Desk.PlanFiles].
type NewFile struct {
	Attachment             // without its message and public id
	ClientMessageID string // idempotency key, as of NewMessage
}

// ExpectFile tells whether the actor may send a file now, before it is received. It refuses what [Desk.SendFile] would, and returns nil, nil where
// that would go on. A message that was sent with the same key before comes back; uploadSHA256 tells whether it is the same, "" that this is not known yet.
func (d *Desk) ExpectFile(ctx context.Context, actor Actor, chatID, clientID, uploadSHA256 string) (*Message, error) {
	key, err := clientMessageID(clientID)
	if err != nil {
		return nil, err
	}
	if before, err := d.messageByClientID(ctx, actor, chatID, key); before == nil {
		if err == nil {
			err = d.checkCanSend(ctx, actor, chatID)
		}
		return nil, err
	}
	m, _, err := d.answerRepeatedSend(ctx, actor, chatID, key, func(before *Message) bool { return uploadSHA256 == "" || sameUpload(before, uploadSHA256) })
	return m, err
}

func sameUpload(m *Message, sha256 string) bool {
	return m.Attachment != nil && m.Attachment.UploadSHA256 == sha256
}

// SendFile stores a message of type image or file and returns it, as [Desk.Send] does for text, which also says what it refuses. What counts as the same
// content is what was uploaded. Names that lay in the store for too long are 409 file_expired.
func (d *Desk) SendFile(ctx context.Context, actor Actor, chatID string, n NewFile) (m *Message, created bool, err error) {
	name, err := validateText("file", n.Name, 1, 200)
	if err != nil {
		return nil, false, err
	}
	key, err := clientMessageID(n.ClientMessageID)
	if err != nil {
		return nil, false, err
	}
	kind := File
	if n.IsImage() {
		kind = Image
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		change, err := queriesFor(actor).insertFile(ctx, t, &pendingMessage{chatID: chatID, senderID: actor.ID, content: name, key: key}, kind)
		if err != nil {
			return err
		}
		m = &change.Messages[0]
		a := n.Attachment
		a.ChatID, a.MessageID, a.PublicID, a.Name = chatID, m.ID, newFileName(), name
		if err := t.attach(ctx, &a); err != nil {
			return err
		}
		m.Attachment = &a
		t.emit(Event{Kind: KindChange, Change: change})
		return nil
	})
	if errors.Is(err, sql.ErrNoRows) || violates(err, "messages_client_message_id_unique") {
		return d.answerRepeatedSend(ctx, actor, chatID, key, func(before *Message) bool { return sameUpload(before, n.UploadSHA256) })
	}
	if err != nil {
		return nil, false, err
	}
	return m, true, nil
}

// insertFile stores the message of a file. It fails with sql.ErrNoRows when the sender may not speak.
func (s senderQueries) insertFile(ctx context.Context, t *tx, o *pendingMessage, kind MessageType) (change *Change, err error) {
	err = t.queryPreparedRows(ctx, s.fileSQL, []any{o.chatID, o.senderID, o.content, o.key, string(kind)}, func(rows pgx.Rows) error {
		var chat Chat
		var id int64
		if err := rows.Scan(chatRow.scanTargets(&chat, &id)...); err != nil {
			return err
		}
		change = s.newMessageChange(o, chat, id)
		change.Messages[0].Type = kind
		return nil
	})
	if err == nil && change == nil {
		err = sql.ErrNoRows
	}
	return change, err
}

// attach gives a message its files, which from now on are kept as long as the message is.
func (t *tx) attach(ctx context.Context, a *Attachment) error {
	names := []string{a.File}
	if a.Thumbnail != nil {
		names = append(names, *a.Thumbnail)
	}
	res, err := t.NewRaw(`UPDATE stored_files SET due_at = NULL WHERE name IN (?) AND due_at > clock_timestamp() + make_interval(secs => ?)`,
		bunIn(names), claimMargin.Seconds()).Exec(ctx)
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); int(n) != len(names) {
		return conflict("file_expired", "Sending this file took too long. Send it again.")
	}
	_, err = t.NewInsert().Model(a).Exec(ctx)
	return err
}
