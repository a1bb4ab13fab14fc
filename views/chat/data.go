// Package chat draws a conversation. Users and agents see the same parts; only the style around them differs.
//
// A message frame of a live stream is one Bubble. The scripts put it where it belongs by data-id and data-client-id and arrange groups
// and days, so a bubble does not depend on its neighbours.
package chat

import (
	"context"
	"time"

	"parley/views/text"
)

// The senders of messages.
const (
	FromUser   = "user"
	FromAgent  = "agent"
	FromSystem = "system"
	FromNote   = "note" // an agent, to agents only

	FromWhisper = "whisper" // a supervisor to the agent of the chat, or the agent's answer
)

// Message is one line of a conversation as its reader sees it.
type Message struct {
	ID       int64 // 0 for one that the server does not have yet
	ChatID   string
	ClientID string
	From     string // FromUser, FromAgent, FromSystem, FromNote or FromWhisper
	Mine     bool   // it is from the reader's own side
	Name     string // of the sender, "You" for the reader, "" to leave it out
	To       string // the recipient, for "On Anna’s screen"; "" if unknown
	Text     string // plain; of a system message already in the reader's language
	At       time.Time
	Status   string   // "sending", "sent", "delivered", "read" or "failed"; only own messages show it
	File     *File    // in the place of Text
	Mail     string   // address of the e-mail of which it was made; "" for none, and for users
	Bot      bool     // a bot wrote it
	Quick    []string // answers that the reader can choose from
	Follows  Link     // the earlier chat that a line of the system is about

	Edited           bool
	Withdrawn        bool // Text and File are empty
	ChangedAfterRead bool // edited or withdrawn after the other side had read it
	ChangedVersion   int64
	ChangeUntil      time.Time // until when the reader may edit or withdraw it; zero for never
	Versions         []Version // what it was before, for supervisors

	end, replaces bool
}

// Link leads to another chat. The zero value is none.
type Link struct {
	Path   string
	ChatID string // for a link that opens the chat beside the open one; "" for one that leads to a page of its own
}

// Version is what a message was until it was edited or withdrawn.
type Version struct {
	Text           string
	File           *File // in the place of Text
	At, ReplacedAt time.Time
}

// isInternal reports whether only agents see the message.
func (m Message) isInternal() bool { return m.From == FromNote || m.From == FromWhisper }

// canChange reports whether the reader may edit or withdraw the message now.
func (m Message) canChange() bool { return time.Now().Before(m.ChangeUntil) }

// changedText says that a message was edited, or withdrawn.
func changedText(ctx context.Context, m Message) string {
	switch {
	case m.Withdrawn && m.ChangedAfterRead:
		return text.T(ctx, "chat.changed.withdrawn_after_read")
	case m.Withdrawn:
		return text.T(ctx, "chat.changed.withdrawn")
	case m.ChangedAfterRead:
		return text.T(ctx, "chat.changed.edited_after_read")
	}
	return text.T(ctx, "chat.changed.edited")
}

// File is what was sent with a message.
type File struct {
	URL           string // good until Until
	Thumbnail     string // of a picture, as long
	Fresh         string // where new addresses come from
	Until         time.Time
	Name          string
	Kind          string // "PDF", "JPEG" …
	Size          int64
	Width, Height int // of a picture, 0 for a document
}

// Thread is a conversation, oldest message first.
type Thread struct {
	ChatID   string // "" before there is a chat
	Label    string // for screen readers
	Other    string // the name of the other side, "" if there is none yet
	Me       string // FromUser or FromAgent: whose own messages the scripts add
	MeName   string // shown under own messages, "" to leave it out
	Desk     bool   // the quieter look of the workbench
	Messages []Message
	History  History
}

// History tells what of a conversation comes before the messages of a Thread, and after them.
type History struct {
	HasEarlier bool
	Page       string // address of the page that shows the thread; with before=ID in its query it shows what comes before that message
	Load       string // address of the messages as EarlierPage draws them, with before_id=ID in its query
	Before     int64  // the thread ends before this message, because the page was asked for with before=ID; 0 shows the last messages
}

// Composer is the round field with the leaf to send, as in the widget.
type Composer struct {
	Action      string // where the plain form goes
	CSRF        string
	Name        string // of the field
	Label       string
	Placeholder string
	Value       string
	Focus       bool
	Hidden      map[string]string // more fields of the plain form
	Files       string            // where a plain form sends files, "" where there is none
}

// emojiModule is the script of the emoji picker in the language of ctx.
func emojiModule(ctx context.Context) string { return "emoji-" + text.Lang(ctx) + ".mjs" }

// arrange marks the last message of each group: same sender, same minute, and for own ones the same status.
func arrange(messages []Message) []Message {
	out := make([]Message, len(messages))
	copy(out, messages)
	for i := range out {
		out[i].end = i+1 == len(out) || !sameGroup(out[i], out[i+1])
	}
	return out
}

func sameGroup(a, b Message) bool {
	return a.From == b.From && a.Mine == b.Mine && a.Name == b.Name && !a.isInternal() &&
		a.At.Truncate(time.Minute).Equal(b.At.Truncate(time.Minute)) && (!a.Mine || a.Status == b.Status)
}

func statusWord(ctx context.Context, m Message) string {
	switch m.Status {
	case "sending", "sent", "read", "failed":
		return text.T(ctx, "chat.status."+m.Status)
	case "delivered":
		if m.To != "" {
			return text.T(ctx, "chat.status.delivered", "Name", m.To)
		}
		return text.T(ctx, "chat.status.delivered_unnamed")
	}
	return ""
}
