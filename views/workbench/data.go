// Package workbench is the screen of an agent: the list of chats, the open conversation, and the person in it.
//
// The page is made of parts with ids, and a live stream sends the same parts again when they change. Parts of one
// chat carry its id, so that a part of a chat that is not open finds no place and is dropped by the browser.
package workbench

import (
	"time"

	"parley/views/chat"
	"parley/views/staff"
	"parley/views/ui"
)

// Page is the whole workbench of one agent.
type Page struct {
	Frame staff.Frame
	// PresenceTimeout is how long an agent without a sign of life still counts as online.
	PresenceTimeout time.Duration
	Me              Me
	Queue           QueueSummary
	List            List
	// Open is the chat beside the list; nil when none is open.
	Open *OpenChat
	// Empty is shown in the place of the chat when none is open.
	Empty EmptyState
}

// Me is the agent whose workbench it is.
type Me struct {
	CSRF string
	// Presence is what others see: "online", "away" or "offline". Since tells from when.
	Presence string
	Since    time.Time
	// Lost is since when Parley has set the agent to away because it lost contact; nil otherwise.
	Lost *time.Time
	Load int
	// Slots has one for each chat that the agent may hold, the most urgent first.
	Segments []ui.CapacitySegment
}

// QueueSummary is the state of the queue.
type QueueSummary struct {
	Waiting int
	// Oldest is the start of the longest wait; zero if the queue is empty.
	Oldest time.Time
	// Presence and Free, the capacity left, tell whether this agent gets the next chat.
	Presence string
	Free     int
}

// List is the chats of the agent: those awaiting a reply, the longest wait first, the answered ones, and the last ended ones.
type List struct {
	AwaitingReply []Row
	Answered      []Row
	ToWrapUp      []Row // ended, without outcome and tags
	Ended         []Row
	// Current is the id of the open chat.
	Current string
}

// The sections of the list, by their ids.
const (
	SectionAwaitingReply = "list-awaiting"
	SectionAnswered      = "list-answered"
	SectionToWrapUp      = "list-wrap-up"
	SectionEnded         = "list-ended"
)

// Row is one chat in the list. Rows are drawn alike if they are equal.
type Row struct {
	ChatID           string
	Name             string
	NameIsUnverified bool // the user entered it; no site has signed it
	// State is "awaiting", "answered", "idle" (warned, about to end) or "ended".
	State string
	// Since is when the user began to wait for an answer (awaiting), else when the last message came.
	Since time.Time
	// EndsAt is when a warned chat will be ended: idle, or awaiting a reply.
	EndsAt time.Time
	// PageTitle is the title of the page on which the user asked.
	PageTitle string
	// Last is the last message, LastType its type ("text", "image" or "file") and LastFrom who sent it: "user", "agent", "note" or "".
	Last     string
	LastType string
	LastFrom string
	Unread   int
	New      bool // no agent has answered yet
}

// OpenChat is the chat beside the list and the panel of its user.
type OpenChat struct {
	Head     ChatHeader
	Thread   chat.Thread
	Composer ComposerData
	User     UserPanel
	// Dialog is "end", "transfer" or "wrap-up" when the page was asked for with that dialog open (no scripts), else "".
	Dialog   string
	Transfer *Transfer
	WrapUp   *WrapUp
}

// ChatHeader is the header of a conversation. Heads are drawn alike if they are equal.
type ChatHeader struct {
	CSRF             string
	ChatID           string
	Name             string
	Verified         bool
	NameIsUnverified bool // as in Row
	// State is as in Row; AwaitingReplySince is zero unless the user awaits a reply.
	State              string
	AwaitingReplySince time.Time
	Began              time.Time
	Ended              time.Time
	Waited             time.Duration
	PageURL            string
	Page               string
	CanWrite           bool
}

// ComposerData is the state of the composer: open, or closed with the reason.
type ComposerData struct {
	CSRF   string
	ChatID string
	Name   string
	// Closed is "" while the agent may write, else "ended", "moved", "returned", "left" (for whatever
	// reason) or "watching".
	Closed string
	// By and To are names for the sentence of Closed; Reason is the ended reason of the chat.
	By, To        string
	Reason        string
	Type          string
	At            time.Time
	Rating        *float64
	RatingComment string
	// EndComment is what the agent wrote when ending it.
	EndComment string
	// Outcome and Tags are what the agent chose; IsToWrapUp is true until that is done or skipped.
	Outcome               string
	Tags                  []string
	CanWrapUp, IsToWrapUp bool
	IsWrapUpRequired      bool
}

// UserPanel is what is shown about the user of a chat.
type UserPanel struct {
	ChatID   string
	Name     string
	Verified bool
	// Anonymous is true when the site did not say who it is; then the name is made up.
	Anonymous bool
	Email     string
	Language  string // its name, in the reader's language
	// Locale, KnownName and FirstName are for canned replies: the locale as the user's browser or site says it, and the name
	// that the user or the site gave, "" if Name is made up.
	Locale       string
	KnownName    string
	FirstName    string
	PageURL      string
	Page         string
	StartedAt    time.Time
	FirstMessage string // the first words of the chat
	Department   string
	Earlier      []EarlierChat
	EarlierTotal int // Earlier has only the last ones
}

// EarlierChat is a chat that the same user had before.
type EarlierChat struct {
	ChatID   string
	At       time.Time
	Agent    string
	Duration time.Duration
	Rating   *float64
	Reason   string
	Linked   bool // the agent may read it
}

// Transfer is the choice of who takes the chat over.
type Transfer struct {
	CSRF        string
	ChatID      string
	Name        string
	Agents      []AgentOption
	Departments []DepartmentOption
}

// AgentOption is an agent who could take the chat.
type AgentOption struct {
	ID       string
	Name     string
	Presence string
	Load     int
	Max      int
}

// CanTakeChat reports whether the agent is online and below its capacity.
func (c AgentOption) CanTakeChat() bool { return c.Presence == "online" && c.Load < c.Max }

// DepartmentOption is a department to which the chat can be transferred.
type DepartmentOption struct {
	Slug   string
	Name   string
	Online int
}

// EmptyState says why no chat is open and what comes next.
type EmptyState struct {
	CSRF     string
	Presence string
	Lost     bool   // away by lost contact
	Chats    int    // active ones
	Longest  string // the chat that has waited longest for an answer; "" when all are answered
	Waiting  int    // people in the queue
}

func (e EmptyState) kind() string {
	switch {
	case e.Longest != "":
		return "awaiting"
	case e.Lost:
		return "lost"
	case e.Presence != "online":
		return e.Presence
	case e.Chats > 0:
		return "answered"
	default:
		return "ready"
	}
}
