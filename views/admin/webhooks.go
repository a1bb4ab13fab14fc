package admin

import (
	"context"
	"time"

	"parley/views/staff"
	"parley/views/text"
)

// Webhooks is the page of all webhooks.
type Webhooks struct {
	Frame staff.Frame
	Rows  []Webhook
	Form  WebhookForm
}

// WebhookForm is the form of a webhook as it was filled in.
type WebhookForm struct {
	Name, URL string
	Headers   string // lines; of a webhook that is stored the names alone
	Events    []WebhookEvent
	Agent     string   // the chosen one of Agents
	Agents    []Choice // whose chats it is told of, all chats first; nil without a choice
	Errors    Errors
}

// WebhookEvent is an event that a webhook can be told of.
type WebhookEvent struct {
	Name, Word string
	Chosen     bool
}

// Webhook is one webhook.
type Webhook struct {
	ID, Name, URL       string
	Agent               string // whose chats alone it is told of, "" for all chats
	Events              []string
	State               string // on, paused, off
	FailingSince        *time.Time
	DeliveredAt         *time.Time
	Pending, Failed     int
	By                  string // who made it; "" when that agent is gone
	At                  time.Time
	PreviousSecretUntil *time.Time
}

// WebhookDetail is the page of a webhook with its log.
type WebhookDetail struct {
	Frame      staff.Frame
	Webhook    Webhook
	Secret     string // that was just made, "" for none
	Form       WebhookForm
	Deliveries []WebhookDelivery
	Older      string // address of the next page, "" for none

	State, Type, From, To      string // the filter
	IsFiltered                 bool
	States, Types              []Choice
	FilterErrors, ReplayErrors Errors
}

// WebhookDelivery is an event for a webhook.
type WebhookDelivery struct {
	ID, WebhookID, Type, Word, EventID, ChatID string
	State                                      string // pending, delivered, failed
	Attempts                                   int
	At                                         time.Time
	NextAt                                     *time.Time // nil unless an attempt is planned
	Status, Reason                             string     // of the latest attempt, "" for none
	CanReplay                                  bool
}

// WebhookDeliveryDetail is the page of a delivery.
type WebhookDeliveryDetail struct {
	Frame     staff.Frame
	Name, URL string
	Delivery  WebhookDelivery
	Payload   string
	Attempts  []WebhookAttempt // the latest first
}

// WebhookAttempt is one attempt.
type WebhookAttempt struct {
	Number                                int
	At                                    time.Time
	Took                                  time.Duration
	Status, Reason                        string
	RequestHeaders, AnswerHeaders, Answer string
}

// title names the attempt with what was answered.
func (a WebhookAttempt) title(ctx context.Context) string {
	said := a.Reason
	if said == "" {
		said = text.T(ctx, "admin.webhooks.answered", "Status", a.Status)
	}
	return text.T(ctx, "admin.webhooks.attempt", "Number", a.Number, "Result", said)
}

// stateWord returns the state of a webhook in words, with the class of its chip.
func (w Webhook) stateWord(ctx context.Context) (word, class string) {
	switch {
	case w.State == "off":
		return text.T(ctx, "admin.webhooks.state.off"), "chip chip-red"
	case w.State == "paused":
		return text.T(ctx, "admin.webhooks.state.paused"), "chip"
	case w.FailingSince != nil:
		return text.T(ctx, "admin.webhooks.state.failing"), "chip chip-amber"
	}
	return text.T(ctx, "admin.webhooks.state.on"), "chip chip-green"
}

func (w Webhook) stateText(ctx context.Context) string {
	word, _ := w.stateWord(ctx)
	return word
}

func (w Webhook) stateClass(ctx context.Context) string {
	_, class := w.stateWord(ctx)
	return class
}

// chipClass returns the class of the chip with the state of a delivery.
func (d WebhookDelivery) chipClass() string {
	switch {
	case d.State == "delivered":
		return "chip chip-green"
	case d.State == "failed":
		return "chip chip-red"
	case d.Reason != "":
		return "chip chip-amber"
	}
	return "chip"
}
