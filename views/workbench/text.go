package workbench

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"parley/views/chat"
	"parley/views/text"
)

// lateAfter fills the ring of a row that awaits a reply.
const lateAfter = time.Minute

// splitText returns the text of key before and after the placeholder called name, so that an element can take its place in any language.
func splitText(ctx context.Context, key, name string) (before, after string) {
	const placeholder = "\x00"
	before, after, _ = strings.Cut(text.T(ctx, key, name, placeholder), placeholder)
	return before, after
}

// title returns the text that the desk closes, or has closed, before and after the time.
func (r ClosingReminder) title(ctx context.Context) (before, after string) {
	const placeholder = "\x00"
	var said string
	switch {
	case r.Department == "" && r.IsClosed:
		said = text.T(ctx, "workbench.closing.closed", "Time", placeholder)
	case r.Department == "":
		said = text.T(ctx, "workbench.closing.soon", "Time", placeholder)
	case r.IsClosed:
		said = text.T(ctx, "workbench.closing.closed_department", "Department", r.Department, "Time", placeholder)
	default:
		said = text.T(ctx, "workbench.closing.soon_department", "Department", r.Department, "Time", placeholder)
	}
	before, after, _ = strings.Cut(said, placeholder)
	return before, after
}

// stillOpen says how many chats and messages are open.
func (r ClosingReminder) stillOpen(ctx context.Context) string {
	chats := text.T(ctx, "workbench.closing.chats", "Count", r.Chats)
	messages := text.T(ctx, "workbench.closing.messages", "Count", r.Messages)
	switch {
	case r.Messages == 0:
		return text.T(ctx, "workbench.closing.open", "What", chats)
	case r.Chats == 0:
		return text.T(ctx, "workbench.closing.open", "What", messages)
	}
	return text.T(ctx, "workbench.closing.open", "What", text.T(ctx, "workbench.closing.both", "Chats", chats, "Messages", messages))
}

func chatPath(id, tail string) string { return "/workbench/chats/" + id + tail }

func itemID(chatID string) string { return "item-" + chatID }

func count(n int) string { return strconv.Itoa(n) }

// lastLine returns the text of a row below the name.
func lastLine(ctx context.Context, r Row) string {
	switch {
	case r.Last == "" && r.LastType != chat.Withdrawn:
		return text.T(ctx, "workbench.no_words")
	case r.LastByAgent:
		return text.T(ctx, "workbench.you_said", "Text", chat.Says(ctx, r.LastType, r.Last))
	default:
		return chat.Says(ctx, r.LastType, r.Last)
	}
}

// notAssignedReason returns why waiting chats are not assigned to this agent.
func (s QueueSummary) notAssignedReason(ctx context.Context) string {
	switch {
	case s.Detail == "last_chats":
		return text.T(ctx, "workbench.strip.last_chats")
	case s.Detail == "break":
		return text.T(ctx, "workbench.strip.break")
	case s.Detail == "offline":
		return text.T(ctx, "workbench.strip.offline")
	case s.Detail != "online":
		return text.T(ctx, "workbench.strip.away")
	case s.Free == 0:
		return text.T(ctx, "workbench.strip.full")
	default:
		return text.T(ctx, "workbench.strip.elsewhere")
	}
}

// presenceText names the agent's presence, and the reason of a break.
// quietText returns the quiet periods for the scripts: beginnings and ends, such as a/b c/d.
func (r Reminders) quietText() string {
	periods := make([]string, len(r.Quiet))
	for i, p := range r.Quiet {
		periods[i] = p.From.Format(time.RFC3339) + "/" + p.Until.Format(time.RFC3339)
	}
	return strings.Join(periods, " ")
}

func (m Me) presenceText(ctx context.Context) string {
	if m.Break != nil {
		return text.T(ctx, "ui.presence.break_for", "Reason", m.Break.Name)
	}
	return text.T(ctx, "ui.presence."+m.Detail)
}

// keptText says that the chats stay, "" without any.
func (m Me) keptText(ctx context.Context) string {
	if m.Load == 0 {
		return ""
	}
	return text.T(ctx, "workbench.note.kept", "Count", m.Load)
}

// offlineText returns what happens to the chats when the agent goes offline.
func (m Me) offlineText(ctx context.Context) string {
	if m.Load == 0 {
		return text.T(ctx, "workbench.presence.offline_free")
	}
	return text.T(ctx, "workbench.presence.offline_chats", "Count", m.Load)
}

// closedText returns why the agent cannot write in this chat.
func (w ComposerData) closedText(ctx context.Context) string {
	switch w.Closed {
	case "moved":
		return text.T(ctx, "workbench.closed.moved", "Name", w.By)
	case "returned":
		return text.T(ctx, "workbench.closed.returned")
	case "left":
		return text.T(ctx, "workbench.closed.left")
	}
	switch w.Reason {
	case "service_ended":
		if w.By == "" {
			return text.T(ctx, "workbench.closed.ended_by_you")
		}
		return text.T(ctx, "workbench.closed.ended_by_agent", "Name", w.By)
	case "user_ended":
		return text.T(ctx, "workbench.closed.ended_by_user", "Name", w.Name)
	case "cancelled":
		return text.T(ctx, "workbench.closed.cancelled", "Name", w.Name)
	case "abandoned":
		return text.T(ctx, "workbench.closed.abandoned", "Name", w.Name)
	case "timeout":
		if w.Type == "service_inactive" {
			return text.T(ctx, "workbench.closed.agent_idle")
		}
		return text.T(ctx, "workbench.closed.user_idle", "Name", w.Name)
	}
	return text.T(ctx, "workbench.closed.ended")
}

// waitingText returns how many users wait for the agent to go online.
func (e EmptyState) waitingText(ctx context.Context) string {
	if e.Waiting == 0 {
		return text.T(ctx, "workbench.empty.offline_nobody")
	}
	return text.T(ctx, "workbench.empty.offline_text", "Count", e.Waiting)
}

// site returns the host of the user's page, "" if it is not known.
func (p UserPanel) site() string {
	if u, err := url.Parse(p.PageURL); err == nil {
		return u.Hostname()
	}
	return ""
}

// safeURL returns an address that begins with http:// or https:// unchanged, and "" for any other.
func safeURL(address string) templ.SafeURL {
	if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") {
		return templ.SafeURL(address)
	}
	return ""
}

// stars formats a rating, as in "4.5".
func stars(rating float64) string { return strconv.FormatFloat(rating, 'f', 1, 64) }
