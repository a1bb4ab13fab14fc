package kit

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	RequestTime = 8 * time.Second // longer than a statement may take, shorter than clients and SHUTDOWN_TIMEOUT wait
	BodyLimit   = 128 << 10
)

// UserAgent is the program of the caller, as far as it can be stored.
func UserAgent(c echo.Context) string { return strings.ToValidUTF8(c.Request().UserAgent(), "?") }
