// Package supervisor draws the pages of supervisors: the live board of queue and load, one chat, and one agent. Every part that
// the live stream refreshes is a component of its own with an id.
package supervisor

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"parley/views/staff"
)

// Live is the page of queue and load.
type Live struct {
	Frame  staff.Frame
	Filter Filter
	Board  Board
	Alerts Alerts
	Quiet  string // quiet hours of the reader, for the scripts
	Flags  Flags
}

// Filter is the choice of a department; the page's address carries it.
type Filter struct {
	Chosen  string // "" for all
	Name    string // of the chosen one
	Choices []Choice
	Page    string // the address that the choices lead to, without a department; "" for the live page
}

// address returns the page with a department.
func (f Filter) address(slug string) string {
	page, query, _ := strings.Cut(cmp.Or(f.Page, "/supervisor"), "?")
	if slug != "" {
		query = strings.TrimPrefix(query+"&department="+url.QueryEscape(slug), "&")
	}
	return strings.TrimSuffix(page+"?"+query, "?")
}

// Choice is one department of the filter. Slug "" is all of them.
type Choice struct {
	Slug, Name string
}

// Board is what the live stream refreshes.
type Board struct {
	Tiles  []Tile
	Queue  Queue
	Agents Agents
	Day    Day
	Totals []Total
	Counts []CountGroup
	Staff  Staff
	Bots   []Bot
}

// Bot is a bot and how many chats it has. State is the name of a [models.BotState].
type Bot struct {
	ID, Name, State string
	Chats, Capacity int
}

// Staff is the first hour ahead that needs more agents than are online; the zero value is none.
type Staff struct {
	Online, Needed int
	At             time.Time // when that hour begins; zero for now
	Department     string    // slug of the page's filter, "" for all
}

func (s Staff) url() templ.SafeURL {
	if s.Department == "" {
		return "/supervisor/forecast"
	}
	return templ.SafeURL("/supervisor/forecast?" + url.Values{"department": {s.Department}}.Encode())
}

// Level is the threshold that a number has crossed, if any.
type Level string

// The levels.
const (
	Fine Level = ""
	Over Level = "over" // amber
	Late Level = "late" // red
)

// Tile is one number at the top.
type Tile struct {
	ID            string // of the element, "tile-" before it
	Figure        string // the key of its definition
	Href          string // the list behind the number
	Label         string
	Number        string
	Word          bool      // Number is a word, drawn smaller
	Unit          string    // after the number, small
	Since         time.Time // set when the number is a clock that runs
	Note          string    // one line of context …
	ThresholdText string    // … or the threshold that was crossed
	Level         Level
	Spark         []float64 // the last hour, oldest first; fewer than two points draw nothing
}

// Queue lists the waiting chats in the order in which they are served.
type Queue struct {
	Rows   []Waiting // the first ones
	Length int       // of the whole queue
	Filter Filter
	// What an empty queue shows.
	PickedUpAfter time.Duration // of the last chat; zero when unknown
	FreeCapacity  int
	NoAgentOnline bool
	Messages      []Waiting // that wait, in the order in which they are assigned
	// HasMoreMessages is whether only the first ones are shown.
	HasMoreMessages bool
}

// Waiting is one row of the queue.
type Waiting struct {
	ChatID            string
	Position          int
	Name              string
	Unverified        bool   // no host site has verified the name
	Department        string // "" when the chat asks for none
	Slug              string // of the department
	Priority          int
	Returned          bool
	Since             time.Time
	Level             Level
	EstimatedWait     string
	Why               string
	PositionKeptUntil *time.Time // the user's widget is closed; the position is kept until then
	// Of a message: where the answer goes, and for how much of the opening hours it has awaited a reply.
	Email     string
	ReplyDebt time.Duration
}

// Agents is the grid of agents, the longest awaited reply first.
type Agents struct {
	Cards  []Agent
	First  int // of the cards are drawn
	Online int
	Filter Filter
}

// Agent is one card of the grid.
type Agent struct {
	ID, Name           string
	Presence           string // online, away, offline
	Detail             string // of the presence: online, last_chats, break, inactive, away, lost_contact or offline
	Since              time.Time
	BreakName          string // reason of a break, in the reader's language
	BreakEndsAt        *time.Time
	TemporaryUntil     *time.Time // Capacity is temporary and ends then; nil if it is the regular one
	ExtraUntil         *time.Time // until when the agent may get one chat more than Capacity
	HasExtra           bool       // the agent holds it
	BreakOver          bool       // the planned end has passed, and the agent has not come back
	LostContact        bool       // away because heartbeats are missing …
	ReturnsAt          *time.Time // … and then the chats go back to the queue
	Departments        []string
	Slugs              []string // of the departments, in the same order
	Load, Capacity     int
	Reserved           int        // places that open offers hold
	Segments           []string   // one per slot: late, awaiting, answered, idle, offered, free
	AwaitingReplySince *time.Time // since when the longest unanswered user waits
	Level              Level      // of that wait
	Rating             string     // "" without ratings
	Ratings            int
}

// HasCapacity reports whether a chat can be assigned to the agent by hand.
func (a Agent) HasCapacity() bool {
	return a.Presence == "online" &&
		(a.Load+a.Reserved < a.Capacity || a.ExtraUntil != nil && a.Reserved == 0 && a.Load == a.Capacity)
}

// Day is the chart's figures, oldest first; stretches without figures are left out.
type Day struct {
	Rows    []Sample
	Step    time.Duration // of one row
	Summary string        // the chart in one or two sentences
}

// Sample is the highest of each figure within one step.
type Sample struct {
	At             time.Time
	Waiting        int
	Longest        time.Duration
	Online         int
	Load, Capacity int
}

// Total is one figure of the last 24 hours.
type Total struct {
	Figure             string // the key of its definition
	Label, Value, Note string
}

// CountGroup is how often each name was chosen in the last 24 hours, the most frequent first.
type CountGroup struct {
	Title string
	None  string // in place of an empty list
	Rows  []Count
}

// Count is one row of a CountGroup.
type Count struct {
	Name  string
	Count int
}
