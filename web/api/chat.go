package api

import (
	"context"
	"math"
	"strconv"
	"time"

	"parley/models"
	"parley/views/text"
)

// The objects of the contract, as the native clients decode them. Fields are added freely, never renamed or retyped.

// IntBool is a yes or no as 1 or 0.
type IntBool bool

// MarshalJSON writes 1 or 0.
func (f IntBool) MarshalJSON() ([]byte, error) {
	if f {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// Time is a time in UTC, to the microsecond that PostgreSQL keeps.
type Time time.Time

// MarshalJSON writes RFC 3339 with Z.
func (m Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, time.Time(m).UTC().Format("2006-01-02T15:04:05.999999Z")), nil
}

// OptionalTime is a time, or null.
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
}

// ServiceOf is the body of an agent.
func ServiceOf(a *models.AgentCard) *Service {
	if a == nil {
		return nil
	}
	return &Service{ID: a.ID, Name: a.Name, Avatar: a.Avatar, AvgRating: a.AvgRating, TotalRatings: a.TotalRatings}
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
}

// ChatOf is the body of a chat.
func ChatOf(c *models.Chat) Chat {
	return Chat{
		ChatID: c.ID, UserID: c.UserID, ServiceID: c.ServedBy(), Status: string(c.Status), IsEnded: IntBool(c.Status == models.Ended),
		CreatedAt: Time(c.CreatedAt), AssignedAt: OptionalTime(c.AssignedAt), EndedAt: OptionalTime(c.EndedAt), LastMessageAt: OptionalTime(c.LastMessageAt),
		TotalMessages: c.TotalMessages, EndedReason: c.EndedReason, EndedType: c.EndedType,
		UserRating: c.Rating, UserComment: c.RatingComment, RatedAt: OptionalTime(c.RatedAt), Department: c.Department, Priority: c.Priority,
	}
}

// AgentChat is a chat as agents see it.
type AgentChat struct {
	Chat
	UserName       string  `json:"user_name"`
	UserAvatar     *string `json:"user_avatar"`
	UserIsVerified IntBool `json:"user_is_verified"`
	UnreadCount    int     `json:"unread_count"`
	AwaitingSince  *Time   `json:"awaiting_since"`
}

// AgentChatOf is the body of a chat for agents.
func AgentChatOf(c *models.AgentChat) AgentChat {
	return AgentChat{Chat: ChatOf(&c.Chat), UserName: c.UserName, UserAvatar: c.UserAvatar, UserIsVerified: IntBool(c.UserIsVerified),
		UnreadCount: c.UnreadByAgent, AwaitingSince: OptionalTime(c.AwaitingReplySince)}
}

// Message is a message of a chat.
type Message struct {
	ID              int64       `json:"id"`
	ChatID          string      `json:"chat_id"`
	SenderID        string      `json:"sender_id"`
	SenderType      string      `json:"sender_type"`
	Content         string      `json:"content"`
	MessageType     string      `json:"message_type"`
	ClientMessageID *string     `json:"client_message_id"`
	IsRead          IntBool     `json:"is_read"`
	Status          string      `json:"status"`
	CreatedAt       Time        `json:"created_at"`
	SentAt          *Time       `json:"sent_at"`
	DeliveredAt     *Time       `json:"delivered_at"`
	ReadAt          *Time       `json:"read_at"`
	Attachment      *Attachment `json:"attachment"`
}

// MessageOf is a message with fresh addresses of what it carries.
func (l FileLinks) MessageOf(ctx context.Context, m *models.Message) Message {
	out := MessageOf(ctx, m)
	out.Attachment = l.Attachment(m.Attachment)
	return out
}

// MessageOf is a message of text.
func MessageOf(ctx context.Context, m *models.Message) Message {
	return Message{
		ID: m.ID, ChatID: m.ChatID, SenderID: m.SenderID, SenderType: string(m.SenderType), Content: MessageText(ctx, m),
		MessageType: string(m.Type), ClientMessageID: m.ClientMessageID, IsRead: IntBool(m.Status == models.Read), Status: string(m.Status),
		CreatedAt: Time(m.CreatedAt), SentAt: OptionalTime(&m.CreatedAt), DeliveredAt: OptionalTime(m.DeliveredAt), ReadAt: OptionalTime(m.ReadAt),
	}
}

// MessageText is what a message says; the lines of the system are worded here, in the reader's language.
func MessageText(ctx context.Context, m *models.Message) string {
	if m.SystemKind == nil {
		return m.Content
	}
	args := m.SystemArgs
	switch *m.SystemKind {
	case models.SystemJoined:
		waited, _ := strconv.Atoi(args["wait_seconds"])
		if waited < 5 {
			return text.T(ctx, "system.joined_at_once", "Name", args["agent"])
		}
		return text.T(ctx, "system.joined", "Name", args["agent"], "Time", text.Spoken(ctx, time.Duration(waited)*time.Second))
	case models.SystemReturned:
		return text.T(ctx, "system.returned", "Name", args["agent"])
	case models.SystemRequeued:
		return text.T(ctx, "system.requeued", "Name", args["agent"])
	case models.SystemTransferred:
		return text.T(ctx, "system.transferred", "Name", args["from"], "Other", args["to"])
	case models.SystemBrought:
		return text.T(ctx, "system.brought")
	case models.SystemGoesOn:
		return text.T(ctx, "system.goes_on")
	case models.SystemIdleWarning:
		left, _ := strconv.Atoi(args["seconds"])
		return text.T(ctx, "system.idle_warning", "Time", text.Spoken(ctx, time.Duration(left)*time.Second))
	}
	return m.Content
}

// QueueStatus is where a user stands: in the queue, assigned, or in neither.
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
}

// QueueStatusOf is the body of a queue status.
func QueueStatusOf(q models.QueueStatus) QueueStatus {
	out := QueueStatus{Status: q.State, ChatID: q.ChatID}
	switch q.State {
	case models.StateWaiting:
		minutes, waited := max(1, int(math.Ceil(float64(q.Estimate.Seconds)/60))), q.WaitSeconds/60
		knows := IntBool(q.Estimate.Known)
		out.QueueID, out.Position, out.QueuePosition = &q.QueueID, &q.Position, &q.Position
		out.EstimatedWaitTime, out.EstimatedWaitSeconds, out.EstimateIsKnown = &minutes, &q.Estimate.Seconds, &knows
		out.EstimateLowSeconds, out.EstimateHighSeconds = &q.Estimate.LowSeconds, &q.Estimate.HighSeconds
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

// QueueEntryOf is the body of a waiting chat.
func QueueEntryOf(e *models.QueueEntry) QueueEntry {
	return QueueEntry{QueueID: e.Chat.QueueID, ChatID: e.Chat.ID, UserID: e.Chat.UserID, UserName: e.UserName, Department: e.Chat.Department,
		Priority: e.Chat.Priority, QueuePosition: e.Position, WaitSeconds: e.WaitSeconds, QueuedAt: Time(e.Chat.QueuedAt),
		EstimatedWaitSeconds: e.Estimate.Seconds, WhyWaiting: e.WhyWaiting, UserIsVerified: IntBool(e.UserIsVerified)}
}

// AgentLoad is an agent with presence, load and capacity.
type AgentLoad struct {
	Service                 *Service `json:"service"`
	Presence                string   `json:"presence"`
	Load                    int      `json:"load"`
	MaxConcurrent           int      `json:"max_concurrent"`
	Utilisation             float64  `json:"utilisation"`
	OldestUnansweredSeconds *int     `json:"oldest_unanswered_seconds"`
}

// LoadOf is the body of an agent's load.
func LoadOf(l *models.AgentLoad) AgentLoad {
	out := AgentLoad{Service: ServiceOf(l.Agent.Card()), Presence: string(l.Agent.Presence), Load: l.Agent.Load,
		MaxConcurrent: l.Agent.MaxConcurrent, OldestUnansweredSeconds: l.OldestUnansweredSeconds}
	if l.Agent.MaxConcurrent > 0 {
		out.Utilisation = min(1, math.Round(100*float64(l.Agent.Load)/float64(l.Agent.MaxConcurrent))/100)
	} else if l.Agent.Load > 0 {
		out.Utilisation = 1 // the capacity was taken away while chats were open
	}
	return out
}

// Rating is an agent's average rating, 0 without ratings.
type Rating struct {
	ServiceID    string  `json:"service_id"`
	AvgRating    float64 `json:"avg_rating"`
	TotalRatings int     `json:"total_ratings"`
}

// RatingOf is the body of an agent's rating.
func RatingOf(a *models.Agent) Rating {
	return Rating{ServiceID: a.ID, AvgRating: a.AvgRating(), TotalRatings: a.RatingCount}
}

// Map presents every row of a list; an empty list is [].
func Map[T, J any](rows []T, present func(*T) J) []J {
	out := make([]J, len(rows))
	for i := range rows {
		out[i] = present(&rows[i])
	}
	return out
}
