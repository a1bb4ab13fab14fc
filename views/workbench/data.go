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
	Strip           Strip
	List            List
	// Open is the chat beside the list; nil when none is open.
	Open *Open
	// Empty is shown in the place of the chat when none is open.
	Empty Empty
}

// Me is the agent at work.
type Me struct {
	CSRF string
	// Presence is what others see: "online", "away" or "offline". Since tells from when.
	Presence string
	Since    time.Time
	// Lost is since when Parley, not the agent, chose away; nil otherwise.
	Lost *time.Time
	Load int
	// Slots has one for each chat that the agent may hold, the most urgent first.
	Slots []ui.SlotData
}

// Strip says what waits for everybody.
type Strip struct {
	Waiting int
	// Oldest is when the longest waiting chat came; zero when nobody waits.
	Oldest time.Time
	// Presence, Free: why the next one comes here, or does not.
	Presence string
	Free     int
}

// List is the agent's chats: those who wait for an answer, longest first, those who do not, and the last ended.
type List struct {
	Owed     []Row
	Answered []Row
	Ended    []Row
	// Current is the id of the open chat.
	Current string
}

// The sections of the list, by their ids.
const (
	SectionOwed     = "list-owed"
	SectionAnswered = "list-answered"
	SectionEnded    = "list-ended"
)

// Row is one chat in the list. Rows are drawn alike if they are equal.
type Row struct {
	ChatID  string
	Name    string
	Claimed bool // the name is what somebody said, and nobody vouched for
	// State is "owed", "answered", "quiet" (warned, about to end) or "ended".
	State string
	// Since is when the user began to wait for an answer (owed), else when the last message came.
	Since time.Time
	// EndsAt is when a warned chat will be ended: quiet, or owed and not answered.
	EndsAt time.Time
	// Topic is the title of the page the user asked from.
	Topic string
	// Last is the last line, LastType its type ("text", "image" or "file") and LastFrom who said it: "user", "agent", "note" or "".
	Last     string
	LastType string
	LastFrom string
	Unread   int
	New      bool // nobody has answered yet
}

// Open is a chat beside the list, with its person.
type Open struct {
	Head   Head
	Thread chat.Thread
	Write  Write
	Person Person
	// Dialog is "end" or "transfer" when the page was asked for with that dialog open (no scripts), else "".
	Dialog   string
	Transfer *Transfer
}

// Head is the line above a conversation. Heads are drawn alike if they are equal.
type Head struct {
	CSRF     string
	ChatID   string
	Name     string
	Verified bool
	Claimed  bool // as in Row
	// State is as in Row; Owed since when an answer is owed.
	State    string
	Owed     time.Time
	Began    time.Time
	Ended    time.Time
	Waited   time.Duration
	PageURL  string
	Page     string
	CanWrite bool
}

// Write is the place to answer, or the reason why there is none.
type Write struct {
	CSRF   string
	ChatID string
	Name   string
	// Closed is "" while the agent may write, else "ended", "moved", "returned", "left" (for whatever
	// reason) or "watching".
	Closed string
	// By and To are names for the sentence of Closed; Reason is the ended reason of the chat.
	By, To string
	Reason string
	Type   string
	At     time.Time
	Rating *float64
	Remark string // of the rating
	// Outcome is what the agent wrote when ending it.
	Outcome string
}

// Person is the user in the chat.
type Person struct {
	ChatID   string
	Name     string
	Verified bool
	// Anonymous is true when the site did not say who it is; then the name is made up.
	Anonymous bool
	Email     string
	Language  string // its name, in the reader's language
	PageURL   string
	Page      string
	Came      time.Time
	First     string // the first words of the chat
	Dept      string
	Earlier   []Earlier
	EarlierOf int // how many there are in all
}

// Earlier is a chat that the same person had before.
type Earlier struct {
	ChatID string
	At     time.Time
	Agent  string
	Lasted time.Duration
	Rating *float64
	Reason string
	Linked bool // the agent may read it
}

// Transfer is the choice of who takes the chat over.
type Transfer struct {
	CSRF        string
	ChatID      string
	Name        string
	Agents      []Colleague
	Departments []Department
}

// Colleague is an agent who could take the chat.
type Colleague struct {
	ID       string
	Name     string
	Presence string
	Load     int
	Max      int
}

// Free tells whether the colleague can be given a chat now.
func (c Colleague) Free() bool { return c.Presence == "online" && c.Load < c.Max }

// Department is a queue that a chat can be sent to.
type Department struct {
	Slug   string
	Name   string
	Online int
}

// Empty says why no chat is open and what comes next.
type Empty struct {
	CSRF     string
	Presence string
	Lost     bool   // away by lost contact
	Chats    int    // active ones
	Longest  string // the chat that has waited longest for an answer; "" when all are answered
	Waiting  int    // people in the queue
}

func (e Empty) kind() string {
	switch {
	case e.Longest != "":
		return "owed"
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
