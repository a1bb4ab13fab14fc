// Package widget draws the panel that sites show in a frame.
//
// The page is made of parts with ids. Parts of the Panel change together with its state, so the stream and the answers to forms send all
// of Parts(panel). The composer and the messages are not among them, because updates must not touch what a user types or reads.
package widget

import (
	"time"

	"parley/views/chat"
)

// State is what the panel is doing.
type State string

// The states of the panel. The scripts show Connecting for the first two seconds of Waiting.
const (
	Greeting   State = "greeting"
	Offline    State = "offline" // greeting while no agent is online
	Connecting State = "connecting"
	Waiting    State = "waiting"
	Active     State = "active"
	Ended      State = "ended"
	Locked     State = "locked" // the site must identify the user first
)

// Panel is everything that the window shows.
type Panel struct {
	State State
	// NoSession is true while the browser holds no session: the scripts begin one, or wait in Locked.
	NoSession bool
	// User is the key under which the scripts store drafts, a hash of the user's id; "" without a session.
	User   string
	CSRF   string
	Origin string // of the site around the frame, the only one the scripts talk to; "" when opened by itself
	Site   string // the name of the company, "" if unknown
	Here   string // address of this page with its query, for plain links
	Fresh  string // address of this page with a new chat instead of the ended one

	IsClosed bool       // outside the opening hours, with State Offline
	OpensAt  *time.Time // when it opens next, with IsClosed; nil if that is not within a year

	Look               Look
	Department         string // asked for by the site or chosen as a topic, "" for any
	Refused            string // the error code of an invalid request by the site, for its scripts; "" for none
	PageURL, PageTitle string // where the user is, according to the site

	ChatID    string        // "" before the first question
	AnswersIn time.Duration // how fast answers usually come, 0 when unknown

	Ask   *Ask   // what the user is asked; nil for nothing
	Offer *Offer // to leave a message; nil for none
	Left  *Left  // the message that waits for its answer; nil for none, and there is no Queue then
	Agent *Agent // who answers; nil while there is none
	Queue *Queue // while waiting
	Idle  *Idle  // once warned of being idle
	End   *End   // once ended

	Thread chat.Thread

	HasAssistantNotice bool // the user is told that agents may use an assistant
}

// Look is what administrators made of the panel. What is empty is Parley's own.
type Look struct {
	Greeting, Away string  // the first line is the heading
	Avatar         string  // address of the picture
	PrivacyURL     string  // of a page
	Topics         []Topic // to choose from before the chat
}

// Topic is a department that users can choose. URL is the page with it, or without it if it is chosen.
type Topic struct {
	Name, URL string
	IsChosen  bool
}

// Agent is the agent who answers.
type Agent struct {
	Name string // the first name
	Away bool   // lost or away for a moment
	Bot  bool   // a program, in the place of a person
}

// Queue is the user's position in the queue.
type Queue struct {
	Position      int // 1 is next
	Behind        int // how many wait behind, 0 when unknown
	Since         time.Time
	Known         bool          // there is an estimate
	Low, High     time.Duration // the range of the estimate
	Median        time.Duration
	NoAgentOnline bool // no agent is online: no number is shown
	HasTranscript bool // there is something to download
	LongWait      bool // longer than the estimated wait
	Reason        *Reason
}

// Reason is why the position or the estimated wait changed. Kind is "helped", "left", "moved_up", "agent_on", "agent_off", "slower",
// "returned", "priority", "moved_back", "kept_place" or "you_returned".
type Reason struct {
	Kind     string
	From, To int    // places
	Minutes  int    // of agent_on, agent_off and slower
	Name     string // of you_returned
}

// Idle is the countdown of an idle chat.
type Idle struct {
	Until         time.Time
	Span          time.Duration // of the whole ring
	IdleFor       time.Duration // how long the chat has been idle
	AwaitingReply bool          // it is the agent who has not answered
	// Returns means that the chat will go back to the queue instead of ending.
	Returns bool
}

// End describes how a chat ended and whether it can still be rated. Kind is "user_idle", "agent_idle", "by_you", "by_agent",
// "cancelled", "abandoned" or "closed".
type End struct {
	Kind    string
	Reason  string // ended_reason of the API, for the site
	Name    string // the agent, "" if none ever answered
	At      time.Time
	IdleFor time.Duration // how long the chat was idle, for user_idle
	CanRate bool
	Offered []RatingReason // while it can be rated
	Rated   float64        // 0 when not rated
	Chosen  []string       // reasons of the rating
	Comment string         // as typed, when a rating was refused
	Error   string         // why it was refused
}

// RatingReason is a reason that is offered for ratings from MinStars to MaxStars.
type RatingReason struct {
	ID                 int64
	Name               string
	MinStars, MaxStars int
	IsChosen           bool // by a user whose other choice was refused
}
