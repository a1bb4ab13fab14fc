// Package incoming stores files that people send, by an upload or by e-mail, once package media has accepted them.
package incoming

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"parley/models"
	"parley/web/files"
	"parley/web/media"
)

// Files stores files for messages.
type Files struct {
	Desk  *models.Desk
	Store files.Store
	Log   *slog.Logger
}

// File is a file that was received completely.
type File struct {
	Content media.Upload // no more than media.MaxDocument bytes of it need be there
	Name    string       // as its sender calls it
	Size    int64
	SHA256  string // in hex
}

// Stored is a file in the store that no message has yet.
type Stored struct {
	models.Attachment
	names []string
}

// Put checks a file and stores it for a message. The caller sends that message, or calls Discard. Files that are left behind
// by an error are planned before, so that the sweep deletes them.
//
// A file that is refused is a [media.Refusal]; a store that fails is 503 files_unavailable.
func (f Files) Put(ctx context.Context, file File) (*Stored, error) {
	ready, err := media.Prepare(ctx, file.Content, file.Size)
	if err != nil {
		return nil, err
	}
	stored := &Stored{Attachment: models.Attachment{
		Name: media.CleanName(file.Name, ready.ContentType), ContentType: ready.ContentType, Size: ready.Size, UploadSHA256: file.SHA256,
	}}
	parts := []io.ReadSeeker{ready.Content}
	if ready.Thumbnail != nil {
		stored.Width, stored.Height, stored.ThumbnailType = &ready.Width, &ready.Height, &ready.ThumbnailType
		parts = append(parts, strings.NewReader(string(ready.Thumbnail)))
	}
	if stored.names, err = f.Desk.PlanFiles(ctx, len(parts)); err != nil {
		return nil, err
	}
	for i, size := range []int64{ready.Size, int64(len(ready.Thumbnail))}[:len(parts)] {
		if err := f.Store.Put(ctx, stored.names[i], parts[i], size); err != nil {
			f.Discard(ctx, stored)
			return nil, models.ErrFilesUnavailable.WithCause(err)
		}
	}
	if stored.File = stored.names[0]; len(stored.names) > 1 {
		stored.Thumbnail = &stored.names[1]
	}
	return stored, nil
}

// discardTimeout is how long Discard may take.
const discardTimeout = 5 * time.Second

// Discard lets the next sweep delete files that no message has. If that fails, they are deleted an hour after they were planned.
func (f Files) Discard(ctx context.Context, stored ...*Stored) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTimeout)
	defer cancel()
	for _, s := range stored {
		if err := f.Desk.DropFiles(ctx, s.names); err != nil {
			f.Log.Debug("file not deleted, cleanup removes it after an hour", "error", err)
		}
	}
}
