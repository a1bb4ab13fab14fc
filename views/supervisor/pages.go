package supervisor

import (
	"time"

	"parley/views/chat"
	"parley/views/staff"
)

// AgentPage lists the chats of one agent.
type AgentPage struct {
	Frame  staff.Frame
	Agent  Agent
	Active []ChatRow
	Ended  []ChatRow // the latest
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
	Agents   Agents // who could take it over
	Choices  []Choice
	// CanWrapUp is true for an ended chat for which outcomes or tags are offered.
	CanWrapUp bool
}

// Fact is one line about the chat.
type Fact struct {
	Label, Value string
	Href         string     // of the value; only http and https are followed
	At           *time.Time // in place of Value
}
