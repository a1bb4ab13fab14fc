package api

import (
	"context"
	"maps"
	"slices"

	"parley/models"
	"parley/views/text"
)

// Webhook is where another system is told of events, without its secret and the values of its headers.
type Webhook struct {
	ID            int64    `json:"id"`
	Name          string   `json:"name"`
	URL           string   `json:"url"`
	Events        []string `json:"events"`
	HeaderNames   []string `json:"header_names"`
	AgentID       *string  `json:"agent_id"` // whose chats it is told of, null for all
	State         string   `json:"state"`
	FailingSince  *Time    `json:"failing_since"`
	BlockedUntil  *Time    `json:"blocked_until"`
	DeliveredAt   *Time    `json:"delivered_at"`
	Pending       int      `json:"pending"`
	Failed        int      `json:"failed"`
	CreatedByName string   `json:"created_by_name"`
	CreatedAt     Time     `json:"created_at"`
	// PreviousSecretUntil is until when the secret before the latest rotation signs too.
	PreviousSecretUntil *Time `json:"previous_secret_until"`
}

// NewWebhook is a webhook with its secret, which is in no later answer.
type NewWebhook struct {
	Webhook
	Secret string `json:"secret"`
}

// WebhookOf returns the body of a webhook.
func WebhookOf(w *models.Webhook) Webhook {
	return Webhook{
		ID:           w.ID,
		Name:         w.Name,
		URL:          w.URL,
		Events:       w.Events,
		HeaderNames:  append([]string{}, slices.Sorted(maps.Keys(w.Headers))...),
		AgentID:      w.AgentID,
		State:        string(w.State),
		FailingSince: OptionalTime(w.FailingSince),
		BlockedUntil: OptionalTime(w.BlockedUntil),
		DeliveredAt: OptionalTime(
			w.DeliveredAt,
		),
		Pending:             w.Pending,
		Failed:              w.Failed,
		CreatedByName:       w.ByName,
		CreatedAt:           Time(w.CreatedAt),
		PreviousSecretUntil: OptionalTime(w.PreviousSecretUntil),
	}
}

// NewWebhookOf returns the body of a webhook with its secret.
func NewWebhookOf(w *models.Webhook) NewWebhook {
	return NewWebhook{Webhook: WebhookOf(w), Secret: w.Secret}
}

// WebhookDelivery is an event for one webhook.
type WebhookDelivery struct {
	ID         int64   `json:"id"`
	EventID    string  `json:"event_id"` // the webhook-id
	Type       string  `json:"type"`
	ChatID     *string `json:"chat_id"`
	Sequence   int64   `json:"sequence"`
	State      string  `json:"state"`
	Attempts   int     `json:"attempts"`
	NextAt     *Time   `json:"next_at"` // null unless it is pending
	CreatedAt  Time    `json:"created_at"`
	FinishedAt *Time   `json:"finished_at"`
	Status     *int    `json:"status"` // of the latest answer
	Error      *string `json:"error"`  // of the latest attempt
}

// WebhookDeliveries is a page of the log of a webhook.
type WebhookDeliveries struct {
	Deliveries []WebhookDelivery `json:"deliveries"`
	HasOlder   IntBool           `json:"has_older"`
}

// WebhookAttempt is one attempt of a delivery.
type WebhookAttempt struct {
	Number         int               `json:"number"`
	At             Time              `json:"at"`
	DurationMS     int               `json:"duration_ms"`
	Status         *int              `json:"status"`
	Error          *string           `json:"error"`
	RequestHeaders map[string]string `json:"request_headers"`
	AnswerHeaders  map[string]string `json:"answer_headers"`
	Answer         string            `json:"answer"`
}

// WebhookDeliveryDetail is a delivery with what was sent and answered.
type WebhookDeliveryDetail struct {
	WebhookDelivery
	Payload string           `json:"payload"`
	Made    []WebhookAttempt `json:"made"`
}

// WebhookReplay is how many deliveries are made again.
type WebhookReplay struct {
	Message  string `json:"message"`
	Replayed int    `json:"replayed"`
}

// WebhookDeliveryOf returns the body of a delivery.
func WebhookDeliveryOf(d *models.WebhookDelivery) WebhookDelivery {
	out := WebhookDelivery{
		ID: d.ID, EventID: d.EventID, Type: string(d.Type), ChatID: d.ChatID, Sequence: d.Sequence, State: string(d.State),
		Attempts: d.Attempts, CreatedAt: Time(d.CreatedAt), FinishedAt: OptionalTime(d.FinishedAt), Status: d.Status,
		Error: (*string)(d.Error),
	}
	if d.State == models.WebhookPending {
		out.NextAt = OptionalTime(&d.DueAt)
	}
	return out
}

// WebhookDeliveryDetailOf returns the body of a delivery with its attempts.
func WebhookDeliveryDetailOf(d *models.WebhookDeliveryDetail) WebhookDeliveryDetail {
	return WebhookDeliveryDetail{
		WebhookDelivery: WebhookDeliveryOf(&d.WebhookDelivery), Payload: d.Payload,
		Made: Map(d.Made, func(a *models.WebhookAttempt) WebhookAttempt {
			return WebhookAttempt{
				Number: a.Number, At: Time(a.At), DurationMS: a.DurationMS, Status: a.Status, Error: (*string)(a.Error),
				RequestHeaders: headersOf(a.RequestHeaders), AnswerHeaders: headersOf(a.AnswerHeaders), Answer: a.Answer,
			}
		}),
	}
}

func headersOf(h map[string]string) map[string]string {
	if h == nil {
		return map[string]string{}
	}
	return h
}

// WebhookReason returns why an attempt failed, in the language of ctx; "" for a success.
func WebhookReason(ctx context.Context, e *models.WebhookError, status *int) string {
	switch {
	case e == nil:
		return ""
	case status != nil:
		return text.T(ctx, "webhook.reason."+string(*e), "Status", *status)
	}
	return text.T(ctx, "webhook.reason."+string(*e))
}
