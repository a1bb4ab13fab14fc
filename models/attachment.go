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

// Attachment is what a message of type image or file carries. What it holds lies in the file store.
type Attachment struct {
	bun.BaseModel `bun:"table:attachments" json:"-"`

	ChatID        string  `bun:"chat_id" json:"chat_id"`
	MessageID     int64   `bun:"message_id" json:"message_id"`
	PublicID      string  `bun:"public_id" json:"public_id"` // names it in addresses
	File          string  `bun:"file" json:"file"`           // names it in the store
	Thumbnail     *string `bun:"thumbnail" json:"thumbnail"` // of images
	ThumbnailType *string `bun:"thumbnail_content_type" json:"thumbnail_content_type"`
	Name          string  `bun:"name" json:"name"` // 1 to 200 characters, for people
	ContentType   string  `bun:"content_type" json:"content_type"`
	Size          int64   `bun:"size" json:"size"`
	Width         *int    `bun:"width" json:"width"` // of images
	Height        *int    `bun:"height" json:"height"`
	UploadSHA256  string  `bun:"upload_sha256" json:"upload_sha256"` // of what was sent, in hex
}

// IsImage reports whether the attachment is shown as a picture.
func (a *Attachment) IsImage() bool { return strings.HasPrefix(a.ContentType, "image/") }

// selectMessages reads whole messages m; a condition follows.
const selectMessages = `SELECT m.*, to_jsonb(a) AS attachment FROM messages m
	LEFT JOIN attachments a ON a.chat_id = m.chat_id AND a.message_id = m.id `

// Files is the store outside the database. Delete of a name that it does not have is no error.
type Files interface {
	Delete(ctx context.Context, name string) error
}

// SetFiles says where files are deleted. It is called once, before the desk is used; without it they wait.
func (d *Desk) SetFiles(f Files) { d.files = f }

const (
	// keptUnsent is how long a file may lie in the store before a message has it.
	keptUnsent = time.Hour
	// claimMargin is how long before that a message must take it, longer than a transaction lasts.
	claimMargin = time.Minute
	// deleteAgain is after how long a deletion that failed is tried again.
	deleteAgain = 5 * time.Minute
)

func newFileName() string { return strings.ToLower(rand.Text()) }

// PlanFiles returns n new names for the store, to be written to within the hour. What no message has taken by then is deleted, so
// that nothing lies there that nobody knows of.
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

// DropFiles makes planned names due that no message will take. Names that a message has are passed over.
func (d *Desk) DropFiles(ctx context.Context, names []string) error {
	_, err := d.db.NewRaw(`UPDATE stored_files SET due_at = clock_timestamp() WHERE name IN (?) AND due_at IS NOT NULL`, bunIn(names)).Exec(ctx)
	return translate(err)
}

// SweepFiles deletes from the store what is due there: files of deleted messages and those that never became one. It returns how many;
// one that cannot be deleted is tried again in 5 minutes, and holds up no other.
func (d *Desk) SweepFiles(ctx context.Context) (int, error) {
	if d.files == nil {
		return 0, nil
	}
	const batch = 100
	swept := 0
	var failed error
	for {
		var due []string
		err := d.db.NewRaw(`SELECT name FROM stored_files WHERE due_at < clock_timestamp() ORDER BY due_at LIMIT ?`, batch).Scan(ctx, &due)
		if err != nil {
			return swept, translate(err)
		}
		for _, name := range due {
			err := d.files.Delete(ctx, name)
			switch {
			case err == nil:
				swept++
				_, err = d.db.NewRaw(`DELETE FROM stored_files WHERE name = ? AND due_at < clock_timestamp()`, name).Exec(ctx)
			case ctx.Err() != nil:
				return swept, translate(ctx.Err())
			default:
				failed = filesUnavailable(err)
				_, err = d.db.NewRaw(`UPDATE stored_files SET due_at = clock_timestamp() + make_interval(secs => ?) WHERE name = ? AND due_at < clock_timestamp()`,
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

// FileOfMessage returns what a message carries, to whoever may read its chat; file_not_found when it carries nothing.
func (d *Desk) FileOfMessage(ctx context.Context, actor Actor, chatID string, messageID int64) (*Attachment, error) {
	if _, err := d.Chat(ctx, actor, chatID); err != nil {
		return nil, err
	}
	return d.attachment(ctx, `chat_id = ? AND message_id = ?`, chatID, messageID)
}

// FileByID returns the attachment of an address, whoever asks: the address was signed for somebody in the chat. One that is gone is
// file_not_found.
func (d *Desk) FileByID(ctx context.Context, publicID string) (*Attachment, error) {
	return d.attachment(ctx, `public_id = ?`, publicID)
}

func (d *Desk) attachment(ctx context.Context, where string, args ...any) (*Attachment, error) {
	a := new(Attachment)
	err := d.db.NewRaw(`SELECT * FROM attachments WHERE `+where, args...).Scan(ctx, a)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("file_not_found", "This file does not exist or is not yours.")
	}
	if err != nil {
		return nil, translate(err)
	}
	return a, nil
}

// FilesOfUser returns every attachment in the chats of a user, whoever sent it, oldest first: for an export. They are deleted with
// their messages.
func (d *Desk) FilesOfUser(ctx context.Context, userID string) ([]Attachment, error) {
	files := []Attachment{}
	err := d.db.NewRaw(`SELECT a.* FROM attachments a JOIN chats c ON c.id = a.chat_id WHERE c.user_id = ? ORDER BY a.message_id`, userID).Scan(ctx, &files)
	return files, translate(err)
}

// FileKey returns the key that signs the addresses of files, the same for every instance; the first one to ask makes it.
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
