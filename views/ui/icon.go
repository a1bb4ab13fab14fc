package ui

//go:generate go run gen_icons.go

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// Icon draws an icon of 20 px. It is decoration: the words beside it, or the label of its button, say the thing.
func Icon(name string) templ.Component { return icon(name, "i") }

// IconSmall draws an icon of 16 px.
func IconSmall(name string) templ.Component { return icon(name, "i i-s") }

// IconTurning draws a small icon that turns, for work that is going on.
func IconTurning(name string) templ.Component { return icon(name, "i i-s i-turn") }

func icon(name, class string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<svg class="`+class+`" viewBox="0 0 24 24" aria-hidden="true">`+icons[name]+`</svg>`)
		return err
	})
}
