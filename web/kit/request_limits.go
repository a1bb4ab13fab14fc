package kit

import (
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
	// ImportLimit is the maximum size of a request body that brings a CSV file, in bytes.
	ImportLimit = 8 << 20
)

// UserAgent returns the User-Agent header as valid UTF-8.
func UserAgent(c echo.Context) string { return strings.ToValidUTF8(c.Request().UserAgent(), "?") }
