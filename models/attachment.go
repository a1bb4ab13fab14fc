package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Attachment is the file of a message of type image or file. Its bytes are in the file store.
type Attachment struct {
	bun.BaseModel `bun:"table:attachments" json:"-"`

	ChatID        string  `bun:"chat_id"                json:"chat_id"`
	MessageID     int64   `bun:"message_id"             json:"message_id"`
	PublicID      string  `bun:"public_id"              json:"public_id"` // its name in URLs
	File          string  `bun:"file"                   json:"file"`      // its name in the store
	Thumbnail     *string `bun:"thumbnail"              json:"thumbnail"` // its name in the store, of images
	ThumbnailType *string `bun:"thumbnail_content_type" json:"thumbnail_content_type"`
	Name          string  `bun:"name"                   json:"name"` // 1 to 200 characters, displayed to users and agents
	ContentType   string  `bun:"content_type"           json:"content_type"`
	Size          int64   `bun:"size"                   json:"size"`
	Width         *int    `bun:"width"                  json:"width"` // of images
	Height        *int    `bun:"height"                 json:"height"`
	UploadSHA256  string  `bun:"upload_sha256"          json:"upload_sha256"` // of the bytes as uploaded, in hex
}

// IsImage reports whether the attachment is shown as a picture.
func (a *Attachment) IsImage() bool { return strings.HasPrefix(a.ContentType, "image/") }

const (
	// messagesWithAttachments are the messages m with the attachments a of those that have one; a WHERE follows.
	messagesWithAttachments = ` FROM messages m LEFT JOIN attachments a ON a.chat_id = m.chat_id AND a.message_id = m.id `
	// selectMessages reads them with bun. [Desk.messages] is the same as a prepared statement.
	selectMessages = `SELECT m.*, to_jsonb(a) AS attachment` + messagesWithAttachments
)

// allAttachments are the attachments of all messages, also of those that were withdrawn. It takes the place of a table.
const allAttachments = `(SELECT * FROM attachments UNION ALL SELECT * FROM withdrawn_attachments)`

// Files is the store of files, outside the database. Deleting a name that it does not have is no error.
type Files interface {
	Delete(ctx context.Context, name string) error
}

// SetFiles sets the store in which SweepFiles deletes. It is called once, before the desk is used; without it files
// stay due.
func (d *Desk) SetFiles(f Files) { d.files = f }

const (
	// keptUnsent is how long a file is kept in the store for a message to be sent with it.
	keptUnsent = time.Hour
	// claimMargin is how long before that the message must be sent: longer than a transaction lasts, so that a file is
	// not deleted meanwhile.
	claimMargin = time.Minute
	// deleteAgain is after how long a deletion that failed is tried again.
	deleteAgain = 5 * time.Minute
)

// newFileName returns a name that cannot be guessed.
func newFileName() string { return strings.ToLower(rand.Text()) }

// PlanFiles records and returns n new names for the store. Files that no message has within an hour are deleted. A name
// is recorded before anything is written under it, so that a failure leaves no file that is never deleted.
func (d *Desk) PlanFiles(ctx context.Context, n int) ([]string, error) {
	names := make([]string, n)
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		for i := range names {
			names[i] = newFileName()
			if _, err := t.NewRaw(`INSERT INTO stored_files (name, due_at) VALUES (?, clock_timestamp() + make_interval(secs => ?))`,
				names[i], keptUnsent.Seconds()).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return names, err
}

// DropFiles makes planned names due for deletion at once. Names that a message has are left alone.
func (d *Desk) DropFiles(ctx context.Context, names []string) error {
	_, err := d.db.NewRaw(`UPDATE stored_files SET due_at = clock_timestamp() WHERE name IN (?) AND due_at IS NOT NULL`,
		bunIn(names)).Exec(ctx)
	return translate(err)
}

// SweepFiles deletes the files that are due from the store, those of deleted messages and those that no message was
// sent with, and returns how many. A file that cannot be deleted is tried again in 5 minutes and does not keep others
// from being deleted; the error is then 503 files_unavailable.
func (d *Desk) SweepFiles(ctx context.Context) (int, error) {
	if d.files == nil {
		return 0, nil
	}
	const batch = 100
	swept := 0
	var failed error
	for {
		var due []string
		err := d.db.NewRaw(`SELECT name FROM stored_files WHERE due_at < statement_timestamp() ORDER BY due_at LIMIT ?`, batch).
			Scan(ctx, &due)
		if err != nil {
			return swept, translate(err)
		}
		for _, name := range due {
			err := d.files.Delete(ctx, name)
			switch {
			case err == nil:
				swept++
				_, err = d.db.NewRaw(`DELETE FROM stored_files WHERE name = ? AND due_at < statement_timestamp()`, name).Exec(ctx)
			case ctx.Err() != nil:
				return swept, translate(ctx.Err())
			default:
				failed = ErrFilesUnavailable.WithCause(err)
				_, err = d.db.NewRaw(`UPDATE stored_files SET due_at = clock_timestamp() + make_interval(secs => ?)
					WHERE name = ? AND due_at < statement_timestamp()`,
					deleteAgain.Seconds(), name).Exec(ctx)
			}
			if err != nil {
				return swept, translate(err)
			}
		}
		if len(due) < batch {
			return swept, failed
		}
	}
}

// FileOfMessage returns the attachment of a message to an actor who may read its chat; to others the chat is 404
// chat_not_found. A message without one is 404 file_not_found, and so is one that was withdrawn, except for supervisors.
func (d *Desk) FileOfMessage(ctx context.Context, actor Actor, chatID string, messageID int64) (*Attachment, error) {
	if _, err := d.readableChat(ctx, actor, chatID); err != nil {
		return nil, err
	}
	return d.attachment(ctx, `chat_id = ? AND message_id = ?`, actor.AtLeast(RoleSupervisor), chatID, messageID)
}

// FileByID returns the attachment with a public id, without asking for an actor: the caller has checked the signature
// of the URL, which was made for an actor who may read the chat. One that is no longer stored is 404 file_not_found. With a
// message that is withdrawn the public id of its file changes, and only supervisors get the new one.
func (d *Desk) FileByID(ctx context.Context, publicID string) (*Attachment, error) {
	return d.attachment(ctx, `public_id = ?`, true, publicID)
}

// attachment returns the attachment that meets a condition with ? for its arguments, or file_not_found. With withdrawn it
// may be that of a withdrawn message.
func (d *Desk) attachment(ctx context.Context, where string, withdrawn bool, args ...any) (*Attachment, error) {
	a := new(Attachment)
	from := `attachments`
	if withdrawn {
		from = allAttachments
	}
	err := d.db.NewRaw(`SELECT * FROM `+from+` a WHERE `+where, args...).Scan(ctx, a)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("file_not_found", "This file does not exist or is not yours.")
	}
	if err != nil {
		return nil, translate(err)
	}
	return a, nil
}

// FilesOfUser returns every attachment in the chats of a user, from either side, oldest first, for an export. It checks
// no actor.
func (d *Desk) FilesOfUser(ctx context.Context, userID string) ([]Attachment, error) {
	files := []Attachment{}
	err := d.db.NewRaw(`SELECT a.* FROM `+allAttachments+` a JOIN chats c ON c.id = a.chat_id WHERE c.user_id = ? ORDER BY a.message_id`,
		userID).Scan(ctx, &files)
	return files, translate(err)
}

// FileKey returns the key that signs the URLs of files. It is the same for every instance: the first call makes and
// stores it.
func (d *Desk) FileKey(ctx context.Context) ([]byte, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh)
	var key []byte
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`INSERT INTO file_key (key) VALUES (?) ON CONFLICT DO NOTHING`, fresh).Exec(ctx); err != nil {
			return err
		}
		return t.NewRaw(`SELECT key FROM file_key`).Scan(ctx, &key)
	})
	return key, err
}
