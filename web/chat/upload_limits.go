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
	uploadTime = 3 * time.Minute  // a slow phone brings 10 MB in this
	uploadIdle = 20 * time.Second // without a byte
	storeTime  = time.Minute      // to judge and store what has come
	// uploadLimit is how much is read, so that what is too large can be told how large it is.
	uploadLimit = 2*media.MaxDocument + 64<<10

	downloadTime = 10 * time.Minute
	downloadIdle = 20 * time.Second // without a byte being taken

	peeked = 1 << 10
)

// LimitUpload bounds a request that brings a file, in the place of bounded. A plain form has its CSRF token in its first field, where it is found
// without reading on.
func LimitUpload(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		whole := c.Request()
		ctx, cancel := context.WithTimeout(whole.Context(), uploadTime+storeTime)
		defer cancel()
		r := whole.WithContext(ctx)
		r.Body = http.MaxBytesReader(c.Response(), r.Body, uploadLimit)
		if kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" && r.Header.Get("X-CSRF-Token") == "" && !kit.IsAPI(r.URL.Path) {
			r.Header = r.Header.Clone()
			r.Header.Set("X-CSRF-Token", peekToken(r, params["boundary"]))
		}
		c.SetRequest(r)
		err := next(c)
		if errors.Is(err, errSlow) { // net/http takes it for a caller who left
			whole = whole.WithContext(context.WithoutCancel(whole.Context()))
		}
		c.SetRequest(whole)
		return err
	}
}

// peekToken is the value of the first field, if that is the CSRF token, and "none" otherwise: nobody shall read the form to look for it.
func peekToken(r *http.Request, boundary string) string {
	ahead := bufio.NewReaderSize(r.Body, peeked)
	r.Body = struct {
		io.Reader
		io.Closer
	}{ahead, r.Body}
	begin, _ := ahead.Peek(peeked) // less, where the form is shorter
	part, err := multipart.NewReader(bytes.NewReader(begin), boundary).NextPart()
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
		whole := c.Request()
		ctx, cancel := context.WithTimeout(whole.Context(), downloadTime)
		defer cancel()
		c.SetRequest(whole.WithContext(ctx))
		defer c.SetRequest(whole)
		return next(c)
	}
}

// steadyBody lets a body come slowly, but neither stand still nor come for ever.
type steadyBody struct {
	io.ReadCloser
	rc   *http.ResponseController
	idle time.Duration
	end  time.Time
	// slow tells that it was too slow.
	slow bool
}

func (b *steadyBody) Read(p []byte) (int, error) {
	_ = b.rc.SetReadDeadline(earlier(b.end, time.Now().Add(b.idle)))
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.slow = true
	}
	return n, err
}

// steady reads the body of a request from now on at its own pace. done ends that, and gives the answer its time.
func (h *Handlers) steady(c echo.Context) (body *steadyBody, done func()) {
	rc := http.NewResponseController(c.Response())
	body = &steadyBody{ReadCloser: c.Request().Body, rc: rc, idle: h.UploadIdle, end: time.Now().Add(h.UploadTime)}
	c.Request().Body = body
	return body, func() {
		_ = rc.SetReadDeadline(time.Time{}) // or what waits for the caller to leave would take it for that
		_ = rc.SetWriteDeadline(time.Now().Add(storeTime + kit.RequestTime))
	}
}

// steadyWriter lets an answer be taken slowly, but not stand still.
type steadyWriter struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (w steadyWriter) Write(p []byte) (int, error) {
	_ = w.rc.SetWriteDeadline(time.Now().Add(downloadIdle))
	return w.ResponseWriter.Write(p)
}

// uploadLimiter counts the uploads of an instance, and of each person, that go on.
type uploadLimiter struct {
	mu  sync.Mutex
	all int
	of  map[string]int
}

// enter counts one more, unless there are too many already. done counts it out.
func (c *uploadLimiter) enter(who string) (done func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= uploadsAtOnce || c.of[who] >= uploadsOfOne {
		return nil, false
	}
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.all++
	c.of[who]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all--
		if c.of[who]--; c.of[who] == 0 {
			delete(c.of, who)
		}
	}, true
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
