package supervisor

import (
	"context"
	"time"

	"parley/views/text"
)

// Assist is what a supervisor can do in a chat, and does.
type Assist struct {
	CSRF   string
	ChatID string
	Name   string // of the user
	Agent  string // the name of the agent who has the chat
	// IsActive is false for a waiting or ended chat, in which nothing of this can be done.
	IsActive  bool
	IsOwn     bool // the reader is the agent
	HasJoined bool // the reader writes in the chat beside the agent
	Others    string
	HandSince time.Time // zero unless the agent has raised a hand
	HandLine  string
}

// Flags are the chats that need a supervisor.
type Flags struct {
	CSRF   string
	Filter Filter
	Rows   []FlagRow
	More   int // how many more chats there are
}

// FlagRow is one chat with all reasons why it is flagged.
type FlagRow struct {
	ChatID, Name string
	Unverified   bool // no host site has verified the name
	Agent        string
	IsRaised     bool // its agent has raised a hand
	Reasons      []FlagReason
}

// FlagReason is why a chat is flagged.
type FlagReason struct {
	Kind, Text string
	Since      time.Time
}

// button is the text of the button that removes the flag.
func (r FlagReason) button(ctx context.Context) string {
	if r.Kind == "hand" {
		return text.T(ctx, "supervisor.assist.helped")
	}
	return text.T(ctx, "supervisor.flags.dismiss")
}
