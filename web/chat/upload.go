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
	"parley/web/incoming"
	"parley/web/kit"
	"parley/web/media"
)

const (
	maxUploads          = 50 // of an instance; each may take 10 MB of disk
	maxUploadsPerSender = 3  // person
	maxFormParts        = 16
	maxFormField        = 4 << 10
)

// upload is a received file with the other fields of its form.
type upload struct {
	tempFile           *os.File // already unlinked, so it disappears with the process
	fileName           string   // as the sender called it
	size               int64    // of the whole upload; tempFile holds no more than may be stored
	sha256             string
	clientMessageID    string
	hasClientMessageID bool
	isPart             bool // see models.NewFile
}

func (u *upload) Close() { _ = u.tempFile.Close() }

var (
	errNoFile        = kit.InvalidField("file", "required", "Choose a file and send it in the form field file.")
	errTwoFiles      = kit.InvalidField("file", "too_many", "Send one file at a time.")
	errUploadTooSlow = &kit.HTTPError{
		Status: http.StatusRequestTimeout, Code: "upload_too_slow",
		Detail: "The upload was too slow or was interrupted. Try again on a better connection.",
	}
	errNotMultipart = &kit.HTTPError{
		Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type",
		Detail: "Send the file as multipart/form-data in the field file.",
	}
	errUploadsBusy = &models.Error{
		Kind: models.Unavailable, Code: "uploads_busy",
		Detail: "Too many files are being uploaded. Try again in a moment.", RetryAfter: 5 * time.Second,
	}
)

// receiveUpload reads a form with a file. It calls before when the file begins, so that a file that will be refused is not received. It
// returns 408 upload_too_slow, 413 file_too_large, 415 for another content type, and 422 for a form without a file or with two.
func (h *Handlers) receiveUpload(c echo.Context, before func(*upload) error) (*upload, error) {
	if n := c.Request().ContentLength; n > maxUploadBytes {
		return nil, fileTooLarge(c.Request().Context(), "chat.file.too_large", n)
	}
	body, done := h.withIdleTimeout(c)
	defer done()
	form, err := c.Request().MultipartReader()
	if err != nil {
		return nil, errNotMultipart
	}
	u, err := h.readParts(form, before)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return u, nil
	case u != nil:
		u.Close()
	}
	var modelErr *models.Error
	var httpErr *kit.HTTPError
	switch {
	case errors.As(err, &modelErr), errors.As(err, &httpErr):
		return nil, err
	case body.timedOut:
		return nil, errUploadTooSlow
	case errors.As(err, &tooLarge):
		return nil, fileTooLarge(c.Request().Context(), "chat.file.too_large", maxUploadBytes)
	}
	h.Log.Debug("form not read", "error", err)
	return nil, kit.Malformed("The form could not be read completely.")
}

// readParts reads the file and the fields that matter, in the order of the form. It returns what it has of a form that it refuses, to be
// closed.
func (h *Handlers) readParts(form *multipart.Reader, before func(*upload) error) (u *upload, err error) {
	got := &upload{}
	for n := 0; ; n++ {
		part, err := form.NextPart()
		switch {
		case err == io.EOF && got.tempFile == nil: //nolint:errorlint // a wrapped io.EOF means that the form is cut off
			return nil, errNoFile
		case err == io.EOF: //nolint:errorlint // as above
			return got, nil
		case err != nil:
			return orNil(got), err
		case n == maxFormParts:
			return orNil(got), kit.Malformed("The form has too many fields.")
		}
		switch {
		case part.FormName() == "file" && got.tempFile != nil:
			return got, errTwoFiles
		case part.FormName() == "file":
			var empty bool
			if got.fileName, empty = partFileName(part); empty {
				continue
			}
			if err = before(got); err == nil {
				err = h.writeTempFile(got, part)
			}
		default:
			err = got.readField(part)
		}
		if err != nil {
			return orNil(got), err
		}
	}
}

// partFileName returns the file name of a part. empty is true for a file field in which no file was chosen.
func partFileName(part *multipart.Part) (name string, empty bool) {
	_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	name, hasName := params["filename"]
	return fileNameUnescaper.Replace(name), hasName && name == ""
}

// fileNameUnescaper reverts the escapes that browsers put into a file name.
var fileNameUnescaper = strings.NewReplacer("%22", `"`, "%0D", " ", "%0A", " ")

func orNil(u *upload) *upload {
	if u.tempFile == nil {
		return nil
	}
	return u
}

// readField reads another field of the form; only client_message_id matters.
func (u *upload) readField(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxFormField+1))
	if err != nil || part.FormName() != "client_message_id" {
		return err
	}
	u.clientMessageID, u.hasClientMessageID = string(value), true
	if u.clientMessageID == "" || len(value) > maxFormField || !kit.Storable(u.clientMessageID) {
		return models.InvalidClientMessageID()
	}
	return nil
}

// writeTempFile writes the file to disk while it is received, up to the largest size that may be stored, and only counts the rest.
func (h *Handlers) writeTempFile(u *upload, content io.Reader) error {
	if err := os.MkdirAll(h.TempDir, 0o700); err != nil {
		return filesUnavailable(err)
	}
	temp, err := os.CreateTemp(h.TempDir, "upload-*")
	if err != nil {
		return filesUnavailable(err)
	}
	_ = os.Remove(temp.Name())
	u.tempFile = temp
	sum := sha256.New()
	tracked := &trackedWriter{w: io.MultiWriter(temp, sum)}
	u.size, err = io.Copy(tracked, io.LimitReader(content, media.MaxDocument))
	if tracked.err != nil {
		return filesUnavailable(tracked.err)
	}
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, content)
	u.size += rest
	u.sha256 = hex.EncodeToString(sum.Sum(nil))
	return err
}

// trackedWriter keeps the error of its writer, so that a full disk can be told from a broken connection.
type trackedWriter struct {
	w   io.Writer
	err error
}

func (w *trackedWriter) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	w.err = err
	return n, err
}

// storeUpload judges a file, stores it, and only then creates the message.
func (h *Handlers) storeUpload(ctx context.Context, actor models.Actor, chatID string, u *upload) (m *models.Message, created bool,
	err error,
) {
	if before, wasSent, err := h.Desk.ExpectFile(ctx, actor, chatID, u.clientMessageID, u.sha256); wasSent || err != nil {
		return before, false, err
	}
	file := incoming.File{Content: u.tempFile, Name: u.fileName, Size: u.size, SHA256: u.sha256}
	stores := incoming.Files{Desk: h.Desk, Store: h.Files, Log: h.Log}
	stored, err := stores.Put(ctx, file)
	var refusal *media.Refusal
	switch {
	case errors.As(err, &refusal):
		return nil, false, fileError(ctx, refusal.Reason, u.size)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, false, errUploadsBusy
	case err != nil:
		return nil, false, err
	}
	m, created, err = h.Desk.SendFile(ctx, actor, chatID, models.NewFile{
		ClientMessageID: u.clientMessageID, Attachment: stored.Attachment, IsPart: u.isPart,
	})
	if !created {
		stores.Discard(ctx, stored)
	}
	return m, created, err
}

func filesUnavailable(cause error) error {
	return models.ErrFilesUnavailable.WithCause(cause)
}
