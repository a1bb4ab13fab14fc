package chat

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"parley/views/text"
)

// words writes what somebody said: escaped, with addresses as links and nothing added around it, because the style
// keeps its line breaks and spaces.
func words(said string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, linked(said))
		return err
	})
}

// sender is who wrote a message, for screen readers, which read it before the text: "You:" for the reader's own.
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
