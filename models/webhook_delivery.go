package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// WebhookDeliveryState is how far a delivery has come: pending → delivered or failed, and back to pending when it is replayed.
type WebhookDeliveryState string

// The states of a delivery.
const (
	WebhookPending   WebhookDeliveryState = "pending" // waits for its first or a further attempt
	WebhookDelivered WebhookDeliveryState = "delivered"
	WebhookFailed    WebhookDeliveryState = "failed" // no further attempt is made
)

// WebhookDeliveryStates are all states.
var WebhookDeliveryStates = []WebhookDeliveryState{WebhookPending, WebhookDelivered, WebhookFailed}

// WebhookDelivery is an event for one webhook.
type WebhookDelivery struct {
	ID         int64                `bun:"id"`
	WebhookID  int64                `bun:"webhook_id"`
	EventID    string               `bun:"public_id"` // the webhook-id
	Type       WebhookEventType     `bun:"type"`
	ChatID     *string              `bun:"chat_id"`
	Sequence   int64                `bun:"sequence"`
	State      WebhookDeliveryState `bun:"state"`
	Attempts   int                  `bun:"attempts"`
	DueAt      time.Time            `bun:"due_at"` // of the next attempt, while it is pending
	CreatedAt  time.Time            `bun:"created_at"`
	FinishedAt *time.Time           `bun:"finished_at"`
	// Of the latest attempt.
	Status *int          `bun:"status"` // nil without an answer
	Error  *WebhookError `bun:"error"`
}

// WebhookAttempt is one attempt of a delivery.
type WebhookAttempt struct {
	Number         int               `bun:"number"`
	At             time.Time         `bun:"at"`
	DurationMS     int               `bun:"duration_ms"`
	Status         *int              `bun:"status"` // nil without an answer
	Error          *WebhookError     `bun:"error"`  // nil for a success
	RequestHeaders map[string]string `bun:"request_headers,type:jsonb"`
	AnswerHeaders  map[string]string `bun:"answer_headers,type:jsonb"`
	Answer         string            `bun:"answer"` // at most 64 kB
}

// WebhookDeliveryDetail is a delivery with what was sent and answered.
type WebhookDeliveryDetail struct {
	WebhookDelivery `                 bun:",extend"`
	Payload         string           `bun:"-"` // as it is sent now
	Made            []WebhookAttempt `bun:"-"` // the latest first, at most 50
}

const selectDeliveries = `SELECT d.id, d.webhook_id, e.public_id, e.type, e.chat_id, e.sequence, d.state, d.attempts, d.due_at, e.created_at,
		d.finished_at, l.status, l.error
	FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
		LEFT JOIN webhook_attempts l ON l.delivery_id = d.id AND l.number = d.attempts `

// WebhookDeliveryFilter selects deliveries of a webhook. Empty and zero fields select all.
type WebhookDeliveryFilter struct {
	State    WebhookDeliveryState
	Type     WebhookEventType
	From, To time.Time // of the event
	Before   int64     // deliveries before the one with this id
	Limit    int       // 1 to 200; 0 for 50
}

// conditions returns the SQL conditions of the filter on deliveries d and events e, with their arguments.
func (f *WebhookDeliveryFilter) conditions(webhookID int64) (where string, args []any, err error) {
	all := []string{"d.webhook_id = ?"}
	args = []any{webhookID}
	add := func(condition string, value any) { all, args = append(all, condition), append(args, value) }
	if f.State != "" {
		if !slices.Contains(WebhookDeliveryStates, f.State) {
			return "", nil, invalid("state", fieldUnknown, "state must be pending, delivered or failed.")
		}
		all = append(all, "d.state = '"+string(f.State)+"'") // a constant, so that the index of failed ones is used
	}
	if f.Type != "" {
		if f.Type != WebhookTest && !slices.Contains(WebhookEventTypes(), f.Type) {
			return "", nil, invalid("type", fieldUnknown, "type must be one of the events of webhooks.")
		}
		add("e.type = ?", f.Type)
	}
	if !f.From.IsZero() {
		add("e.created_at >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("e.created_at < ?", f.To)
	}
	if f.Before > 0 {
		add("d.id < ?", f.Before)
	}
	return strings.Join(all, " AND "), args, nil
}

// WebhookDeliveries returns the deliveries of a webhook that a filter selects, newest first, and whether there are older ones.
// Administrators only. An unknown webhook is webhook_not_found; a limit that is not 1 to 200, an unknown state and an unknown type are
// validation_failed.
func (d *Desk) WebhookDeliveries(ctx context.Context, actor Actor, webhookID int64, f WebhookDeliveryFilter) (
	found []WebhookDelivery, hasOlder bool, err error,
) {
	if _, err := d.Webhook(ctx, actor, webhookID); err != nil {
		return nil, false, err
	}
	limit, err := limitOrDefault(f.Limit, MaxLimit)
	if err != nil {
		return nil, false, err
	}
	where, args, err := f.conditions(webhookID)
	if err != nil {
		return nil, false, err
	}
	found = []WebhookDelivery{}
	err = d.db.NewRaw(selectDeliveries+`WHERE `+where+` ORDER BY d.id DESC LIMIT ?`, append(args, limit+1)...).Scan(ctx, &found)
	if err != nil {
		return nil, false, translate(err)
	}
	if hasOlder = len(found) > limit; hasOlder {
		found = found[:limit]
	}
	return found, hasOlder, nil
}

// maxShownAttempts is how many attempts of a delivery are shown.
const maxShownAttempts = 50

// WebhookDelivery returns a delivery with what was sent and answered. Reading one about a chat is recorded in the audit log as reading the
// chat is. Administrators only; an unknown webhook is webhook_not_found, an unknown delivery webhook_delivery_not_found.
func (d *Desk) WebhookDelivery(ctx context.Context, actor Actor, webhookID, id int64) (*WebhookDeliveryDetail, error) {
	if _, err := d.Webhook(ctx, actor, webhookID); err != nil {
		return nil, err
	}
	out := &WebhookDeliveryDetail{Made: []WebhookAttempt{}}
	err := d.db.NewRaw(selectDeliveries+`WHERE d.webhook_id = ? AND d.id = ?`, webhookID, id).Scan(ctx, &out.WebhookDelivery)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrWebhookDeliveryNotFound
	}
	if err != nil {
		return nil, translate(err)
	}
	due := &dueDelivery{}
	if err := d.db.NewRaw(selectDue+`WHERE d.id = ?`, id).Scan(ctx, due); err != nil {
		return nil, translate(err)
	}
	err = d.db.NewRaw(`SELECT number, at, duration_ms, status, error, request_headers, answer_headers, coalesce(answer, '') AS answer
		FROM webhook_attempts WHERE delivery_id = ? ORDER BY number DESC LIMIT ?`, id, maxShownAttempts).Scan(ctx, &out.Made)
	if err != nil {
		return nil, translate(err)
	}
	if out.ChatID != nil {
		chat := due.Body.Chat
		if chat != nil {
			if err := d.auditChatRead(ctx, actor, chat); err != nil {
				return nil, err
			}
		}
	}
	if d.webhooks.sender != nil {
		payload, err := d.webhooks.sender.Payload(ctx, &due.WebhookEvent)
		if err != nil {
			return nil, translate(err)
		}
		out.Payload = string(payload)
	}
	return out, nil
}

// ReplayWebhookDelivery has a delivery made again, with the backoff from the beginning and under the same webhook-id. One that waits is due
// at once. Administrators only; an unknown delivery is webhook_delivery_not_found.
func (d *Desk) ReplayWebhookDelivery(ctx context.Context, actor Actor, webhookID, id int64) error {
	n, err := d.replayWebhook(ctx, actor, webhookID, `d.webhook_id = ? AND d.id = ?`, webhookID, id)
	if err == nil && n == 0 {
		return ErrWebhookDeliveryNotFound
	}
	return err
}

// maxReplay is how many deliveries are replayed at once.
const maxReplay = 10_000

// ReplayWebhookDeliveries is [Desk.ReplayWebhookDelivery] for the deliveries that a filter selects, of which Before and Limit do not count:
// the 10,000 oldest. It returns how many these are. It refuses as [Desk.WebhookDeliveries] does; a filter without a period is
// validation_failed.
func (d *Desk) ReplayWebhookDeliveries(ctx context.Context, actor Actor, webhookID int64, f WebhookDeliveryFilter) (int, error) {
	if f.From.IsZero() || f.To.IsZero() || !f.From.Before(f.To) {
		return 0, invalid("from", fieldInvalid, "Enter a period: its beginning, and an end after it.")
	}
	f.Before = 0
	where, args, err := f.conditions(webhookID)
	if err != nil {
		return 0, err
	}
	return d.replayWebhook(ctx, actor, webhookID, where, args...)
}

// replayWebhook replays the deliveries d with the events e that a condition selects. A test is not replayed.
func (d *Desk) replayWebhook(ctx context.Context, actor Actor, webhookID int64, where string, args ...any) (n int, err error) {
	if err := actor.require(RoleAdmin); err != nil {
		return 0, err
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		w, err := webhookByID(ctx, t, webhookID, "")
		if err != nil {
			return err
		}
		// A delivery that is being made keeps the number of its attempt, so that its result counts.
		done, err := t.NewRaw(`UPDATE webhook_deliveries r SET state = 'pending', finished_at = NULL, due_at = statement_timestamp(),
				first_at = statement_timestamp(), earlier = r.attempts
			WHERE r.id IN (SELECT d.id FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
				WHERE `+where+` AND e.type <> 'webhook.test' ORDER BY d.id LIMIT ?)`, append(args, maxReplay)...).Exec(ctx)
		if err != nil {
			return err
		}
		rows, err := done.RowsAffected()
		if n = int(rows); err != nil || n == 0 {
			return err
		}
		return t.audit(ctx, actor, AuditWebhookReplayed, w.subject(), details{"deliveries": n})
	})
	return n, err
}

// testTimeout bounds the attempt of a test: someone waits for it.
const testTimeout = 5 * time.Second

// testLater is when a worker makes the attempt of a test that the process which began it did not end.
const testLater = time.Hour

// TestWebhook tells a webhook of an event of the type webhook.test, at once and also while it is paused or off, and returns the delivery
// with what was answered. It is not tried again and counts for nothing else. Administrators only; an unknown webhook is webhook_not_found.
func (d *Desk) TestWebhook(ctx context.Context, actor Actor, id int64) (*WebhookDeliveryDetail, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if d.webhooks.sender == nil {
		return nil, errWebhooksUnavailable
	}
	one := &dueDelivery{}
	var w *Webhook
	err := d.inTx(ctx, func(ctx context.Context, t *tx) (err error) {
		if w, err = webhookByID(ctx, t, id, ""); err != nil {
			return err
		}
		err = t.NewRaw(`WITH e AS (INSERT INTO webhook_events (type, body) VALUES (?, '{}') RETURNING id)
			INSERT INTO webhook_deliveries (webhook_id, event_id, due_at)
			SELECT ?, e.id, clock_timestamp() + make_interval(secs => ?) FROM e RETURNING id`, WebhookTest, id, testLater.Seconds()).
			Scan(ctx, &one.ID)
		if err != nil {
			return err
		}
		if err := t.NewRaw(selectDue+`WHERE d.id = ?`, one.ID).Scan(ctx, one); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditWebhookTested, w.subject(), nil)
	})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	answer := d.sendWebhook(context.WithoutCancel(ctx), w, &one.WebhookEvent, testTimeout)
	if err := d.storeAttempt(ctx, w, one, answer, began); err != nil {
		return nil, err
	}
	return d.WebhookDelivery(context.WithoutCancel(ctx), actor, id, one.ID)
}

var errWebhooksUnavailable = &Error{Kind: Unavailable, Code: "webhooks_unavailable", Detail: "This process cannot send webhooks."}

// WebhookFigures are the state of the deliveries.
type WebhookFigures struct {
	Webhooks int        `bun:"webhooks"`
	Off      int        `bun:"off"`     // switched off by Parley
	Pending  int        `bun:"pending"` // deliveries of webhooks that are on
	DueAt    *time.Time `bun:"due_at"`  // of those the longest overdue; nil for none
}

// WebhookFigures returns the state of the deliveries.
func (d *Desk) WebhookFigures(ctx context.Context) (WebhookFigures, error) {
	var f WebhookFigures
	err := d.db.NewRaw(`SELECT count(*) AS webhooks, count(*) FILTER (WHERE w.state = 'off') AS off, coalesce(sum(p.pending), 0) AS pending,
			min(p.due_at) FILTER (WHERE p.due_at <= statement_timestamp()) AS due_at
		FROM webhooks w LEFT JOIN LATERAL (SELECT count(*) AS pending, min(due_at) AS due_at FROM webhook_deliveries d
			WHERE d.webhook_id = w.id AND d.state = 'pending' AND w.state = 'on') p ON true
		WHERE w.removed_at IS NULL`).Scan(ctx, &f)
	return f, translate(err)
}

// cleanWebhooks deletes what webhooks were told before the retention, and webhooks that were removed. What waits for a webhook that is on
// stays. It also makes the triggers fit the webhooks, which a database that was restored by other means may lack.
func (d *Desk) cleanWebhooks(ctx context.Context, retention time.Duration) error {
	for _, query := range []string{
		`DELETE FROM webhook_deliveries WHERE id IN (SELECT d.id FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id
			WHERE w.removed_at < now() - make_interval(secs => ?0) LIMIT ?1)`,
	} {
		if _, err := d.deleteAll(ctx, 2000, query, 0); err != nil {
			return err
		}
	}
	if _, err := d.deleteAll(ctx, 1000, `DELETE FROM webhook_events WHERE id IN (SELECT e.id FROM webhook_events e
		WHERE e.created_at < now() - make_interval(secs => ?0) AND NOT EXISTS (SELECT FROM webhook_deliveries d
			JOIN webhooks w ON w.id = d.webhook_id WHERE d.event_id = e.id AND d.state = 'pending' AND w.state = 'on')
		ORDER BY e.created_at LIMIT ?1)`, retention); err != nil {
		return err
	}
	return d.changeWebhooks(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.NewRaw(`DELETE FROM webhooks w WHERE removed_at IS NOT NULL
			AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id)`).Exec(ctx)
		return err
	})
}

// jsonOf returns a value for a column of JSON.
func jsonOf(v map[string]string) string {
	if v == nil {
		v = map[string]string{}
	}
	encoded, _ := json.Marshal(v) // maps of strings can be encoded
	return string(encoded)
}
