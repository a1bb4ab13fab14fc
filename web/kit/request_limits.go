package kit

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// RequestTimeout is how long a request may take: longer than the timeout of a statement, shorter than clients and
	// SHUTDOWN_TIMEOUT wait.
	RequestTimeout = 8 * time.Second
	// BodyLimit is the maximum size of a request body in bytes. Uploads have limits of their own.
	BodyLimit = 128 << 10
	// ImportLimit is the maximum size of a request body that brings a file to import, in bytes.
	ImportLimit = 8 << 20
)

// LimitImport bounds the size of a request that brings a file, in place of the limits of other requests. Receiving the file is bounded by
// the timeout of the server, and what follows by that of a request.
func LimitImport(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, ImportLimit)
		return next(c)
	}
}

// SentFile returns the content of the file of a form that was bound, "" if there is none.
func SentFile(c echo.Context) (string, error) {
	form := c.Request().MultipartForm
	if form == nil || len(form.File["file"]) == 0 {
		return "", nil
	}
	f, err := form.File["file"][0].Open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw, err := io.ReadAll(f)
	return string(raw), err
}

// AfterReceipt returns a context in which a request that brought a file has as much time as any other, however long the
// file took.
func AfterReceipt(c echo.Context) (context.Context, context.CancelFunc) {
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(2 * RequestTimeout))
	return context.WithTimeout(c.Request().Context(), RequestTimeout)
}

// UserAgent returns the User-Agent header as valid UTF-8.
func UserAgent(c echo.Context) string { return strings.ToValidUTF8(c.Request().UserAgent(), "?") }
