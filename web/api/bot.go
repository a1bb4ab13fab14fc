package api

import "parley/models"

// Bot is a bot as administrators and supervisors see it.
type Bot struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	State           string   `json:"state"`
	IsEnabled       IntBool  `json:"is_enabled"`
	Departments     []string `json:"departments"`
	ServesGeneral   IntBool  `json:"serves_general"`
	MaxConcurrent   int      `json:"max_concurrent"`
	AnswerSeconds   int      `json:"answer_seconds"`
	Chats           int      `json:"chats"`
	SilentInARow    int      `json:"silent_in_a_row"`
	PassedOverUntil *Time    `json:"passed_over_until"`
	CreatedAt       Time     `json:"created_at"`
}

// BotOf returns the body of a bot.
func BotOf(b *models.Bot) Bot {
	out := Bot{
		ID: b.ID, Name: b.Name, State: string(b.State()), IsEnabled: IntBool(b.DisabledAt == nil),
		Departments:   append([]string{}, b.Departments...),
		ServesGeneral: IntBool(b.ServesGeneral), MaxConcurrent: b.MaxConcurrent, AnswerSeconds: b.AnswerSeconds, Chats: b.Chats,
		SilentInARow: b.SilentInARow, CreatedAt: Time(b.CreatedAt),
	}
	if b.IsPassedOver {
		out.PassedOverUntil = OptionalTime(b.PassedOverUntil)
	}
	return out
}

// FoundReply is a canned reply with how well it fits a question.
type FoundReply struct {
	CannedReply
	Rank float64 `json:"rank"`
}

// FoundReplyOf returns the body of a canned reply that was found.
func FoundReplyOf(r *models.FoundReply, actor models.Actor) FoundReply {
	return FoundReply{CannedReply: CannedReplyOf(&r.CannedReply, actor), Rank: r.Rank}
}
