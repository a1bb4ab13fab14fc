package models

import "time"

// Publisher receives every change after its commit. Publish must not block and cannot fail: a receiver that misses an
// event reads the change from PostgreSQL.
type Publisher interface {
	Publish(events []Event)
}

// EventKind identifies the field of an [Event] that is set.
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

	KindUserChange EventKind = "user"
	KindDraft      EventKind = "draft"
	KindOffer      EventKind = "offer"
	KindAlert      EventKind = "alert"
	// KindFlags announces that the list of chats that need a supervisor changed; it has no field.
	KindFlags EventKind = "flags"
)

// Event is a change that was committed, or, for typing, something that only happens. Instances send it to one another
// as JSON, so that its names stay as they are.
type Event struct {
	Kind     EventKind       `json:"kind"`
	Change   *Change         `json:"change,omitempty"`
	Typing   *Typing         `json:"typing,omitempty"`
	Presence *PresenceChange `json:"presence,omitempty"`
	Queue    *QueueChange    `json:"queue,omitempty"`
	Erased   *Erased         `json:"erased,omitempty"`
	Recheck  *Recheck        `json:"recheck,omitempty"`
	User     *UserChange     `json:"user,omitempty"`
	Draft    *DraftChange    `json:"draft,omitempty"`
	Offer    *Offer          `json:"offer,omitempty"` // as it is now, for its two agents
	Alert    *Alert          `json:"alert,omitempty"` // as it is now, for supervisors
	// Agent is the agent of Presence; nil in events of earlier releases.
	Agent *AgentState `json:"agent,omitempty"`
	// SessionHash is a session that ended. AgentID alone means every session of that agent, UserIDs every session of
	// those users.
	SessionHash []byte   `json:"session_hash,omitempty"`
	AgentID     string   `json:"agent_id,omitempty"`
	UserIDs     []string `json:"user_ids,omitempty"`
}

// Change is what one transaction did to one chat. Chat is the chat afterwards; its Version is the number of the change.
type Change struct {
	Chat        Chat           `json:"chat"`
	PrevAgentID string         `json:"prev_agent_id,omitempty"` // agent who had the chat before, when that changed
	Messages    []Message      `json:"messages,omitempty"`      // that it added, in their order
	Updated     []Message      `json:"updated,omitempty"`       // that were edited or withdrawn, as they are now
	Statuses    []StatusChange `json:"statuses,omitempty"`
	Agent       *AgentCard     `json:"agent,omitempty"` // set with Assigned
	User        *UserCard      `json:"user,omitempty"`  // set when the user, or what is known of the user, changed
	Assigned    bool           `json:"assigned,omitempty"`
	Returned    bool           `json:"returned,omitempty"` // went back to the queue
	Ended       bool           `json:"ended,omitempty"`
	Warned      bool           `json:"warned,omitempty"` // will end if it stays idle
	Rated       bool           `json:"rated,omitempty"`
}

// StatusChange announces that messages of one side reached a status.
type StatusChange struct {
	UpTo       int64         `json:"up_to"` // every message of that side up to this id has reached it
	IDs        []int64       `json:"ids"         bun:"ids,array"`
	Status     MessageStatus `json:"status"`
	SenderType SenderType    `json:"sender_type"` // the side that wrote the messages
	Version    int64         `json:"version"`
	At         time.Time     `json:"at"`
}

// Recheck asks streams to compare themselves with PostgreSQL, because something may have been committed that no other
// event reports. It holds only what was read from PostgreSQL after the commit.
type Recheck struct {
	Chats []ChatVersion `json:"chats,omitempty"` // versions of these chats, for their users and the agents that they name
	Queue bool          `json:"queue,omitempty"` // the queue, or the presence or load of an agent, may have changed too
}

// Erased announces that a user and all chats of that user were deleted.
type Erased struct {
	UserID string       `json:"user_id"`
	Chats  []ErasedChat `json:"chats"`
}

// ErasedChat is a chat that is no longer stored.
type ErasedChat struct {
	ID      string `json:"id"`
	AgentID string `json:"agent_id"` // agent who served it last; "" for none
}

// Typing announces that one side of a chat is typing.
type Typing struct {
	ChatID     string     `json:"chat_id"`
	UserID     string     `json:"user_id"`
	AgentID    string     `json:"agent_id"` // "" while the chat waits
	SenderType SenderType `json:"sender_type"`
}

// PresenceChange is an agent's presence and load after either changed.
type PresenceChange struct {
	ServiceID       string   `json:"service_id"`
	Presence        Presence `json:"presence"`
	Load            int      `json:"load"`
	Reserved        int      `json:"reserved,omitempty"` // 0 in events of earlier releases
	MaxConcurrent   int      `json:"max_concurrent"`
	PresenceChanged bool     `json:"presence_changed"` // false when only the detail, load or capacity did

	// For the agent and for supervisors, never for users; Detail is "" in events of earlier releases.
	Detail        PresenceDetail `json:"detail,omitempty"`
	DetailChanged bool           `json:"detail_changed,omitempty"` // one of the other fields down to MaxUntil changed
	Since         time.Time      `json:"since,omitzero"`           // of Detail
	Break         *Break         `json:"break,omitempty"`
	ExtraUntil    *time.Time     `json:"extra_until,omitempty"` // until when the agent may get one chat more than MaxConcurrent
	HasExtra      bool           `json:"has_extra,omitempty"`   // the agent holds that chat
	RegularMax    *int           `json:"regular_max,omitempty"` // what MaxConcurrent is again after MaxUntil; nil unless it is temporary
	MaxUntil      *time.Time     `json:"max_until,omitempty"`
}

// AgentState is what an agent's own screen shows of the agent in addition to presence, load and capacity.
type AgentState struct {
	DesiredPresence   Presence   `json:"desired_presence"`
	DesiredPresenceAt time.Time  `json:"desired_presence_at"`
	SeenAt            time.Time  `json:"seen_at"`
	LostAt            *time.Time `json:"lost_at,omitempty"`
	DisabledAt        *time.Time `json:"disabled_at,omitempty"`

	ChosenDetail   *PresenceDetail `json:"chosen_detail,omitempty"`
	BreakOverdueAt *time.Time      `json:"break_overdue_at,omitempty"`
	Reminders      *Reminders      `json:"reminders,omitempty"` // nil in events of earlier releases

	ClosingReminders *[]ClosingReminder `json:"closing_reminders,omitempty"` // nil in events of earlier releases
}

// QueueChange announces that positions in the queue, or estimated waits, may have changed.
type QueueChange struct {
	Cause      QueueCause `json:"cause"`
	Department string     `json:"department,omitempty"` // of the chat that caused it; "" for none or when an agent did
}

// QueueCause is the reason of a [QueueChange].
type QueueCause string

// The causes.
const (
	CauseJoined   QueueCause = "joined"   // a chat was queued
	CauseHelped   QueueCause = "helped"   // a chat was assigned
	CauseLeft     QueueCause = "left"     // a waiting chat ended
	CauseReturned QueueCause = "returned" // a chat came back from an agent
	CausePriority QueueCause = "priority" // a waiting chat got another priority
	CauseAgentOn  QueueCause = "agent_on"
	CauseAgentOff QueueCause = "agent_off"
)

// UserChange announces new data of a user to the agents who have ended chats of the user. For an open chat the data is
// part of its Change, in the order of the chat's versions.
type UserChange struct {
	UserID     string   `json:"user_id"`
	PrevUserID string   `json:"prev_user_id,omitempty"` // user whose chats became this user's; "" for none
	Card       UserCard `json:"card"`
	AgentIDs   []string `json:"agent_ids"`
	// ProfileChanged is set when tags or notes of the user changed. AgentIDs are then all who have or had chats with the user.
	ProfileChanged bool `json:"profile_changed,omitempty"`
}

// UserCard is what agents see of a user.
type UserCard struct {
	Name       string  `json:"name"` // "" when none is known
	Email      *string `json:"email,omitempty"`
	Avatar     *string `json:"avatar,omitempty"`
	IsVerified bool    `json:"is_verified,omitempty"`
	Locale     string  `json:"locale,omitempty"`

	Attributes Attributes `json:"attributes,omitempty"`
}

// AgentCard is what a user sees of an agent.
type AgentCard struct {
	ID           string  `json:"id"`
	Name         string  `json:"name"`
	Avatar       *string `json:"avatar"`
	AvgRating    float64 `json:"avg_rating"`
	TotalRatings int     `json:"total_ratings"`
	IsBot        bool    `json:"is_bot,omitempty"`
}
