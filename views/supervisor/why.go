package supervisor

import (
	"context"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"parley/views/staff"
	"parley/views/text"
)

// Why is the answer why a chat waits, in the drawer of the live page or on a page of its own.
type Why struct {
	Frame     staff.Frame // of the page
	ChatID    string
	UserName  string
	IsWaiting bool
	Summary   string
	Search    string // part of a name; "" for all
	All       bool   // all agents of each group
	Found     int    // of them, by the search
	Groups    []WhyGroup
}

// WhyGroup is the agents who do not get a chat by the same rule.
type WhyGroup struct {
	Rule   string
	Title  string
	Count  int
	Agents []WhyAgent // the first ones
}

// WhyAgent is one agent of a group.
type WhyAgent struct {
	ID, Name       string
	Detail         string // as of Agent
	Load, Capacity int
	Sentence       string
	Since          *time.Time
	Kept           string     // why the chat is kept from the agent besides, "" for not
	KeptUntil      *time.Time // nil for not
}

// Title is that of the page and of the drawer.
func (w Why) Title(ctx context.Context) string {
	return text.T(ctx, "supervisor.why.title", "Name", w.UserName)
}

func whyURL(chatID string) templ.SafeURL {
	return templ.SafeURL("/supervisor/queue/" + url.PathEscape(chatID) + "/why")
}
