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
	defaultUploadTimeout     = 3 * time.Minute  // a slow phone brings 10 MB in this
	defaultUploadIdleTimeout = 20 * time.Second // without a byte
	storeTimeout             = time.Minute      // to judge and store what has come
	// maxUploadBytes is how much is read, so that what is too large can be told how large it is.
	maxUploadBytes = 2*media.MaxDocument + 64<<10

	downloadTimeout     = 10 * time.Minute
	downloadIdleTimeout = 20 * time.Second // without a byte being taken

	peekSize = 1 << 10
)

// LimitUpload bounds a request that brings a file, in the place of bounded. A plain form has its CSRF token in its first field, where it is found
// without reading on.
func LimitUpload(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		original := c.Request()
		ctx, cancel := context.WithTimeout(original.Context(), defaultUploadTimeout+storeTimeout)
		defer cancel()
		r := original.WithContext(ctx)
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxUploadBytes)
		if kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" && r.Header.Get("X-CSRF-Token") == "" && !kit.IsAPI(r.URL.Path) {
			r.Header = r.Header.Clone()
			r.Header.Set("X-CSRF-Token", peekCSRFToken(r, params["boundary"]))
		}
		c.SetRequest(r)
		err := next(c)
		if errors.Is(err, errUploadTooSlow) { // net/http takes it for a caller who left
			original = original.WithContext(context.WithoutCancel(original.Context()))
		}
		c.SetRequest(original)
		return err
	}
}

// peekCSRFToken is the value of the first field, if that is the CSRF token, and "none" otherwise: nobody shall read the form to look for it.
func peekCSRFToken(r *http.Request, boundary string) string {
	buffered := bufio.NewReaderSize(r.Body, peekSize)
	r.Body = struct {
		io.Reader
		io.Closer
	}{buffered, r.Body}
	head, _ := buffered.Peek(peekSize) // less, where the form is shorter
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

// LimitDownload bounds a request that fetches a file, in the place of bounded.
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

// idleTimeoutBody lets a body come slowly, but neither stand still nor come for ever.
type idleTimeoutBody struct {
	io.ReadCloser
	rc          *http.ResponseController
	idleTimeout time.Duration
	deadline    time.Time
	// timedOut tells that it was too slow.
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

// withIdleTimeout reads the body of a request from now on at its own pace. done ends that, and gives the answer its time.
func (h *Handlers) withIdleTimeout(c echo.Context) (body *idleTimeoutBody, done func()) {
	rc := http.NewResponseController(c.Response())
	body = &idleTimeoutBody{ReadCloser: c.Request().Body, rc: rc, idleTimeout: h.UploadIdleTimeout, deadline: time.Now().Add(h.UploadTimeout)}
	c.Request().Body = body
	return body, func() {
		_ = rc.SetReadDeadline(time.Time{}) // or what waits for the caller to leave would take it for that
		_ = rc.SetWriteDeadline(time.Now().Add(storeTimeout + kit.RequestTimeout))
	}
}

// idleTimeoutWriter lets an answer be taken slowly, but not stand still.
type idleTimeoutWriter struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (w idleTimeoutWriter) Write(p []byte) (int, error) {
	_ = w.rc.SetWriteDeadline(time.Now().Add(downloadIdleTimeout))
	return w.ResponseWriter.Write(p)
}

// uploadLimiter counts the uploads of an instance, and of each person, that go on.
type uploadLimiter struct {
	mu       sync.Mutex
	total    int
	bySender map[string]int
}

// acquire counts one more, unless there are too many already. done counts it out.
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
