package models

import "time"

// Publisher hears of every change after its commit. Publish must not block and must not fail: whoever misses an event
// finds the truth in PostgreSQL.
type Publisher interface {
	Publish(events []Event)
}

// EventKind says which field of an [Event] is set.
type EventKind string

// The kinds of events.
const (
	KindChange    EventKind = "change"
	KindTyping    EventKind = "typing"
	KindPresence  EventKind = "presence"
	KindQueue     EventKind = "queue"
	KindSignedOut EventKind = "signed_out"
	KindSettings  EventKind = "settings"
	KindErased    EventKind = "erased"
	KindRecheck   EventKind = "recheck"
)

// Event is something that was committed (or, for typing, merely happened).
type Event struct {
	Kind     EventKind       `json:"kind"`
	Change   *Change         `json:"change,omitempty"`
	Typing   *Typing         `json:"typing,omitempty"`
	Presence *PresenceChange `json:"presence,omitempty"`
	Queue    *QueueChange    `json:"queue,omitempty"`
	Erased   *Erased         `json:"erased,omitempty"`
	Recheck  *Recheck        `json:"recheck,omitempty"`
	// SessionHash is the session that ended; AgentID alone means every session of that agent, and UserIDs whatever those users came with.
	SessionHash []byte   `json:"session_hash,omitempty"`
	AgentID     string   `json:"agent_id,omitempty"`
	UserIDs     []string `json:"user_ids,omitempty"`
}

// Change is what one transaction did to one chat. Chat is the chat afterwards; its Version is the number of the change.
type Change struct {
	Chat        Chat           `json:"chat"`
	PrevAgentID string         `json:"prev_agent_id,omitempty"` // who had the chat before, when that changed
	Messages    []Message      `json:"messages,omitempty"`
	Statuses    []StatusChange `json:"statuses,omitempty"`
	Agent       *AgentCard     `json:"agent,omitempty"` // set with Assigned
	Assigned    bool           `json:"assigned,omitempty"`
	Returned    bool           `json:"returned,omitempty"` // went back to the queue
	Ended       bool           `json:"ended,omitempty"`
	Warned      bool           `json:"warned,omitempty"`
}

// StatusChange says that messages of one side reached a status.
type StatusChange struct {
	UpTo       int64         `json:"up_to"` // every message of that side up to here has come as far
	IDs        []int64       `bun:"ids,array" json:"ids"`
	Status     MessageStatus `json:"status"`
	SenderType SenderType    `json:"sender_type"` // who wrote the messages, so who waits to hear
	Version    int64         `json:"version"`
	At         time.Time     `json:"at"`
}

// Recheck asks streams to compare themselves with PostgreSQL, because something may have been committed that no other event tells of. It holds
// nothing that was not read from PostgreSQL after it was committed.
type Recheck struct {
	Chats []ChatVersion `json:"chats,omitempty"` // how far these chats have come, for their users and for the agents who are named
	Queue bool          `json:"queue,omitempty"` // the queue, or the presence or load of an agent, may have changed too
}

// Erased says that a user and all chats of that user are stored no more.
type Erased struct {
	UserID string       `json:"user_id"`
	Chats  []ErasedChat `json:"chats"`
}

// ErasedChat is a chat with whoever served it last, "" for nobody.
type ErasedChat struct {
	ID      string `json:"id"`
	AgentID string `json:"agent_id"`
}

// Typing says that somebody writes.
type Typing struct {
	ChatID     string     `json:"chat_id"`
	UserID     string     `json:"user_id"`
	AgentID    string     `json:"agent_id"`
	SenderType SenderType `json:"sender_type"`
}

// PresenceChange is an agent's presence and load after either changed.
type PresenceChange struct {
	ServiceID       string   `json:"service_id"`
	Presence        Presence `json:"presence"`
	Load            int      `json:"load"`
	MaxConcurrent   int      `json:"max_concurrent"`
	PresenceChanged bool     `json:"presence_changed"` // false when only load or capacity did
}

// QueueChange says why places in the queue may have changed.
type QueueChange struct {
	Cause      QueueCause `json:"cause"`
	Department string     `json:"department,omitempty"`
}

// QueueCause is the reason that a place or a wait changed.
type QueueCause string

// The causes.
const (
	CauseJoined   QueueCause = "joined"
	CauseHelped   QueueCause = "helped"
	CauseLeft     QueueCause = "left"
	CauseReturned QueueCause = "returned"
	CausePriority QueueCause = "priority"
	CauseAgentOn  QueueCause = "agent_on"
	CauseAgentOff QueueCause = "agent_off"
)

// AgentCard is what a user sees of the agent.
type AgentCard struct {
	ID           string  `json:"id"`
	Name         string  `json:"name"`
	Avatar       *string `json:"avatar"`
	AvgRating    float64 `json:"avg_rating"`
	TotalRatings int     `json:"total_ratings"`
}
