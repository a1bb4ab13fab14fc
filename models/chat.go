package models

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/uptrace/bun"
)

// Status is the state of a chat: waiting → active → ended, and active → waiting when it comes back from an agent.
type Status string

// The states of a chat.
const (
	Waiting Status = "waiting"
	Active  Status = "active"
	Ended   Status = "ended"
)

// Why and how a chat ended.
const (
	ReasonUserEnded    = "user_ended"
	ReasonServiceEnded = "service_ended" // by an agent or a supervisor
	ReasonTimeout      = "timeout"       // idle for IDLE_TIMEOUT
	ReasonCancelled    = "cancelled"     // ended while it waited
	ReasonAbandoned    = "abandoned"     // the user left while it waited

	TypeManual          = "manual"
	TypeUserInactive    = "user_inactive"    // a timeout after a message of the agent
	TypeServiceInactive = "service_inactive" // a timeout after a message of the user
	TypeAuto            = "auto"
)

// Chat is one conversation. While it waits it is the entry of the queue. The names of the columns and of the JSON stay
// those that stored data and running instances know.
type Chat struct {
	bun.BaseModel `bun:"table:chats" json:"-"`

	ID                   string       `bun:"id,pk"                              json:"id"`
	UserID               string       `bun:"user_id"                            json:"user_id"`
	AgentID              *string      `bun:"agent_id"                           json:"agent_id,omitempty"`
	Department           *string      `bun:"department"                         json:"department,omitempty"`
	Status               Status       `bun:"status"                             json:"status"`
	Priority             int          `bun:"priority"                           json:"priority,omitempty"`
	QueueID              int64        `bun:"queue_id"                           json:"queue_id"`
	QueuedAt             time.Time    `bun:"queued_at"                          json:"queued_at"`
	ReturnedAt           *time.Time   `bun:"returned_at"                        json:"returned_at,omitempty"` // by an agent: first in line
	AvoidAgentID         *string      `bun:"avoid_agent_id"                     json:"avoid_agent_id,omitempty"`
	AvoidUntil           *time.Time   `bun:"avoid_until"                        json:"avoid_until,omitempty"`
	EstimatedWaitSeconds *int         `bun:"predicted_seconds"                  json:"predicted_seconds,omitempty"` // when first queued
	EstimatedLowSeconds  *int         `bun:"predicted_low_seconds"              json:"predicted_low_seconds,omitempty"`
	EstimatedHighSeconds *int         `bun:"predicted_high_seconds"             json:"predicted_high_seconds,omitempty"`
	EstimateKnown        *bool        `bun:"predicted_known"                    json:"predicted_known,omitempty"`      // nil: not stored
	EstimateDepartment   *string      `bun:"predicted_department"               json:"predicted_department,omitempty"` // it was made for
	UserSeenAt           time.Time    `bun:"user_seen_at"                       json:"user_seen_at"`
	CreatedAt            time.Time    `bun:"created_at"                         json:"created_at"`
	AssignedAt           *time.Time   `bun:"assigned_at"                        json:"assigned_at,omitempty"` // the latest assignment
	FirstAssignedAt      *time.Time   `bun:"first_assigned_at"                  json:"first_assigned_at,omitempty"`
	FirstResponseAt      *time.Time   `bun:"first_response_at"                  json:"first_response_at,omitempty"`
	OpenedAt             *time.Time   `bun:"opened_at"                          json:"opened_at,omitempty"` // see IsUnopened
	EndedAt              *time.Time   `bun:"ended_at"                           json:"ended_at,omitempty"`
	EndedReason          *string      `bun:"ended_reason"                       json:"ended_reason,omitempty"`
	EndedType            *string      `bun:"ended_type"                         json:"ended_type,omitempty"`
	EndComment           *string      `bun:"end_comment"                        json:"end_comment,omitempty"`
	Version              int64        `bun:"version"                            json:"version"` // counts committed changes
	LastSeq              int          `bun:"last_seq"                           json:"last_seq"`
	TotalMessages        int          `bun:"total_messages"                     json:"total_messages"` // without notes
	LastMessageAt        *time.Time   `bun:"last_message_at"                    json:"last_message_at,omitempty"`
	IdleSince            *time.Time   `bun:"quiet_since"                        json:"quiet_since,omitempty"` // since when the chat is idle
	LastSender           *SenderType  `bun:"last_said_by"                       json:"last_said_by,omitempty"`
	AwaitingReplySince   *time.Time   `bun:"awaiting_since"                     json:"awaiting_since,omitempty"` // oldest without a reply
	WarnedAt             *time.Time   `bun:"warned_at"                          json:"warned_at,omitempty"`
	UnreadByAgent        int          `bun:"unread_by_agent"                    json:"unread_by_agent,omitempty"`
	UnreadByUser         int          `bun:"unread_by_user"                     json:"unread_by_user,omitempty"`
	PageURL              *string      `bun:"page_url"                           json:"page_url,omitempty"`
	PageTitle            *string      `bun:"page_title"                         json:"page_title,omitempty"`
	Rating               *float64     `bun:"rating"                             json:"rating,omitempty"`
	RatingComment        *string      `bun:"rating_comment"                     json:"rating_comment,omitempty"`
	RatedAt              *time.Time   `bun:"rated_at"                           json:"rated_at,omitempty"`
	RatingReasons        []ReasonName `bun:"rating_reasons,type:jsonb,nullzero" json:"rating_reasons,omitempty"` // nil for none
	Outcome              *string      `bun:"outcome"                            json:"outcome,omitempty"`
	Tags                 []string     `bun:"tags,array"                         json:"tags,omitempty"` // nil for none
	WrappedUpAt          *time.Time   `bun:"wrapped_up_at"                      json:"wrapped_up_at,omitempty"`
	WrapUpSkipped        bool         `bun:"wrap_up_skipped"                    json:"wrap_up_skipped,omitempty"` // at WrappedUpAt
	AnsweredAt           *time.Time   `bun:"answered_at"                        json:"answered_at,omitempty"`     // see Answer
	OfferID              *int64       `bun:"offer_id"                           json:"offer_id,omitempty"`        // open; nil for none

	// For agents only.
	JoinedIDs    []string   `bun:"joined_ids,array"  json:"joined_ids,omitempty"`  // supervisors who write in it; nil for none
	WatcherIDs   []string   `bun:"watcher_ids,array" json:"watcher_ids,omitempty"` // readers that the agent is told of; nil for none
	HandRaisedAt *time.Time `bun:"hand_raised_at"    json:"hand_raised_at,omitempty"`
	HandLine     *string    `bun:"hand_line"         json:"hand_line,omitempty"`
	Transfers    int        `bun:"transfers"         json:"transfers,omitempty"` // by agents and supervisors

	BotID *string `bun:"bot_id" json:"bot_id,omitempty"` // that got the chat when it began, see IsWithBot; nil for none

	Channel Channel `bun:"channel" json:"channel"` // "" in events of the previous release, which knows no messages
	// Of a message.
	ContactEmail  *string    `bun:"contact_email"  json:"contact_email,omitempty"`  // where the answer goes
	ContactName   *string    `bun:"contact_name"   json:"contact_name,omitempty"`   // as the user wrote it
	ContactLocale *string    `bun:"contact_locale" json:"contact_locale,omitempty"` // in which to write to the user, such as zh-CN
	ConsentedAt   *time.Time `bun:"consented_at"   json:"consented_at,omitempty"`
	ConsentText   *string    `bun:"consent_text"   json:"consent_text,omitempty"` // what the user agreed to; nil for nothing
	UserHereAt    *time.Time `bun:"user_here_at"   json:"user_here_at,omitempty"` // last heartbeat of the user; nil while not there
	LiveAt        *time.Time `bun:"live_at"        json:"live_at,omitempty"`      // when the user began to wait live after QueuedAt
}

// Channel is how the user of a chat is reached.
type Channel string

// The channels.
const (
	ChannelChat    Channel = "chat"    // live, in the widget or an app
	ChannelMessage Channel = "message" // by e-mail, while the user does not wait for the answer
)

// IsMessage reports whether the user left a message instead of waiting: the chat waits without end, never idles out and
// takes no place of a live chat.
func (c *Chat) IsMessage() bool { return c.Channel == ChannelMessage }

// WaitsSince returns since when the user of a waiting chat has waited: since the user came back, for one who left a
// message, and since a bot handed over.
func (c *Chat) WaitsSince() time.Time {
	if !c.IsMessage() && c.LiveAt != nil {
		return *c.LiveAt
	}
	return c.QueuedAt
}

// IsOpen reports whether the chat is waiting or active.
func (c *Chat) IsOpen() bool { return c.Status != Ended }

// ServedBy returns the id of the chat's agent, "" while there is none.
func (c *Chat) ServedBy() string {
	if c.AgentID == nil {
		return ""
	}
	return *c.AgentID
}

// AgentChat is a chat as the agent's list shows it.
type AgentChat struct {
	Chat

	User           UserCard
	UserName       string // what to call the user, also where no name is known
	UserAvatar     *string
	UserEmail      *string
	UserIsVerified bool
	// NameIsUnverified is true for a name that no host site has signed.
	NameIsUnverified bool
	LastContent      *string
	LastSender       *SenderType
	LastSenderID     string
	LastType         MessageType // of the message that LastContent is from, "" for none
	LastID           int64       // of that message, 0 for none
	LastIsWithdrawn  bool        // the message was withdrawn, so LastContent is empty
}

// SetUser sets everything that the list shows of the user.
func (c *AgentChat) SetUser(u UserCard) {
	c.User, c.UserAvatar, c.UserEmail, c.UserIsVerified = u, u.Avatar, u.Email, u.IsVerified
	c.NameIsUnverified = u.Name != "" && !u.IsVerified
	c.UserName = displayName(&u.Name, c.UserID)
}

// SetLast makes the message the one that the list shows, unless it is a note or a system message.
func (c *AgentChat) SetLast(m *Message) {
	if m.Type != Note && m.Type != SystemMessage {
		preview := previewOf(m.Content)
		c.LastContent, c.LastSender, c.LastType = &preview, &m.SenderType, m.Type
		c.LastSenderID, c.LastID, c.LastIsWithdrawn = m.SenderID, m.ID, m.IsWithdrawn()
	}
}

// UpdateLast is SetLast for a message that was edited or withdrawn. It changes nothing unless the list shows the message.
func (c *AgentChat) UpdateLast(m *Message) {
	if m.ID == c.LastID {
		c.SetLast(m)
	}
}

// previewOf returns the part of a message that the list shows. A character of several code points is not cut.
func previewOf(content string) string {
	if codes := []rune(content); len(codes) > previewLength {
		content = string(codes[:previewLength])
	}
	return Beginning(content, previewLength-1)
}

// User is the end user who asks for help.
type User struct {
	bun.BaseModel `bun:"table:users"`

	ID         string    `bun:"id,pk"`
	Name       *string   `bun:"name"`
	Email      *string   `bun:"email"`
	Avatar     *string   `bun:"avatar"`
	IsVerified bool      `bun:"is_verified"`
	Locale     string    `bun:"locale"`
	CreatedAt  time.Time `bun:"created_at"`

	Attributes Attributes `bun:"attributes,type:jsonb,nullzero"`
}

// Card returns what agents see of the user.
func (u *User) Card() *UserCard {
	return &UserCard{
		Name: deref(u.Name), Email: u.Email, Avatar: u.Avatar, IsVerified: u.IsVerified, Locale: u.Locale, Attributes: u.Attributes,
	}
}

// DisplayName returns the user's name, or "Guest 1234" with four digits derived from the id.
func (u *User) DisplayName() string { return displayName(u.Name, u.ID) }

func displayName(name *string, id string) string {
	if name != nil && !IsBlank(*name) {
		return *name
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return fmt.Sprintf("Guest %04d", h.Sum32()%10000)
}

func ptr[T any](v T) *T { return &v }

// deref returns what a pointer points to, and the zero value for nil.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
