package kit

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// RequestTimeout bounds a request. It is longer than a statement may take, and shorter than clients and SHUTDOWN_TIMEOUT wait.
	RequestTimeout = 8 * time.Second
	// BodyLimit is how many bytes the body of a request may have; files have limits of their own.
	BodyLimit = 128 << 10
)

// UserAgent is the program of the caller, as far as it can be stored.
func UserAgent(c echo.Context) string { return strings.ToValidUTF8(c.Request().UserAgent(), "?") }
