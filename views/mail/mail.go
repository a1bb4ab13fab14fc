// Package mail draws e-mail. One component makes the HTML of a mail, and [Text] makes its plain text of the same HTML,
// so that both have the same content. Mail programs load nothing and run nothing: styles are in attributes, and colours
// are defined for light and dark backgrounds.
package mail

import (
	"context"
	"strings"
	"time"

	"github.com/a-h/templ"

	"parley/views/text"
	"parley/views/ui"
)

// The kinds of mails.
const (
	KindReceived   = "received"
	KindAnswer     = "answer"
	KindTranscript = "transcript"
)

// Mail is a mail in the language of the context.
type Mail struct {
	Kind     string
	Site     string // its name, never ""
	Brand    ui.Brand
	ToName   string // "" if it is not known
	Agent    string // who answered, "" for several
	Messages []Message
	Quoted   []Message // what the user asked, below an answer
	CanReply bool      // a reply to the mail comes back into the chat
	Link     string    // that continues the chat, "" for none
	Until    time.Time // when the link ends

	// Of a transcript.
	Began     time.Time
	Zone      string // its name and offset
	Reference string // the id of the chat
}

// Message is one message.
type Message struct {
	Sender string // "" for a line of the system
	Time   string
	Lines  []string
	IsOwn  bool   // of the user
	Note   string // such as "edited", "" for none
}

// Lines returns the lines of a text.
func Lines(s string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s), "\n")
}

// Title is the first line of a mail.
func Title(ctx context.Context, m Mail) string {
	switch {
	case m.Kind == KindReceived:
		return text.T(ctx, "mail.received.title")
	case m.Kind == KindTranscript:
		return text.T(ctx, "mail.transcript.title")
	case m.Agent != "":
		return text.T(ctx, "mail.answer.title", "Name", m.Agent)
	}
	return text.T(ctx, "mail.answer.title_several")
}

// Subject is the subject of a mail. Those of one chat are the same, so that mail programs show them together.
func Subject(ctx context.Context, m Mail, isReply bool) string {
	subject := text.T(ctx, "mail.subject", "Site", m.Site)
	switch {
	case m.Kind == KindTranscript:
		return text.T(ctx, "mail.transcript.subject", "Site", m.Site, "Date", m.Began.Format("2006-01-02"))
	case isReply:
		return "Re: " + subject
	}
	return subject
}

// day is a date that reads the same in every language.
func day(at time.Time) string { return at.UTC().Format("2006-01-02") }

// The colours of mails; the style sheet in the head has those for dark backgrounds.
const (
	bodyStyle = "margin:0;padding:24px 12px;background:#f4f1ea;color:#1d2a2d;" +
		"font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,PingFang SC,Microsoft YaHei,sans-serif"
	sheetStyle   = "max-width:600px;margin:0 auto;background:#ffffff;border-radius:10px;overflow:hidden"
	insideStyle  = "padding:24px"
	titleStyle   = "margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:650"
	textStyle    = "margin:0 0 16px"
	quietStyle   = "margin:0 0 16px;color:#586669;font-size:14px"
	whoStyle     = "margin:0 0 4px;color:#586669;font-size:13px"
	messageStyle = "margin:0 0 16px;padding:12px 16px;background:#f0f5f6;border-radius:8px;overflow-wrap:anywhere"
	ownStyle     = "margin:0 0 16px;padding:12px 16px;background:#f4f1ea;border-radius:8px;overflow-wrap:anywhere"
	footStyle    = "max-width:552px;margin:16px auto 0;padding:0 24px;color:#586669;font-size:13px"
)

// quoteStyle has the line on the side where the language begins: mail programs know no logical properties.
func quoteStyle(ctx context.Context) string {
	side, padding := "left", "0 0 0 14px"
	if text.IsRTL(ctx) {
		side, padding = "right", "0 14px 0 0"
	}
	return "margin:0 0 16px;padding:" + padding + ";border-" + side + ":3px solid #d8d2c4;color:#586669;overflow-wrap:anywhere"
}

// darkStyles override the colours on dark backgrounds, in mail programs that follow the system.
const darkStyles = `@media (prefers-color-scheme: dark) {
.m-body { background: #0f1719 !important; color: #e6ecec !important }
.m-sheet { background: #162124 !important }
.m-message { background: #1d2f33 !important }
.m-own { background: #26302f !important }
.m-quiet, .m-quote { color: #a3b3b5 !important }
.m-quote { border-color: #3a484b !important }
}`

func (m Mail) barStyle() templ.SafeCSS {
	return templ.SafeCSS("padding:16px 24px;background:" + m.Brand.Fill() + ";color:" + m.Brand.On() + ";font-weight:650;font-size:17px")
}

func (m Mail) buttonStyle() templ.SafeCSS {
	return templ.SafeCSS(
		"display:inline-block;padding:11px 20px;border-radius:8px;background:" + m.Brand.Fill() + ";color:" + m.Brand.On() +
			";font-weight:600;text-decoration:none",
	)
}

func (m Message) style() templ.SafeCSS {
	if m.IsOwn {
		return ownStyle
	}
	return messageStyle
}

func (m Message) class() string {
	if m.IsOwn {
		return "m-own"
	}
	return "m-message"
}
