package chat

import (
	"context"
	"io"
	"strings"
	"time"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	"parley/web/present"
)

// transcript writes a chat as its user sees it, as a text file: a heading, then one line for each message, in the language of a
// context and with times in one time zone. What people wrote cannot look like a line of the file: its further lines are indented, and
// characters that would change how the line is read are left out.
type transcript struct {
	out  io.Writer
	zone *time.Location
}

// byteOrderMark lets programs read the file as UTF-8 once it is stored: it has no header then that says so.
const byteOrderMark = "\ufeff"

// begin writes the heading, with what the user answered before the chat and while waiting.
func (t *transcript) begin(ctx context.Context, c *models.Chat, answers []chat.Answer) error {
	began := c.CreatedAt.In(t.zone)
	lines := []string{
		text.T(ctx, "transcript.title"),
		text.T(ctx, "transcript.began", "Time", began.Format("2006-01-02 15:04")),
		text.T(ctx, "transcript.zone", "Zone", t.zone.String(), "Offset", began.Format("-07:00")),
		text.T(ctx, "transcript.chat", "ID", c.ID),
	}
	for _, a := range answers {
		lines = append(lines, text.T(ctx, "transcript.answer", "Question", present.OneLine(a.Question), "Answer", present.OneLine(a.Text)))
	}
	return t.write(byteOrderMark + strings.Join(lines, "\r\n") + "\r\n\r\n")
}

// message writes one message; name is that of its agent.
func (t *transcript) message(ctx context.Context, m *models.Message, name string) error {
	said := strings.ReplaceAll(present.TranscriptText(ctx, m), "\n", "\r\n    ")
	if m.EditedAt != nil && !m.IsWithdrawn() {
		said += " " + text.T(ctx, "transcript.edited")
	}
	line := "[" + m.CreatedAt.In(t.zone).Format("2006-01-02 15:04:05") + "] "
	if sender := present.TranscriptSender(ctx, m, name); sender != "" {
		line += text.T(ctx, "transcript.sender", "Name", sender) + " "
	}
	return t.write(line + said + "\r\n")
}

// end writes the last line, which a file that was cut off does not have.
func (t *transcript) end(ctx context.Context) error {
	return t.write("\r\n" + text.T(ctx, "transcript.end") + "\r\n")
}

func (t *transcript) write(s string) error {
	_, err := io.WriteString(t.out, s)
	return err
}
