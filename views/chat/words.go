package chat

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// words writes what somebody said: escaped, with addresses as links and nothing added around it, because the style
// keeps its line breaks and spaces.
func words(said string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, linked(said))
		return err
	})
}
