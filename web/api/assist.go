package api

import (
	"context"
	"strconv"
	"strings"

	"parley/models"
	"parley/views/text"
)

// Assistance is what supervisors do in a chat, and what its agent asks of them.
type Assistance struct {
	ChatID             string   `json:"chat_id"`
	HandRaisedAt       *Time    `json:"hand_raised_at"`
	HandLine           string   `json:"hand_line"`
	JoinedServiceIDs   []string `json:"joined_service_ids"`
	WatchingServiceIDs []string `json:"watching_service_ids"`
}

// AssistanceOf returns the body of the assistance in a chat.
func AssistanceOf(c *models.Chat) Assistance {
	out := Assistance{
		ChatID: c.ID, HandRaisedAt: OptionalTime(c.HandRaisedAt),
		JoinedServiceIDs: append([]string{}, c.JoinedIDs...), WatchingServiceIDs: append([]string{}, c.WatcherIDs...),
	}
	if c.HandLine != nil {
		out.HandLine = *c.HandLine
	}
	return out
}

// AssistedChat is the answer to an action on a chat.
type AssistedChat struct {
	Message    string     `json:"message"`
	Assistance Assistance `json:"assistance"`
}

// AssistedChatOf returns the answer with its message.
func AssistedChatOf(message string, c *models.Chat) AssistedChat {
	return AssistedChat{message, AssistanceOf(c)}
}

// Flag is a reason why a chat needs a supervisor.
type Flag struct {
	ChatID      string  `json:"chat_id"`
	UserID      string  `json:"user_id"`
	UserName    string  `json:"user_name"`
	ServiceID   string  `json:"service_id"`
	ServiceName string  `json:"service_name"`
	Department  *string `json:"department"`
	Kind        string  `json:"kind"`
	Reason      string  `json:"reason"` // in words
	Detail      string  `json:"detail"`
	Since       Time    `json:"since"`
	RaisedAt    Time    `json:"raised_at"`
}

// FlagOf returns the body of a flag, with its reason in the language of ctx.
func FlagOf(ctx context.Context) func(*models.Flag) Flag {
	return func(f *models.Flag) Flag {
		return Flag{
			ChatID: f.ChatID, UserID: f.UserID, UserName: f.UserName, ServiceID: f.AgentID, ServiceName: f.AgentName,
			Department: f.Department, Kind: string(f.Kind), Reason: FlagReason(ctx, f), Detail: f.Detail,
			Since: Time(f.Since), RaisedAt: Time(f.RaisedAt),
		}
	}
}

// FlagsChangedEvent is the list of flags after it changed.
type FlagsChangedEvent struct {
	Flags []Flag `json:"flags"`
}

// FlagReason returns why a chat is flagged, in words.
func FlagReason(ctx context.Context, f *models.Flag) string {
	switch f.Kind {
	case models.FlagHand:
		if f.Detail != "" {
			return text.T(ctx, "flag.hand_line", "Name", f.AgentName, "Text", f.Detail)
		}
		return text.T(ctx, "flag.hand", "Name", f.AgentName)
	case models.FlagUnanswered:
		return text.T(ctx, "flag.unanswered")
	case models.FlagTransfers:
		count, _ := strconv.Atoi(f.Detail)
		return text.T(ctx, "flag.transfers", "Count", count)
	case models.FlagLowRating:
		return text.T(ctx, "flag.low_rating", "Rating", strings.TrimSuffix(f.Detail, ".0"))
	case models.FlagWords:
		return text.T(ctx, "flag.words", "Words", f.Detail)
	}
	return text.T(ctx, "flag.idle_warning")
}
