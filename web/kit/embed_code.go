package kit

import (
	"fmt"
	"html"

	"github.com/labstack/echo/v4"
)

// EmbedCode returns the HTML that a site pastes to get the widget. The demo site uses the same line.
func (k *Kit) EmbedCode(c echo.Context) string {
	return fmt.Sprintf(`<script async src="%s/widget.js"></script>`, html.EscapeString(k.BaseURL(c)))
}
