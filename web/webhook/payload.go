package webhook

import (
	"context"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
)

// payload is the body of a request, as Standard Webhooks recommends it.
type payload struct {
	Type      string   `json:"type"`
	Timestamp api.Time `json:"timestamp"` // of the event, not of the attempt
	Data      any      `json:"data"`
}

// chatData is the data of events about a chat.
type chatData struct {
	Sequence int64        `json:"sequence"` // of the chat: what has a higher one happened later
	Chat     chat         `json:"chat"`
	User     *user        `json:"user"`
	Service  *api.Service `json:"service"` // the agent of the chat; null while it waits
}

// chat is a chat as it was at the time of the event.
type chat struct {
	api.Chat
	WarnedAt *api.Time   `json:"warned_at"`
	Outcome  *string     `json:"outcome"`
	Tags     []string    `json:"tags"`
	Contact  api.Contact `json:"contact"`
}

// user is the user of a chat.
type user struct {
	ID         string      `json:"id"`
	Name       *string     `json:"name"`
	Email      *string     `json:"email"`
	IsVerified api.IntBool `json:"is_verified"`
}

// transferData also names the agent who had the chat before.
type transferData struct {
	chatData
	PreviousServiceID *string `json:"previous_service_id"`
}

type messageData struct {
	chatData
	Message api.Message `json:"message"`
}

type presenceData struct {
	Sequence       int64        `json:"sequence"` // of all agents together
	Service        *api.Service `json:"service"`
	Presence       string       `json:"presence"`
	PresenceDetail string       `json:"presence_detail"`
	PreviousDetail string       `json:"previous_presence_detail"`
	Cause          string       `json:"cause"`
	At             api.Time     `json:"at"`
}

type alertData struct {
	Sequence int64     `json:"sequence"` // the id of the alert
	Alert    api.Alert `json:"alert"`
}

type testData struct {
	Sequence int64  `json:"sequence"`
	Text     string `json:"text"`
}

// payloadOf returns the body about an event.
func payloadOf(ctx context.Context, links api.FileLinks, e *models.WebhookEvent) payload {
	ctx = text.With(ctx, text.English)
	out := payload{Type: string(e.Type), Timestamp: api.Time(e.CreatedAt)}
	switch b := &e.Body; {
	case b.Presence != nil:
		p := b.Presence
		out.Data = presenceData{
			Sequence: e.Sequence, Service: api.ServiceOf(b.Agent.Card()), Presence: string(p.To.Presence()), PresenceDetail: string(p.To),
			PreviousDetail: string(p.From), Cause: string(p.Cause), At: api.Time(p.At),
		}
	case b.Alert != nil:
		out.Data = alertData{Sequence: e.Sequence, Alert: api.AlertOf(b.Alert)}
	case b.Message != nil:
		m := *b.Message
		if m.Attachment = e.File; m.IsWithdrawn() {
			m.Attachment = nil
		}
		out.Data = messageData{chatData: chatDataOf(e), Message: links.MessageOf(ctx, &m)}
	case e.Type == models.WebhookChatTransferred:
		out.Data = transferData{chatData: chatDataOf(e), PreviousServiceID: b.PreviousAgentID}
	case b.Chat != nil:
		out.Data = chatDataOf(e)
	default:
		out.Data = testData{Text: text.In(text.English, "admin.webhooks.test_text")}
	}
	return out
}

func chatDataOf(e *models.WebhookEvent) chatData {
	c := e.Body.Chat
	if c == nil {
		c = &models.Chat{}
	}
	out := chatData{Sequence: e.Sequence, Service: api.ServiceOf(e.Body.Agent.Card()), Chat: chat{
		Chat: api.ChatOf(c), WarnedAt: api.OptionalTime(c.WarnedAt), Outcome: c.Outcome, Tags: api.TagsOf(c), Contact: api.ContactOf(c),
	}}
	if u := e.Body.User; u != nil {
		out.User = &user{ID: u.ID, Name: u.Name, Email: u.Email, IsVerified: api.IntBool(u.IsVerified)}
	}
	return out
}
