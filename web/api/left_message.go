package api

import (
	"time"

	"parley/models"
)

// LeftMessage is a message that a user left, as lists show it.
type LeftMessage struct {
	ChatID          string  `json:"chat_id"`
	Status          string  `json:"status"`
	UserName        string  `json:"user_name"`
	UserIsVerified  IntBool `json:"user_is_verified"`
	Department      *string `json:"department"`
	ServiceID       string  `json:"service_id"`
	CreatedAt       Time    `json:"created_at"`
	AssignedAt      *Time   `json:"assigned_at"`
	FirstResponseAt *Time   `json:"first_response_at"`
	EndedAt         *Time   `json:"ended_at"`
	AwaitingSince   *Time   `json:"awaiting_since"`
	ReplyDebt       int     `json:"reply_debt_seconds"` // of the opening hours
	ContactEmail    *string `json:"contact_email"`
}

// LeftMessageOf returns the body of a message.
func LeftMessageOf(m *models.AgentChat, debt time.Duration) LeftMessage {
	out := LeftMessage{
		ChatID: m.ID, Status: string(m.Status), UserName: m.UserName, UserIsVerified: IntBool(m.UserIsVerified), Department: m.Department,
		ServiceID: m.ServedBy(), CreatedAt: Time(m.CreatedAt), AssignedAt: OptionalTime(m.AssignedAt),
		FirstResponseAt: OptionalTime(m.FirstResponseAt), EndedAt: OptionalTime(m.EndedAt), ContactEmail: m.ContactEmail,
	}
	if m.Status != models.Ended {
		out.AwaitingSince, out.ReplyDebt = OptionalTime(m.AwaitingReplySince), int(debt.Seconds())
	}
	return out
}
