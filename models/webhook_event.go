package models

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"
)

// WebhookEventType is a kind of events that webhooks are told of.
type WebhookEventType string

// The types of events. The triggers of the migration webhook_events record them.
const (
	WebhookChatCreated     WebhookEventType = "chat.created"
	WebhookChatAssigned    WebhookEventType = "chat.assigned"
	WebhookChatTransferred WebhookEventType = "chat.transferred" // left its agent, for another one or for the queue
	WebhookChatWarned      WebhookEventType = "chat.warned"      // will end if it stays idle
	WebhookChatEnded       WebhookEventType = "chat.ended"
	WebhookChatRated       WebhookEventType = "chat.rated"
	WebhookMessageCreated  WebhookEventType = "message.created"
	WebhookMessageUpdated  WebhookEventType = "message.updated" // edited or withdrawn
	WebhookLeftMessage     WebhookEventType = "left_message.created"
	WebhookAgentPresence   WebhookEventType = "agent.presence"
	WebhookAlertRaised     WebhookEventType = "alert.raised"
	WebhookAlertCleared    WebhookEventType = "alert.cleared"

	// WebhookTest is sent by [Desk.TestWebhook] alone.
	WebhookTest WebhookEventType = "webhook.test"
)

// WebhookEventTypes returns the types that a webhook can ask for, in the order in which they are shown.
func WebhookEventTypes() []WebhookEventType {
	return []WebhookEventType{
		WebhookChatCreated, WebhookChatAssigned, WebhookChatTransferred, WebhookChatWarned, WebhookChatEnded, WebhookChatRated,
		WebhookMessageCreated, WebhookMessageUpdated, WebhookLeftMessage, WebhookAgentPresence, WebhookAlertRaised, WebhookAlertCleared,
	}
}

// WebhookEvent is something that happened, with the rows as they were then.
type WebhookEvent struct {
	ID        string           `bun:"public_id"` // the webhook-id, the same for all webhooks and attempts
	Type      WebhookEventType `bun:"type"`
	ChatID    *string          `bun:"chat_id"`
	Sequence  int64            `bun:"sequence"` // of a chat its version, of an agent or an alert a number that grows
	CreatedAt time.Time        `bun:"created_at"`
	Body      WebhookBody      `bun:"body,type:jsonb"`
	// File is the attachment of the message, if it is still there.
	File *Attachment `bun:"file,type:jsonb"`
}

// WebhookBody are the rows of an event. Those that it is not about are nil.
type WebhookBody struct {
	Chat            *Chat            `json:"chat"`
	PreviousAgentID *string          `json:"previous_agent_id"` // who had the chat before
	Message         *Message         `json:"message"`
	User            *WebhookUser     `json:"user"`
	Agent           *WebhookAgent    `json:"agent"` // of the chat, or whose presence changed
	Presence        *WebhookPresence `json:"presence"`
	Alert           *Alert           `json:"alert"`
}

// WebhookUser is the user of a chat in an event.
type WebhookUser struct {
	ID         string  `json:"id"`
	Name       *string `json:"name"`
	Email      *string `json:"email"`
	IsVerified bool    `json:"is_verified"`
}

// WebhookAgent is an agent in an event.
type WebhookAgent struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Avatar      *string `json:"avatar"`
	RatingSum   float64 `json:"rating_sum"`
	RatingCount int     `json:"rating_count"`
}

// Card returns what users see of the agent, nil for no agent.
func (a *WebhookAgent) Card() *AgentCard {
	if a == nil {
		return nil
	}
	rated := Agent{ID: a.ID, Name: a.Name, Avatar: a.Avatar, RatingSum: a.RatingSum, RatingCount: a.RatingCount}
	return rated.Card()
}

// WebhookPresence is a change of an agent's presence in an event.
type WebhookPresence struct {
	From  PresenceDetail `json:"from_presence"`
	To    PresenceDetail `json:"to_presence"`
	Cause PresenceCause  `json:"cause"`
	At    time.Time      `json:"at"`
}

// webhookTrigger is a trigger that records events. It is enabled while a webhook asks for one of them.
type webhookTrigger struct {
	table, name string
	records     []WebhookEventType
}

var (
	chatEvents = []WebhookEventType{
		WebhookChatAssigned, WebhookChatTransferred, WebhookChatWarned, WebhookChatEnded, WebhookChatRated, WebhookLeftMessage,
	}
	webhookTriggers = []webhookTrigger{
		{"alerts", "webhook_alerts_cleared", []WebhookEventType{WebhookAlertCleared}},
		{"alerts", "webhook_alerts_raised", []WebhookEventType{WebhookAlertRaised}},
		{"chats", "webhook_chats_inserted", slices.Concat(chatEvents, []WebhookEventType{WebhookChatCreated})},
		{"chats", "webhook_chats_updated", chatEvents},
		{"messages", "webhook_messages_inserted", []WebhookEventType{WebhookMessageCreated}},
		{"messages", "webhook_messages_updated", []WebhookEventType{WebhookMessageUpdated}},
		{"presence_changes", "webhook_presence", []WebhookEventType{WebhookAgentPresence}},
	}
)

// fitWebhookTriggers enables the triggers whose events a webhook asks for and disables the others. Where a trigger is enabled, it waits
// for the transactions that write the table, and those that write it later wait for this one: so each either is over before the webhook
// counts, or records its events. The caller has the lock of changeWebhooks.
func (t *tx) fitWebhookTriggers(ctx context.Context) error {
	var wanted []string
	err := t.NewRaw(`SELECT DISTINCT unnest(events) FROM webhooks WHERE state <> 'off' AND removed_at IS NULL`).Scan(ctx, &wanted)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var enabled []string
	err = t.NewRaw(`SELECT tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
		WHERE c.relnamespace = current_schema()::regnamespace AND tgname LIKE 'webhook\_%' AND NOT tgisinternal AND tgenabled <> 'D'`).Scan(ctx, &enabled)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if _, err := t.NewRaw(`SET LOCAL lock_timeout = '` + webhookLockTimeout + `'`).Exec(ctx); err != nil {
		return err
	}
	for _, trigger := range webhookTriggers {
		isWanted := slices.ContainsFunc(trigger.records, func(e WebhookEventType) bool { return slices.Contains(wanted, string(e)) })
		if isWanted == slices.Contains(enabled, trigger.name) {
			continue
		}
		action := " DISABLE TRIGGER "
		if isWanted {
			action = " ENABLE TRIGGER "
		}
		if _, err := t.NewRaw("ALTER TABLE " + trigger.table + action + trigger.name).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// aboutWebhook is the subject of what concerns a webhook whose id and name are known.
func aboutWebhook(id int64, name string) Subject {
	return Subject{Kind: SubjectWebhook, ID: strconv.FormatInt(id, 10), Name: name}
}
