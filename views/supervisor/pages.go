package supervisor

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"parley/views/chat"
	"parley/views/staff"
	"parley/views/text"
)

// AgentPage lists the chats of one agent.
type AgentPage struct {
	Frame  staff.Frame
	Agent  Agent
	Active []ChatRow
	Ended  []ChatRow // the latest
	// Timeline is the agent's presence in the last 24 hours.
	Timeline Timeline
}

// Timeline is the presence of an agent in a period.
type Timeline struct {
	From, To time.Time
	Spans    []PresenceSpan  // the whole period, oldest first
	Changes  []PresenceEntry // newest first
}

// PresenceSpan is a time during which the presence stayed the same.
type PresenceSpan struct {
	Detail   string // as of Agent
	From, To time.Time
}

// PresenceEntry is one change of presence.
type PresenceEntry struct {
	At     time.Time
	Detail string // the one from then on
	Name   string // of it, with the reason of a break
	Note   string // why it changed
	Lasted time.Duration
	IsNow  bool // it is the last change: Lasted still grows
}

func (t Timeline) viewBox() string {
	return "0 0 " + strconv.Itoa(int(t.To.Sub(t.From).Seconds())) + " 1"
}

// seconds returns how long after the beginning of the period a time is.
func (t Timeline) seconds(at time.Time) string { return strconv.Itoa(int(at.Sub(t.From).Seconds())) }

func (s PresenceSpan) length() string { return strconv.Itoa(int(s.To.Sub(s.From).Seconds())) }

// spanKind is the colour of a span.
func spanKind(detail string) string {
	switch detail {
	case "online", "last_chats", "break", "offline":
		return detail
	}
	return "away"
}

// summary tells how long each presence lasted in all, the longest first, without offline.
func (t Timeline) summary(ctx context.Context) string {
	lasted := map[string]time.Duration{}
	var details []string
	for _, s := range t.Spans {
		if s.Detail == "offline" || !s.To.After(s.From) {
			continue
		}
		if lasted[s.Detail] == 0 {
			details = append(details, s.Detail)
		}
		lasted[s.Detail] += s.To.Sub(s.From)
	}
	if len(details) == 0 {
		return text.T(ctx, "supervisor.presence.none")
	}
	slices.SortStableFunc(details, func(a, b string) int { return cmp.Compare(lasted[b], lasted[a]) })
	parts := make([]string, len(details))
	for i, detail := range details {
		parts[i] = text.T(ctx, "supervisor.presence.total", "Presence", DetailText(ctx, detail), "Time", text.Spoken(ctx, lasted[detail]))
	}
	return text.Series(ctx, parts)
}

// ChatRow is one chat of a list.
type ChatRow struct {
	ChatID, Name, Last string
	Unverified         bool       // no host site has verified the name
	Since              *time.Time // the user waits for an answer since then
	At                 time.Time  // of the last message, or of the end
	Outcome            string     // how it ended
	Rating             string     // "" without one
}

// ChatPage is one chat, read only, with what a supervisor may do to it.
type ChatPage struct {
	Frame    staff.Frame
	ChatID   string
	Name     string
	Verified bool
	Status   string // waiting, active, ended
	Agent    string // the name of the current or last agent, "" for none
	AgentID  string
	Position string // "Place 3, about 3–6 min" while waiting
	Priority int
	Facts    []Fact
	Thread   chat.Thread
	HandOver chat.HandOver // of the agent who had the chat before; empty for none
	Agents   Agents        // who could take it over
	Choices  []Choice
	// CanWrapUp is true for an ended chat for which outcomes or tags are offered.
	CanWrapUp bool
	Assist    Assist
}

// Fact is one line about the chat.
type Fact struct {
	Label, Value string
	Href         string     // of the value; only http and https are followed
	At           *time.Time // in place of Value
}
