package chat

import (
	"context"
	"html"
	"io"
	"regexp"
	"strings"

	"github.com/a-h/templ"

	"parley/views/text"
)

var link = regexp.MustCompile(`https?://[^\s<>"'\x{3000}-\x{303f}\x{ff00}-\x{ffef}]+`)

// words writes what somebody said: escaped, with addresses as links and nothing added around it, because the style
// keeps its line breaks and spaces.
func words(said string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, linked(said))
		return err
	})
}

func linked(said string) string {
	var out strings.Builder
	done := 0
	for _, at := range link.FindAllStringIndex(said, -1) {
		end := at[0] + len(trimEnd(said[at[0]:at[1]]))
		address := html.EscapeString(said[at[0]:end])
		out.WriteString(html.EscapeString(said[done:at[0]]))
		out.WriteString(`<a href="` + address + `" target="_blank" rel="noopener noreferrer nofollow ugc">` + address + `</a>`)
		done = end
	}
	out.WriteString(html.EscapeString(said[done:]))
	return out.String()
}

// trimEnd takes off what closes the sentence, not the address: a full stop, or a bracket that was opened before it.
func trimEnd(address string) string {
	for {
		last := address[len(address)-1:]
		switch {
		case strings.Contains(".,:;!?…*_", last):
		case last == ")" && strings.Count(address, "(") < strings.Count(address, ")"):
		case last == "]" && strings.Count(address, "[") < strings.Count(address, "]"):
		default:
			return address
		}
		address = address[:len(address)-1]
	}
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
