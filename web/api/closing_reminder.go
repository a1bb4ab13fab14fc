package api

import "parley/models"

// ClosingReminders are the closings that an agent is reminded of.
type ClosingReminders struct {
	Reminders []ClosingReminder `json:"reminders"`
}

// ClosingReminder is the reminder of one closing.
type ClosingReminder struct {
	Department *string  `json:"department"` // null for those without hours of their own
	ClosesAt   Time     `json:"closes_at"`
	IsClosed   IntBool  `json:"is_closed"`
	Chats      int      `json:"open_chats"`
	Messages   int      `json:"unanswered_messages"`
	ChatIDs    []string `json:"chat_ids"`
}

// ClosingRemindersOf returns the body of reminders.
func ClosingRemindersOf(open []models.OpenAtClosing) ClosingReminders {
	return ClosingReminders{Map(open, func(o *models.OpenAtClosing) ClosingReminder {
		r := ClosingReminder{ClosesAt: Time(o.ClosesAt), IsClosed: IntBool(o.IsClosed), ChatIDs: []string{}}
		if o.Department != "" {
			r.Department = &o.Department
		}
		r.Chats, r.Messages = o.Counts()
		for _, c := range o.Chats {
			r.ChatIDs = append(r.ChatIDs, c.ID)
		}
		return r
	})}
}
