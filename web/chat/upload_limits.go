package chat

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"parley/web/kit"
	"parley/web/media"
)

const (
	defaultUploadTimeout     = 3 * time.Minute  // enough for 10 MB from a slow phone
	defaultUploadIdleTimeout = 20 * time.Second // without a byte
	storeTimeout             = time.Minute      // to judge and store a received file
	// maxUploadBytes is how much is read: more than may be stored, so that the refusal can name the size.
	maxUploadBytes = 2*media.MaxDocument + 64<<10

	downloadTimeout     = 10 * time.Minute
	downloadIdleTimeout = 20 * time.Second // without a byte read by the client

	peekSize = 1 << 10
)

// LimitUpload bounds the time and size of an upload, in place of the limits of other requests. The CSRF token of a plain form is in its
// first field, from which it is read without consuming the body.
func LimitUpload(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		original := c.Request()
		ctx, cancel := context.WithTimeout(original.Context(), defaultUploadTimeout+storeTimeout)
		defer cancel()
		r := original.WithContext(ctx)
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxUploadBytes)
		if kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" &&
			r.Header.Get("X-CSRF-Token") == "" && !kit.IsAPI(r.URL.Path) {
			r.Header = r.Header.Clone()
			r.Header.Set("X-CSRF-Token", peekCSRFToken(r, params["boundary"]))
		}
		c.SetRequest(r)
		err := next(c)
		if errors.Is(err, errUploadTooSlow) { // net/http cancels the context as if the client had disconnected
			original = original.WithContext(context.WithoutCancel(original.Context()))
		}
		c.SetRequest(original)
		return err
	}
}

// peekCSRFToken returns the value of the first field if that is csrf_token, and otherwise "none", which keeps CheckCSRF from reading the
// form.
func peekCSRFToken(r *http.Request, boundary string) string {
	buffered := bufio.NewReaderSize(r.Body, peekSize)
	r.Body = struct {
		io.Reader
		io.Closer
	}{buffered, r.Body}
	head, _ := buffered.Peek(peekSize) // less if the form is shorter
	part, err := multipart.NewReader(bytes.NewReader(head), boundary).NextPart()
	if err != nil || part.FormName() != "csrf_token" {
		return "none"
	}
	token, err := io.ReadAll(part)
	if err != nil || len(token) == 0 {
		return "none"
	}
	return string(token)
}

// LimitDownload bounds the time of a download, in place of the limits of other requests.
func LimitDownload(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		original := c.Request()
		ctx, cancel := context.WithTimeout(original.Context(), downloadTimeout)
		defer cancel()
		c.SetRequest(original.WithContext(ctx))
		defer c.SetRequest(original)
		return next(c)
	}
}

// idleTimeoutBody allows a body to come slowly, but not to pause longer than idleTimeout or to last beyond the deadline.
type idleTimeoutBody struct {
	io.ReadCloser
	rc          *http.ResponseController
	idleTimeout time.Duration
	deadline    time.Time
	// timedOut is set once a read has exceeded either limit.
	timedOut bool
}

func (b *idleTimeoutBody) Read(p []byte) (int, error) {
	_ = b.rc.SetReadDeadline(earlierOf(b.deadline, time.Now().Add(b.idleTimeout)))
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.timedOut = true
	}
	return n, err
}

// withIdleTimeout replaces the body of a request by an idleTimeoutBody. done removes the read deadline and sets the write deadline of the
// response.
func (h *Handlers) withIdleTimeout(c echo.Context) (body *idleTimeoutBody, done func()) {
	rc := http.NewResponseController(c.Response())
	body = &idleTimeoutBody{
		ReadCloser:  c.Request().Body,
		rc:          rc,
		idleTimeout: h.UploadIdleTimeout,
		deadline:    time.Now().Add(h.UploadTimeout),
	}
	c.Request().Body = body
	return body, func() {
		_ = rc.SetReadDeadline(time.Time{}) // a deadline that passes would look like a disconnected client
		_ = rc.SetWriteDeadline(time.Now().Add(storeTimeout + kit.RequestTimeout))
	}
}

// idleTimeoutWriter allows a response to be read slowly, but not to stall.
type idleTimeoutWriter struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (w idleTimeoutWriter) Write(p []byte) (int, error) {
	_ = w.rc.SetWriteDeadline(time.Now().Add(downloadIdleTimeout))
	return w.ResponseWriter.Write(p)
}

// uploadLimiter counts the uploads in progress, of the instance and of each sender.
type uploadLimiter struct {
	mu       sync.Mutex
	total    int
	bySender map[string]int
}

// acquire counts one more upload, or returns false if there are too many. done must be called when the upload is over.
func (c *uploadLimiter) acquire(who string) (done func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total >= maxUploads || c.bySender[who] >= maxUploadsPerSender {
		return nil, false
	}
	if c.bySender == nil {
		c.bySender = map[string]int{}
	}
	c.total++
	c.bySender[who]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.total--
		if c.bySender[who]--; c.bySender[who] == 0 {
			delete(c.bySender, who)
		}
	}, true
}

func earlierOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
