package ui

//go:generate go run gen_icons.go

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// Icon is an icon of 20 px. It is decorative and hidden from screen readers; the text next to it, or the label of its button, has the
// meaning.
func Icon(name string) templ.Component { return icon(name, "i") }

// IconSmall is an icon of 16 px.
func IconSmall(name string) templ.Component { return icon(name, "i i-s") }

// IconTurning is a small icon that spins, for work in progress.
func IconTurning(name string) templ.Component { return icon(name, "i i-s i-turn") }

func icon(name, class string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<svg class="`+class+`" viewBox="0 0 24 24" aria-hidden="true">`+icons[name]+`</svg>`)
		return err
	})
}
