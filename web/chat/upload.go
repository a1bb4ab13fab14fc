package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/kit"
	"parley/web/media"
)

const (
	uploadsAtOnce = 50 // of an instance; each may take 10 MB of the disk meanwhile
	uploadsOfOne  = 3  // person
	maxFormParts  = 16
	maxFormField  = 4 << 10
)

// upload is a file as it came, beside everything else that was in the form.
type upload struct {
	spool  *os.File // has no name any more: it is gone with the process
	given  string   // what it was called
	size   int64    // of all of it; the spool keeps no more than may be sent
	sha256 string
	key    string
	hasKey bool
}

func (u *upload) Close() { _ = u.spool.Close() }

var (
	errNoFile   = kit.InvalidField("file", "required", "Choose a file and send it in the form field file.")
	errTwoFiles = kit.InvalidField("file", "too_many", "Send one file at a time.")
	errSlow     = &kit.HTTPError{Status: http.StatusRequestTimeout, Code: "upload_too_slow", Detail: "The upload was too slow or was interrupted. Try again on a better connection."}
	errNoForm   = &kit.HTTPError{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Detail: "Send the file as multipart/form-data in the field file."}
	errUploads  = &models.Error{Kind: models.Unavailable, Code: "uploads_busy", Detail: "Too many files are being uploaded. Try again in a moment.", RetryAfter: 5 * time.Second}
)

// receive reads a form with a file. before is asked once the file begins, so that nothing is received in vain.
func (h *Handlers) receive(c echo.Context, before func(*upload) error) (*upload, error) {
	if n := c.Request().ContentLength; n > uploadLimit {
		return nil, tooLarge(c.Request().Context(), "chat.file.too_large", n)
	}
	body, done := h.steady(c)
	defer done()
	form, err := c.Request().MultipartReader()
	if err != nil {
		return nil, errNoForm
	}
	u, err := h.readParts(form, before)
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return u, nil
	case u != nil:
		u.Close()
	}
	var refused *models.Error
	var own *kit.HTTPError
	switch {
	case errors.As(err, &refused), errors.As(err, &own):
		return nil, err
	case body.slow:
		return nil, errSlow
	case errors.As(err, &large):
		return nil, tooLarge(c.Request().Context(), "chat.file.too_large", uploadLimit)
	}
	h.Log.Debug("form not read", "error", err)
	return nil, kit.Malformed("The form could not be read completely.")
}

// readParts reads the file and the fields that matter, in the order of the form. It returns what it has of a form that it refuses, to be closed.
func (h *Handlers) readParts(form *multipart.Reader, before func(*upload) error) (u *upload, err error) {
	got := &upload{}
	for n := 0; ; n++ {
		part, err := form.NextPart()
		switch {
		case err == io.EOF && got.spool == nil: //nolint:errorlint // the end of the form; wrapped, it is an end too early
			return nil, errNoFile
		case err == io.EOF: //nolint:errorlint // as above
			return got, nil
		case err != nil:
			return orNone(got), err
		case n == maxFormParts:
			return orNone(got), kit.Malformed("The form has too many fields.")
		}
		switch {
		case part.FormName() == "file" && got.spool != nil:
			return got, errTwoFiles
		case part.FormName() == "file":
			var empty bool
			if got.given, empty = nameOf(part); empty {
				continue
			}
			if err = before(got); err == nil {
				err = h.spool(got, part)
			}
		default:
			err = got.field(part)
		}
		if err != nil {
			return orNone(got), err
		}
	}
}

// nameOf is what a file was called. empty tells of a form whose field was left so.
func nameOf(part *multipart.Part) (name string, empty bool) {
	_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	name, told := params["filename"]
	return asTyped.Replace(name), told && name == ""
}

// asTyped takes back what browsers do to a name in a form.
var asTyped = strings.NewReplacer("%22", `"`, "%0D", " ", "%0A", " ")

func orNone(u *upload) *upload {
	if u.spool == nil {
		return nil
	}
	return u
}

// field keeps what matters of the other fields.
func (u *upload) field(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxFormField+1))
	if err != nil || part.FormName() != "client_message_id" {
		return err
	}
	u.key, u.hasKey = string(value), true
	if u.key == "" || len(value) > maxFormField || !kit.Storable(u.key) {
		return models.InvalidClientMessageID()
	}
	return nil
}

// spool writes the file to the disk as it comes, as far as it may be stored, and counts the rest.
func (h *Handlers) spool(u *upload, content io.Reader) error {
	if err := os.MkdirAll(h.Spool, 0o700); err != nil {
		return unavailable(err)
	}
	spool, err := os.CreateTemp(h.Spool, "upload-*")
	if err != nil {
		return unavailable(err)
	}
	_ = os.Remove(spool.Name())
	u.spool = spool
	sum := sha256.New()
	kept := &writing{to: io.MultiWriter(spool, sum)}
	u.size, err = io.Copy(kept, io.LimitReader(content, media.MaxDocument))
	if kept.failed != nil {
		return unavailable(kept.failed)
	}
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, content)
	u.size += rest
	u.sha256 = hex.EncodeToString(sum.Sum(nil))
	return err
}

// writing tells a disk that is full from a line that is cut.
type writing struct {
	to     io.Writer
	failed error
}

func (w *writing) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.failed = err
	return n, err
}

// store judges a file, stores it, and only then makes the message. What fails in between leaves only what the sweep deletes.
func (h *Handlers) store(ctx context.Context, who models.Actor, chatID string, u *upload) (m *models.Message, created bool, err error) {
	if sent, wasSent, err := h.Desk.ExpectFile(ctx, who, chatID, u.key, u.sha256); wasSent || err != nil {
		return sent, false, err
	}
	ready, err := media.Prepare(ctx, u.spool, u.size)
	var refused *media.Refusal
	switch {
	case errors.As(err, &refused):
		return nil, false, refusedFile(ctx, refused.Reason, u.size)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, false, errUploads
	case err != nil:
		return nil, false, err
	}
	file := models.NewFile{ClientMessageID: u.key, Attachment: models.Attachment{Name: media.CleanName(u.given, ready.ContentType), ContentType: ready.ContentType,
		Size: ready.Size, UploadSHA256: u.sha256}}
	parts := []io.ReadSeeker{ready.Content}
	if ready.Thumbnail != nil {
		file.Width, file.Height, file.ThumbnailType = &ready.Width, &ready.Height, &ready.ThumbnailType
		parts = append(parts, strings.NewReader(string(ready.Thumbnail)))
	}
	names, err := h.Desk.PlanFiles(ctx, len(parts))
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if !created {
			h.drop(ctx, names)
		}
	}()
	for i, size := range []int64{ready.Size, int64(len(ready.Thumbnail))}[:len(parts)] {
		if err := h.Files.Put(ctx, names[i], parts[i], size); err != nil {
			return nil, false, unavailable(err)
		}
	}
	if file.File = names[0]; len(names) > 1 {
		file.Thumbnail = &names[1]
	}
	return h.Desk.SendFile(ctx, who, chatID, file)
}

// drop lets the next sweep delete what no message has. If even that fails, they are due within the hour.
func (h *Handlers) drop(ctx context.Context, names []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), kit.RequestTime)
	defer cancel()
	if err := h.Desk.DropFiles(ctx, names); err != nil {
		h.Log.Debug("uploaded file not deleted, cleanup removes it after an hour", "error", err)
	}
}

func unavailable(cause error) error {
	return models.ErrFilesUnavailable.WithCause(cause)
}
