package present

import (
	"context"
	"strings"
	"unicode"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
)

// TranscriptText returns the text of a message in a transcript for its user, with lines separated by \n. Characters
// that would change how the lines are read are left out, and so are spaces at the end of lines.
func TranscriptText(ctx context.Context, m *models.Message) string {
	switch {
	case m.IsWithdrawn():
		return text.T(ctx, "transcript.withdrawn")
	case m.Attachment != nil:
		return text.T(ctx, "transcript.file", "Name", OneLine(m.Attachment.Name), "Size", text.Size(ctx, m.Attachment.Size))
	}
	lines := strings.Split(lineBreaks.Replace(api.MessageText(ctx, m, api.ForUser)), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(visible(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}

// TranscriptSender returns what a transcript for the user calls the sender of a message, "" for the system. name is that of the agent.
func TranscriptSender(ctx context.Context, m *models.Message, name string) string {
	switch m.SenderType {
	case models.FromUser:
		return text.T(ctx, "ui.you")
	case models.FromSystem:
		return ""
	}
	return OneLine(api.ShortName(name))
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// OneLine returns a text as one line, without characters that would change how it is read.
func OneLine(s string) string {
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
