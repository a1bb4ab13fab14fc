package kit

import (
	"fmt"
	"html"

	"github.com/labstack/echo/v4"
)

// EmbedCode is what a site pastes to have the chat window: one line, the same that the demo site has.
func (k *Kit) EmbedCode(c echo.Context) string {
	return fmt.Sprintf(`<script async src="%s/widget.js"></script>`, html.EscapeString(k.BaseURL(c)))
}
