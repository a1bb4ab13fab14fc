package chat

import (
	"context"
	"io"
	"strings"
	"time"
	"unicode"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
)

// transcript writes a chat as its user sees it, as a text file: a heading, then one line for each message, in the language of a
// context and with times in one time zone. What people wrote cannot look like a line of the file: its further lines are indented, and
// characters that would change how the line is read are left out.
type transcript struct {
	out   io.Writer
	zone  *time.Location
	names map[string]string // of agents, by id
}

// byteOrderMark lets programs read the file as UTF-8 once it is stored: it has no header then that says so.
const byteOrderMark = "\ufeff"

// begin writes the heading.
func (t *transcript) begin(ctx context.Context, c *models.Chat) error {
	began := c.CreatedAt.In(t.zone)
	lines := []string{
		text.T(ctx, "transcript.title"),
		text.T(ctx, "transcript.began", "Time", began.Format("2006-01-02 15:04")),
		text.T(ctx, "transcript.zone", "Zone", t.zone.String(), "Offset", began.Format("-07:00")),
		text.T(ctx, "transcript.chat", "ID", c.ID),
	}
	return t.write(byteOrderMark + strings.Join(lines, "\r\n") + "\r\n\r\n")
}

// message writes one message.
func (t *transcript) message(ctx context.Context, m *models.Message) error {
	var said string
	switch {
	case m.IsWithdrawn():
		said = text.T(ctx, "transcript.withdrawn")
	case m.Attachment != nil:
		said = text.T(ctx, "transcript.file", "Name", plainLine(m.Attachment.Name), "Size", text.Size(m.Attachment.Size))
	default:
		said = plainText(api.MessageText(ctx, m, api.ForUser))
	}
	if m.EditedAt != nil && !m.IsWithdrawn() {
		said += " " + text.T(ctx, "transcript.edited")
	}
	line := "[" + m.CreatedAt.In(t.zone).Format("2006-01-02 15:04:05") + "] "
	if sender := t.sender(ctx, m); sender != "" {
		line += text.T(ctx, "transcript.sender", "Name", sender) + " "
	}
	return t.write(line + said + "\r\n")
}

// end writes the last line, which a file that was cut off does not have.
func (t *transcript) end(ctx context.Context) error {
	return t.write("\r\n" + text.T(ctx, "transcript.end") + "\r\n")
}

func (t *transcript) sender(ctx context.Context, m *models.Message) string {
	switch m.SenderType {
	case models.FromUser:
		return text.T(ctx, "ui.you")
	case models.FromSystem:
		return ""
	}
	return plainLine(api.ShortName(t.names[m.SenderID]))
}

func (t *transcript) write(s string) error {
	_, err := io.WriteString(t.out, s)
	return err
}

// plainText returns a text whose lines after the first are indented.
func plainText(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(visible(lines[i]), " ")
	}
	return strings.Join(lines, "\r\n    ")
}

// plainLine returns a text as one line.
func plainLine(s string) string {
	return strings.Join(strings.Fields(visible(strings.ToValidUTF8(s, "�"))), " ")
}

// visible leaves out control characters, but for tabs, and those that change the direction of what follows.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff' {
			return -1
		}
		return r
	}, s)
}
