package chat

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"parley/views/text"
)

// words writes the text of a system message: escaped, with addresses as links. It adds no white space, since the style preserves line
// breaks and spaces.
func words(said string) templ.Component { return markup(linked(said)) }

// Words writes a text that is no message: escaped, with addresses as links.
func Words(said string) templ.Component { return words(said) }

// say writes the text of a message with its formats and links.
func say(said string) templ.Component { return markup(formatted(said)) }

func markup(drawn string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, drawn)
		return err
	})
}

// sender returns the name that screen readers read before the text of a message, as in "You:".
func sender(ctx context.Context, m Message) string {
	name := m.Name
	switch {
	case m.Mine:
		name = text.T(ctx, "ui.you")
	case name == "" && m.From == FromUser:
		name = text.T(ctx, "chat.user")
	case name == "":
		name = text.T(ctx, "chat.agent")
	}
	return text.T(ctx, "chat.sender", "Name", name)
}
