package admin

import (
	"context"
	"time"

	"parley/views/staff"
	"parley/views/text"
)

// Bots lists the bots, with a form for one more.
type Bots struct {
	Frame staff.Frame
	Rows  []Bot
	New   BotForm
}

// Bot is one row.
type Bot struct {
	ID, Name        string
	State           string // ready, full, passed_over, no_key, disabled
	Departments     []string
	ServesGeneral   bool
	Chats, Capacity int
	AnswerSeconds   int
	PassedOverUntil *time.Time // while it is
}

// BotPage is the form of a bot.
type BotPage struct {
	Frame staff.Frame
	Bot   Bot
	Form  BotForm
}

// BotForm is what is entered for a bot, as typed. ID is "" for a new one.
type BotForm struct {
	ID, Name, Capacity, AnswerSeconds string
	ServesGeneral                     bool
	Departments                       []Option
	Errors                            Errors
}

func botURL(id string) string { return "/admin/bots/" + id }

func (f BotForm) action() string {
	if f.ID == "" {
		return "/admin/bots"
	}
	return botURL(f.ID)
}

// botState returns the state of a bot in words.
func botState(ctx context.Context, state string) string {
	switch state {
	case "full":
		return text.T(ctx, "admin.bots.state.full")
	case "passed_over":
		return text.T(ctx, "admin.bots.state.passed_over")
	case "no_key":
		return text.T(ctx, "admin.bots.state.no_key")
	case "disabled":
		return text.T(ctx, "admin.bots.state.disabled")
	}
	return text.T(ctx, "admin.bots.state.ready")
}

// serves returns whose chats a bot gets, in words.
func (b Bot) serves(ctx context.Context) string {
	of := b.Departments
	if b.ServesGeneral {
		of = append([]string{text.T(ctx, "admin.bots.general")}, of...)
	}
	if len(of) == 0 {
		return text.T(ctx, "admin.bots.serves_none")
	}
	return list(ctx, of)
}
