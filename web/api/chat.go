package api

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"time"

	"parley/models"
)

// The objects of the JSON interface, as native clients decode them. Fields may be added, but never renamed or retyped.

// IntBool is a boolean that is 1 or 0 in JSON.
type IntBool bool

// MarshalJSON writes 1 or 0.
func (b IntBool) MarshalJSON() ([]byte, error) {
	if b {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// Time is a time that is written in UTC with the microseconds that PostgreSQL stores.
type Time time.Time

// MarshalJSON writes RFC 3339 with Z.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, time.Time(t).UTC().Format("2006-01-02T15:04:05.999999Z")), nil
}

// OptionalTime returns the time, or nil for null.
func OptionalTime(t *time.Time) *Time {
	if t == nil {
		return nil
	}
	m := Time(*t)
	return &m
}

// Service is an agent as users see it.
type Service struct {
	ID           string  `json:"id"`
	Name         string  `json:"name"`
	Avatar       *string `json:"avatar"`
	AvgRating    float64 `json:"avg_rating"`
	TotalRatings int     `json:"total_ratings"`
	IsBot        IntBool `json:"is_bot"`
}

// ServiceOf returns the body of an agent, nil for no agent.
func ServiceOf(a *models.AgentCard) *Service {
	if a == nil {
		return nil
	}
	return &Service{ID: a.ID, Name: a.Name, Avatar: a.Avatar, AvgRating: a.AvgRating, TotalRatings: a.TotalRatings, IsBot: IntBool(a.IsBot)}
}

// Chat is a chat as its user sees it.
type Chat struct {
	ChatID        string   `json:"chat_id"`
	UserID        string   `json:"user_id"`
	ServiceID     string   `json:"service_id"`
	Status        string   `json:"status"`
	IsEnded       IntBool  `json:"is_ended"`
	CreatedAt     Time     `json:"created_at"`
	AssignedAt    *Time    `json:"assigned_at"`
	EndedAt       *Time    `json:"ended_at"`
	LastMessageAt *Time    `json:"last_message_at"`
	TotalMessages int      `json:"total_messages"`
	EndedReason   *string  `json:"ended_reason"`
	EndedType     *string  `json:"ended_type"`
	UserRating    *float64 `json:"user_rating"`
	UserComment   *string  `json:"user_comment"`
	RatedAt       *Time    `json:"rated_at"`
	Department    *string  `json:"department"`
	Priority      int      `json:"priority"`
	Channel       string   `json:"channel"`
	IsWithBot     IntBool  `json:"is_with_bot"`

	RatingReasons []ReasonName `json:"rating_reasons"`
}

// ChatOf returns the body of a chat.
func ChatOf(c *models.Chat) Chat {
	return Chat{
		ChatID:        c.ID,
		UserID:        c.UserID,
		ServiceID:     c.ServedBy(),
		Status:        string(c.Status),
		IsEnded:       IntBool(c.Status == models.Ended),
		CreatedAt:     Time(c.CreatedAt),
		AssignedAt:    OptionalTime(c.AssignedAt),
		EndedAt:       OptionalTime(c.EndedAt),
		LastMessageAt: OptionalTime(c.LastMessageAt),
		TotalMessages: c.TotalMessages,
		EndedReason:   c.EndedReason,
		EndedType:     c.EndedType,
		UserRating:    c.Rating,
		UserComment:   c.RatingComment,
		RatedAt:       OptionalTime(c.RatedAt),
		Department:    c.Department,
		Priority:      c.Priority,
		Channel:       channelOf(c.Channel),
		IsWithBot:     IntBool(c.IsWithBot()),
		RatingReasons: ChosenReasons(c),
	}
}

// channelOf returns a channel, also that of a chat in an event of the previous release, which has none.
func channelOf(c models.Channel) string { return string(cmp.Or(c, models.ChannelChat)) }

// AgentChat is a chat as agents see it.
type AgentChat struct {
	Chat
	UserName       string  `json:"user_name"`
	UserAvatar     *string `json:"user_avatar"`
	UserIsVerified IntBool `json:"user_is_verified"`
	UnreadCount    int     `json:"unread_count"`
	AwaitingSince  *Time   `json:"awaiting_since"`
	OpenedAt       *Time   `json:"opened_at"` // null until its agent has opened it since the assignment

	UserAttributes models.Attributes `json:"user_attributes"`

	Outcome     *string  `json:"outcome"`
	Tags        []string `json:"tags"`
	WrappedUpAt *Time    `json:"wrapped_up_at"`

	HandRaisedAt       *Time    `json:"hand_raised_at"`
	HandLine           string   `json:"hand_line"`
	JoinedServiceIDs   []string `json:"joined_service_ids"`
	WatchingServiceIDs []string `json:"watching_service_ids"`
	Contact
}

// Contact is where the answer to a message goes. For a live chat all is null or 0, unless its user left a message before.
type Contact struct {
	ContactEmail  *string `json:"contact_email"`
	ContactName   *string `json:"contact_name"`
	ContactLocale *string `json:"contact_locale"`
	ConsentedAt   *Time   `json:"consented_at"`
	UserIsHere    IntBool `json:"user_is_here"` // in the widget or an app now
}

// ContactOf returns where the answer to a chat goes.
func ContactOf(c *models.Chat) Contact {
	return Contact{
		ContactEmail: c.ContactEmail, ContactName: c.ContactName, ContactLocale: c.ContactLocale,
		ConsentedAt: OptionalTime(c.ConsentedAt), UserIsHere: IntBool(c.UserHereAt != nil),
	}
}

// TagsOf returns the tags of a chat, an empty list for none.
func TagsOf(c *models.Chat) []string { return append([]string{}, c.Tags...) }

// AgentChatOf returns the body of a chat for agents.
func AgentChatOf(c *models.AgentChat) AgentChat {
	out := AgentChat{
		Chat: ChatOf(&c.Chat), UserName: c.UserName, UserAvatar: c.UserAvatar, UserIsVerified: IntBool(c.UserIsVerified),
		UnreadCount: c.UnreadByAgent, AwaitingSince: OptionalTime(c.AwaitingReplySince),
		UserAttributes: AttributesOf(c.User.Attributes),
		Outcome:        c.Outcome, Tags: TagsOf(&c.Chat), WrappedUpAt: OptionalTime(c.WrappedUpAt),
	}
	assistance := AssistanceOf(&c.Chat)
	out.HandRaisedAt, out.HandLine = assistance.HandRaisedAt, assistance.HandLine
	out.Contact = ContactOf(&c.Chat)
	out.JoinedServiceIDs, out.WatchingServiceIDs = assistance.JoinedServiceIDs, assistance.WatchingServiceIDs
	if !c.IsUnopened() {
		out.OpenedAt = OptionalTime(c.OpenedAt)
	}
	return out
}

// Message is a message of a chat.
type Message struct {
	ID              int64       `json:"id"`
	ChatID          string      `json:"chat_id"`
	SenderID        string      `json:"sender_id"`
	SenderType      string      `json:"sender_type"`
	SenderKind      string      `json:"sender_kind"`
	Content         string      `json:"content"`
	MessageType     string      `json:"message_type"`
	ClientMessageID *string     `json:"client_message_id"`
	IsRead          IntBool     `json:"is_read"`
	Status          string      `json:"status"`
	CreatedAt       Time        `json:"created_at"`
	SentAt          *Time       `json:"sent_at"`
	DeliveredAt     *Time       `json:"delivered_at"`
	ReadAt          *Time       `json:"read_at"`
	EditedAt        *Time       `json:"edited_at"`
	WithdrawnAt     *Time       `json:"withdrawn_at"`
	Via             *string     `json:"via"`
	Attachment      *Attachment `json:"attachment"`
	QuickReplies    []string    `json:"quick_replies"`
}

// MessageOf returns the body of a message with newly signed links to its attachment.
func (l FileLinks) MessageOf(ctx context.Context, m *models.Message) Message {
	out := MessageOf(ctx, m)
	out.Attachment = l.Attachment(m.Attachment)
	return out
}

// MessageOf returns the body of a message without its attachment.
func MessageOf(ctx context.Context, m *models.Message) Message {
	return Message{
		ID: m.ID, ChatID: m.ChatID, SenderID: m.SenderID, SenderType: string(m.SenderType), SenderKind: senderKind(m),
		Content:     MessageText(ctx, m, ForPrograms),
		MessageType: messageType(m), ClientMessageID: m.ClientMessageID, IsRead: IntBool(m.Status == models.Read), Status: string(m.Status),
		CreatedAt: Time(m.CreatedAt), SentAt: OptionalTime(&m.CreatedAt), DeliveredAt: OptionalTime(m.DeliveredAt),
		ReadAt: OptionalTime(m.ReadAt), EditedAt: OptionalTime(m.EditedAt), WithdrawnAt: OptionalTime(m.WithdrawnAt), Via: m.Via,
		QuickReplies: append([]string{}, m.QuickReplies...),
	}
}

// senderKind returns who sent a message: user, agent, bot or system.
func senderKind(m *models.Message) string {
	switch {
	case m.ByBot:
		return "bot"
	case m.SenderType == models.FromAgent:
		return "agent"
	}
	return string(m.SenderType)
}

// messageType returns the type of a message. A whisper is a type of its own for agents; users get neither whispers nor notes.
func messageType(m *models.Message) string {
	if m.IsWhisper() {
		return "whisper"
	}
	return string(m.Type)
}

// MessageVersion is what a message was until it was edited or withdrawn.
type MessageVersion struct {
	Content    string      `json:"content"`
	WrittenAt  Time        `json:"written_at"`
	ReplacedAt Time        `json:"replaced_at"`
	Attachment *Attachment `json:"attachment"`
}

// VersionOf returns the body of a version with newly signed links to its file.
func (l FileLinks) VersionOf(v *models.MessageVersion) MessageVersion {
	return MessageVersion{
		Content: v.Content, WrittenAt: Time(v.WrittenAt), ReplacedAt: Time(v.ReplacedAt), Attachment: l.Attachment(v.Attachment),
	}
}

// QueueStatus is the state of a user: waiting in the queue, assigned to an agent, or neither.
type QueueStatus struct {
	Status               string   `json:"status"`
	QueueID              *int64   `json:"queue_id,omitempty"`
	ChatID               string   `json:"chat_id,omitempty"`
	Position             *int     `json:"position,omitempty"`
	QueuePosition        *int     `json:"queue_position,omitempty"`
	EstimatedWaitTime    *int     `json:"estimated_wait_time,omitempty"`
	EstimatedWaitSeconds *int     `json:"estimated_wait_seconds,omitempty"`
	EstimateIsKnown      *IntBool `json:"is_estimate_known,omitempty"`
	EstimateLowSeconds   *int     `json:"estimated_wait_low_seconds,omitempty"`
	EstimateHighSeconds  *int     `json:"estimated_wait_high_seconds,omitempty"`
	WaitSeconds          *int     `json:"wait_seconds,omitempty"`
	WaitTimeMinutes      *int     `json:"wait_time_minutes,omitempty"`
	QueuedAt             *Time    `json:"queued_at,omitempty"`
	AssignedServiceID    string   `json:"assigned_service_id,omitempty"`
	AssignedAt           *Time    `json:"assigned_at,omitempty"`
	Department           *string  `json:"department,omitempty"`
	Channel              string   `json:"channel,omitempty"`
	MessageOffer         *string  `json:"message_offer,omitempty"`
}

// QueueStatusOf returns the body of a queue status. Waits are also given in minutes, rounded up, for older clients.
func QueueStatusOf(q models.QueueStatus) QueueStatus {
	out := QueueStatus{Status: q.State, ChatID: q.ChatID}
	if q.State != models.StateNotInQueue {
		out.Channel = channelOf(q.Channel)
	}
	switch q.State {
	case models.StateWaiting:
		minutes, waited := max(1, int(math.Ceil(float64(q.Estimate.Seconds)/60))), q.WaitSeconds/60
		isKnown := IntBool(q.Estimate.Known)
		out.QueueID, out.Position, out.QueuePosition = &q.QueueID, &q.Position, &q.Position
		out.EstimatedWaitTime, out.EstimatedWaitSeconds, out.EstimateIsKnown = &minutes, &q.Estimate.Seconds, &isKnown
		out.EstimateLowSeconds, out.EstimateHighSeconds = &q.Estimate.LowSeconds, &q.Estimate.HighSeconds
		offer := string(q.MessageOffer)
		out.MessageOffer = &offer
		out.WaitSeconds, out.WaitTimeMinutes, out.QueuedAt, out.Department = &q.WaitSeconds, &waited, OptionalTime(q.QueuedAt), q.Department
	case models.StateAssigned:
		out.AssignedServiceID, out.AssignedAt = q.AgentID, OptionalTime(q.AssignedAt)
	}
	return out
}

// QueueEntry is a waiting chat as supervisors see it.
type QueueEntry struct {
	QueueID              int64   `json:"queue_id"`
	ChatID               string  `json:"chat_id"`
	UserID               string  `json:"user_id"`
	UserName             string  `json:"user_name"`
	Department           *string `json:"department"`
	Priority             int     `json:"priority"`
	QueuePosition        int     `json:"queue_position"`
	WaitSeconds          int     `json:"wait_seconds"`
	QueuedAt             Time    `json:"queued_at"`
	EstimatedWaitSeconds int     `json:"estimated_wait_seconds"`
	WhyWaiting           string  `json:"why_waiting"`
	UserIsVerified       IntBool `json:"user_is_verified"`
}

// QueueEntryOf returns the body of a waiting chat.
func QueueEntryOf(e *models.QueueEntry) QueueEntry {
	return QueueEntry{
		QueueID: e.Chat.QueueID, ChatID: e.Chat.ID, UserID: e.Chat.UserID, UserName: e.UserName, Department: e.Chat.Department,
		Priority: e.Chat.Priority, QueuePosition: e.Position, WaitSeconds: e.WaitSeconds, QueuedAt: Time(e.Chat.QueuedAt),
		EstimatedWaitSeconds: e.Estimate.Seconds, WhyWaiting: e.WhyWaiting, UserIsVerified: IntBool(e.UserIsVerified),
	}
}

// AgentLoad is an agent with presence, load and capacity.
type AgentLoad struct {
	Service                 *Service `json:"service"`
	Presence                string   `json:"presence"`
	Load                    int      `json:"load"`
	Reserved                int      `json:"reserved"` // places that open offers hold
	MaxConcurrent           int      `json:"max_concurrent"`
	Utilisation             float64  `json:"utilisation"`
	OldestUnansweredSeconds *int     `json:"oldest_unanswered_seconds"`
	PresenceDetails
}

// LoadOf returns the body of an agent's load.
func LoadOf(l *models.AgentLoad) AgentLoad {
	out := AgentLoad{
		Service: ServiceOf(l.Agent.Card()), Presence: string(l.Agent.Presence), Load: l.Agent.Load, Reserved: l.Agent.Reserved,
		MaxConcurrent: l.Agent.MaxConcurrent, OldestUnansweredSeconds: l.OldestUnansweredSeconds,
		PresenceDetails: PresenceDetailsOf(l.Agent.PresenceChange()),
	}
	if l.Agent.MaxConcurrent > 0 {
		out.Utilisation = min(1, math.Round(100*float64(l.Agent.Load)/float64(l.Agent.MaxConcurrent))/100)
	} else if l.Agent.Load > 0 {
		out.Utilisation = 1 // the capacity was set to 0 while chats were open
	}
	return out
}

// Rating is an agent's average rating, 0 without ratings.
type Rating struct {
	ServiceID    string  `json:"service_id"`
	AvgRating    float64 `json:"avg_rating"`
	TotalRatings int     `json:"total_ratings"`
}

// RatingOf returns the body of an agent's rating.
func RatingOf(a *models.Agent) Rating {
	return Rating{ServiceID: a.ID, AvgRating: a.AvgRating(), TotalRatings: a.RatingCount}
}

// Map converts every row of a list. An empty list becomes [] in JSON, not null.
func Map[T, J any](rows []T, present func(*T) J) []J {
	out := make([]J, len(rows))
	for i := range rows {
		out[i] = present(&rows[i])
	}
	return out
}
