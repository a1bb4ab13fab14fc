// Package workbench renders the screen of an agent: the list of chats, the open conversation, and its user.
//
// The page is made of parts with ids. The live stream sends a part again when it changes. The ids of parts of a chat contain its id, so the
// browser ignores parts of a chat that is not open.
package workbench

import (
	"strconv"
	"time"

	"parley/views/chat"
	"parley/views/staff"
	"parley/views/ui"
)

// Page is the whole workbench of one agent.
type Page struct {
	Frame staff.Frame
	// InputInterval is how often the page reports input at most.
	InputInterval time.Duration
	// PresenceTimeout is how long an agent who sends no heartbeat still counts as online.
	PresenceTimeout time.Duration
	Me              Me
	HasAssistant    bool // an assistant is configured
	Queue           QueueSummary
	Reminders       Reminders
	Closing         Closing
	List            List
	Offers          []OfferCard
	// Open is the chat next to the list; nil when none is open.
	Open *OpenChat
	// Empty is shown in place of the chat when none is open.
	Empty EmptyState
}

// Me is the agent of this workbench.
type Me struct {
	CSRF string
	// Presence is what others see: "online", "away" or "offline". Since is when it began.
	Presence string
	// Detail says more of it: "online", "last_chats", "break", "inactive", "away", "lost_contact" or "offline".
	Detail string
	Since  time.Time
	// Break is the break that the agent is on; nil for none.
	Break *Break
	// ExtraUntil is until when the agent may get one chat more than Capacity; nil for not. HasExtra is whether the agent holds it.
	ExtraUntil *time.Time
	HasExtra   bool
	Capacity   int
	// Temporary is the temporary capacity of the agent; nil for none.
	Temporary *TemporaryCapacity
	// Reasons are those that the agent can choose for a break, in their order.
	Reasons []BreakReason
	// Lost is when Parley set the agent to away because it lost contact; nil otherwise.
	Lost *time.Time
	Load int
	// Segments has one entry for each chat that the agent has or could take, the most urgent first.
	Segments []ui.CapacitySegment
}

// TemporaryCapacity is a capacity that a supervisor set for a limited time.
type TemporaryCapacity struct {
	Now, Regular int
	Until        time.Time
}

// Break is the break that the agent is on.
type Break struct {
	ReasonID int64
	Name     string // of the reason, in the agent's language
	EndsAt   time.Time
	IsOver   bool // the agent is asked to come back
}

// BreakReason is a reason for a break.
type BreakReason struct {
	ID      int64
	Name    string // in the agent's language
	Minutes int    // usual length
}

// QueueSummary is the state of the queue.
type QueueSummary struct {
	Waiting int
	// Oldest is the start of the longest wait; zero if the queue is empty.
	Oldest time.Time
	// Detail, as in Me, and Free, the capacity left, tell whether this agent gets the next chat.
	Detail string
	Free   int
}

// List is the chats of the agent: those awaiting a reply, the longest wait first, the answered ones, and the last ended ones.
type List struct {
	AwaitingReply []Row
	Answered      []Row
	Messages      []Row // those that await a reply first, the oldest first
	ToWrapUp      []Row // ended, without outcome and tags
	Ended         []Row
	// CanSkipAll is false while an outcome or a tag is required, so that nothing can be skipped.
	CanSkipAll bool
	CSRF       string
	// Current is the id of the open chat.
	Current string
}

// The sections of the list, by their ids.
const (
	SectionAwaitingReply = "list-awaiting"
	SectionAnswered      = "list-answered"
	SectionMessages      = "list-messages"
	SectionToWrapUp      = "list-wrap-up"
	SectionEnded         = "list-ended"
)

// Row is one chat in the list. Equal rows look the same.
type Row struct {
	ChatID           string
	Name             string
	NameIsUnverified bool // the user entered it; no site has signed it
	// State is "awaiting", "answered", "idle" (warned, about to end) or "ended".
	State string
	// Since is when the user began to wait for an answer (awaiting), else the time of the last message.
	Since time.Time
	// EndsAt is when a warned chat will be ended: idle, or awaiting a reply.
	EndsAt time.Time
	// WarningPeriod is the time from the warning to EndsAt.
	WarningPeriod time.Duration
	// PageTitle is the title of the page on which the chat began.
	PageTitle string
	// Last is the last message, LastType its type ("text", "image", "file" or chat.Withdrawn) and LastByAgent whether
	// the agent of the list sent it.
	Last        string
	LastType    string
	LastByAgent bool
	Unread      int
	New         bool // no agent has answered yet
	// UnopenedSince is when the chat was assigned, if its agent has not opened it since; otherwise zero.
	UnopenedSince time.Time
	// IsMessage is whether the user left a message; ReplyDebt is for how much of the opening hours it has awaited a reply.
	IsMessage bool
	ReplyDebt time.Duration
}

// OpenChat is the chat next to the list, with the panel of its user.
type OpenChat struct {
	Head     ChatHeader
	Thread   chat.Thread
	Composer ComposerData
	User     UserPanel
	Reader   *Reader       // the open earlier chat; nil for none
	HandOver chat.HandOver // of the agent who had the chat before; empty for none
	Assist   Assist
	// Dialog is the dialog that is open in a page without scripts: "end", "transfer", "wrap-up" or "".
	Dialog   string
	Transfer *Transfer
	WrapUp   *WrapUp
}

// ChatHeader is the header of a conversation. Equal headers look the same.
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
	// OfferTo is the name of the agent who is offered the chat, "" for none, and OfferUntil when that ends.
	OfferTo    string
	OfferUntil time.Time
	// IsMessage is whether the user left a message, whose answer goes to Email. UserIsHere is whether the user is in the widget now.
	IsMessage, UserIsHere bool
	Email                 string
	ReplyDebt             time.Duration // as in Row
}

// OfferCard is a chat that another agent offers to this one.
type OfferCard struct {
	CSRF      string
	OfferID   int64
	ChatID    string
	Name      string   // of the user
	From      string   // of the agent
	Facts     []string // site and page, department
	Note      chat.HandOver
	ExpiresAt time.Time
	// AwaitingReplySince is when the user began to wait for an answer; zero when the user was answered.
	AwaitingReplySince time.Time
	Messages           []OfferedMessage // the last ones
}

func (c OfferCard) id() string { return "offer-" + strconv.FormatInt(c.OfferID, 10) }

// OfferedMessage is one message on the card of an offer. From is "user", "agent" or "note".
type OfferedMessage struct {
	From, Name, Text string
}

// ComposerData is the state of the composer: open, or closed with the reason.
type ComposerData struct {
	CSRF   string
	ChatID string
	Name   string
	// Closed is "" while the agent may write, else "ended", "moved", "returned" or "left" (for an unknown reason).
	Closed string
	// By is the agent in the text of Closed. Reason is why the chat ended.
	By            string
	Reason        string
	Type          string
	At            time.Time
	Rating        *float64
	RatingComment string
	RatingReasons []string // in the reader's language
	// EndComment is the comment of the agent who ended the chat.
	EndComment string
	// Outcome and Tags are what the agent chose; IsToWrapUp is true until that is done or skipped.
	Outcome               string
	Tags                  []string
	CanWrapUp, IsToWrapUp bool
	IsWrapUpRequired      bool
}

// UserPanel is what is shown about the user of a chat.
type UserPanel struct {
	CSRF     string
	ChatID   string
	UserID   string
	Name     string
	Verified bool
	// Anonymous is true for a user without a name, who gets a generated one.
	Anonymous bool
	Email     string
	Language  string // its name, in the reader's language
	// Locale, KnownName and FirstName are for canned replies: the locale as the user's browser or site says it, and the name
	// that the user or the site gave, "" if Name is made up.
	Locale       string
	KnownName    string
	FirstName    string
	Attributes   []Attribute
	Answers      []chat.Answer
	Tags         []string
	Notes        []UserNote // newest first
	PageURL      string
	Page         string
	Pages        []VisitedPage // in the order of the visits
	StartedAt    time.Time
	FirstMessage string // of the user, shortened
	Department   string
	Earlier      []EarlierChat
	EarlierTotal int // Earlier has only the last ones
	// Query is what was searched for in the earlier chats; Earlier is what was Found unless QueryError says what is wrong with it.
	Query, QueryError string
	Found             bool
	// CanMail is whether e-mail is sent. A transcript goes to MailTo, "" if no address is known, with times in the agent's TimeZone.
	// IsMessage is whether the answers of the chat are mailed.
	CanMail, IsMessage bool
	MailTo, TimeZone   string
}

// Attribute is a fact about the user that the host site has signed.
type Attribute struct {
	Key, Name, Value string
	Bool             *bool // in place of Value
}

// UserNote is what an agent wrote about the user.
type UserNote struct {
	CSRF, ChatID   string
	ID             int64
	Version        int
	Text           string
	Author, Editor string    // Author is "" for the reader; Editor is who edited it last
	At             time.Time // of the last edit
	IsEdited       bool
	// Conflict is true when another agent changed the note while the reader edited it; Entered is what the reader wrote.
	Conflict bool
	Entered  string
}

// VisitedPage is a page of the site on which the user was.
type VisitedPage struct {
	URL, Title string
	At         time.Time
}

// EarlierChat is a chat that the same user had before. Running is the chat beside which it is read.
type EarlierChat struct {
	ChatID     string
	Running    string
	At         time.Time
	Department string
	Agent      string
	Duration   time.Duration
	Outcome    string
	Tags       []string
	Rating     *float64
	First      string // how the first message begins
	Linked     bool   // the agent may read it
	Hits       []Hit
}

// Hit is a part of a message in which a search found its text.
type Hit struct {
	ID                   int64 // of the message
	Before, Match, After string
}

// Reader is an earlier chat in the drawer beside a chat.
type Reader struct {
	ChatID string // the running one
	At     time.Time
	Chat   EarlierChat
	Thread chat.Thread
}

// Transfer lists where the chat can be transferred.
type Transfer struct {
	CSRF        string
	ChatID      string
	Name        string
	Seconds     int // for which an agent may answer
	Agents      []AgentOption
	Departments []DepartmentOption
}

// Reminders are the rules for sounds, notifications and reminders of chats that were not opened.
type Reminders struct {
	Repeat bool
	After  time.Duration // of the first one; 0 for never
	Quiet  []Period      // without sounds and notifications, in order
}

// Period is a time span.
type Period struct{ From, Until time.Time }

// Closing are the closings of the desk that the agent is reminded of.
type Closing struct {
	CSRF      string
	Reminders []ClosingReminder
}

// ClosingReminder is one closing and what is still open.
type ClosingReminder struct {
	At         time.Time
	IsClosed   bool
	Department string // its name; "" for the desk as a whole
	Chats      int    // live ones
	Messages   int    // that await a reply
	Links      []ClosingLink
	More       int // chats and messages without a link
}

// ClosingLink is a chat that is still open.
type ClosingLink struct{ ChatID, Name string }

// AgentOption is an agent who can take the chat.
type AgentOption struct {
	ID       string
	Name     string
	Load     int
	Reserved int // places that other offers hold
	Max      int
	Extra    bool // the agent may get one chat more than Max
}

// DepartmentOption is a department to which the chat can be offered: how many of its agents are online, how many of these
// can take a chat, and how many users wait.
type DepartmentOption struct {
	Slug                  string
	Name                  string
	Online, Free, Waiting int
}

// EmptyState explains why no chat is open and what the agent can do.
type EmptyState struct {
	CSRF     string
	Presence string
	Detail   string // as in Me
	Chats    int    // active ones
	Longest  string // the chat whose user has waited longest for an answer; "" when all are answered
	Waiting  int    // users in the queue
}

func (e EmptyState) kind() string {
	switch {
	case e.Longest != "":
		return "awaiting"
	case e.Detail == "lost_contact":
		return "lost"
	case e.Detail == "last_chats" && e.Chats > 0:
		return "answered"
	case e.Presence != "online":
		return e.Detail
	case e.Chats > 0:
		return "answered"
	default:
		return "ready"
	}
}
