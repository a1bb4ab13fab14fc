package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"
)

const (
	// MaxWebhooks is how many webhooks there can be.
	MaxWebhooks = 50

	maxWebhookURL     = 2000
	maxWebhookHeaders = 10
	maxHeaderName     = 80
	maxHeaderValue    = 1000
	// secretOverlap is for how long the previous secret signs too after a rotation.
	secretOverlap = 24 * time.Hour
	// webhookSecretPrefix is that of Standard Webhooks.
	webhookSecretPrefix = "whsec_"
)

// WebhookState is whether a webhook is told of events.
type WebhookState string

// The states of a webhook.
const (
	WebhookOn     WebhookState = "on"
	WebhookPaused WebhookState = "paused" // events are recorded, and delivered once it is resumed
	WebhookOff    WebhookState = "off"    // by Parley, after failures for WEBHOOK_OFF_AFTER: nothing is recorded either
)

// Webhook is where another system of the company is told of events.
type Webhook struct {
	ID      int64             `bun:"id"`
	Name    string            `bun:"name"`
	URL     string            `bun:"url"`
	Events  []string          `bun:"events,array"` // types, in the order of WebhookEventTypes
	Headers map[string]string `bun:"headers,type:jsonb"`
	AgentID *string           `bun:"agent_id"` // whose chats it is told of; nil for all

	Secret              string     `bun:"secret"`                // whsec_ and base64
	PreviousSecret      *string    `bun:"previous_secret"`       // signs too until PreviousSecretUntil; nil for none
	PreviousSecretUntil *time.Time `bun:"previous_secret_until"` // nil once it is over

	State        WebhookState `bun:"state"`
	FailingSince *time.Time   `bun:"failing_since"` // the first failure since the latest success; nil for none
	Failures     int          `bun:"failures"`      // attempts that failed since then
	BlockedUntil *time.Time   `bun:"blocked_until"` // nothing is sent before, because it fails
	DeliveredAt  *time.Time   `bun:"delivered_at"`  // the latest success, to the minute
	CreatedBy    *string      `bun:"created_by"`    // agent; nil once that agent is gone, or for an API key
	AgentName    string       `bun:"agent_name"`    // present name of the agent of AgentID, "" for none
	ByName       string       `bun:"created_name"`  // present name of that agent, "" for none
	CreatedAt    time.Time    `bun:"created_at"`

	Pending int        `bun:"pending"` // deliveries that were not made yet
	DueAt   *time.Time `bun:"due_at"`  // of the first of them; nil for none
	Failed  int        `bun:"failed"`  // deliveries that were given up
}

// secrets returns the secrets that sign now, the present one first.
func (w *Webhook) secrets() []string {
	if w.PreviousSecret != nil {
		return []string{w.Secret, *w.PreviousSecret}
	}
	return []string{w.Secret}
}

func (w *Webhook) subject() Subject {
	return Subject{Kind: SubjectWebhook, ID: strconv.FormatInt(w.ID, 10), Name: w.Name}
}

const selectWebhooks = `SELECT w.id, w.name, w.url, w.events, w.headers, w.agent_id, w.secret,
		CASE WHEN w.previous_secret_until > statement_timestamp() THEN w.previous_secret END AS previous_secret,
		CASE WHEN w.previous_secret_until > statement_timestamp() THEN w.previous_secret_until END AS previous_secret_until,
		w.state, w.failing_since, w.failures, CASE WHEN w.blocked_until > statement_timestamp() THEN w.blocked_until END AS blocked_until,
		w.delivered_at, w.created_by, coalesce(a.name, '') AS created_name, coalesce(o.name, '') AS agent_name, w.created_at, p.pending,
		p.due_at, f.failed
	FROM webhooks w LEFT JOIN agents a ON a.id = w.created_by LEFT JOIN agents o ON o.id = w.agent_id
		LEFT JOIN LATERAL (SELECT count(*) AS pending, min(due_at) AS due_at
			FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending') p ON true
		LEFT JOIN LATERAL (SELECT count(*) AS failed FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'failed') f ON true
	WHERE w.removed_at IS NULL `

// Webhooks returns all webhooks by name. Administrators only.
func (d *Desk) Webhooks(ctx context.Context, actor Actor) ([]Webhook, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	all := []Webhook{}
	err := d.db.NewRaw(selectWebhooks+`ORDER BY lower(w.name), w.id`).Scan(ctx, &all)
	return all, translate(err)
}

// Webhook returns a webhook. Administrators only; an unknown one is webhook_not_found.
func (d *Desk) Webhook(ctx context.Context, actor Actor, id int64) (*Webhook, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	w, err := webhookByID(ctx, d.db, id, "")
	return w, translate(err)
}

func webhookByID(ctx context.Context, db rawQuerier, id int64, lock string) (*Webhook, error) {
	w := &Webhook{}
	err := db.NewRaw(selectWebhooks+`AND w.id = ?`+lock, id).Scan(ctx, w)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrWebhookNotFound
	}
	return w, err
}

// WebhookFields are what administrators enter for a webhook.
type WebhookFields struct {
	Name   string
	URL    string
	Events []string
	// Headers are sent with every delivery. A name without a value keeps the value that the webhook has.
	Headers map[string]string
	// AgentID is the agent, such as a bot, whose chats alone the webhook is told of; "" for all. nil keeps what the webhook has.
	AgentID *string
}

// AddWebhook adds a webhook and returns it with its secret. Events count from the commit on: of every transaction that writes after
// it, none is missed. Administrators only. These are validation_failed: a name out of 1 to 80 characters; an address that is no URL, has
// a user or a fragment, or is not https although no network of WEBHOOK_NETWORKS can have it; no event or an unknown one; an unknown
// agent; and more than 10 headers, or one that Parley sets itself. With MaxWebhooks it is 409 too_many_webhooks. A form adds one webhook,
// see [WithForm].
func (d *Desk) AddWebhook(ctx context.Context, actor Actor, f WebhookFields) (*Webhook, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if err := d.validateWebhook(&f, nil); err != nil {
		return nil, err
	}
	var added *Webhook
	err := d.changeWebhooks(ctx, func(ctx context.Context, t *tx) error {
		id, again, err := t.once(ctx, `SELECT id FROM webhooks WHERE id = ? AND removed_at IS NULL`, func() (id int64, err error) {
			var used int
			if err := t.NewRaw(`SELECT count(*) FROM webhooks WHERE removed_at IS NULL`).Scan(ctx, &used); err != nil {
				return 0, err
			}
			if used >= MaxWebhooks {
				return 0, ErrTooManyWebhooks
			}
			if err := t.checkWebhookAgent(ctx, f.AgentID); err != nil {
				return 0, err
			}
			err = t.NewRaw(`INSERT INTO webhooks (name, url, events, headers, secret, created_by, agent_id)
				VALUES (?, ?, ?, ?, ?, (SELECT id FROM agents WHERE id = ?), nullif(?, '')) RETURNING id`,
				f.Name, f.URL, pgdialect.Array(f.Events), jsonOf(f.Headers), newWebhookSecret(), actor.ID, deref(f.AgentID)).Scan(ctx, &id)
			return id, err
		})
		if err != nil {
			return err
		}
		if added, err = webhookByID(ctx, t, id, ""); err != nil || again {
			return err
		}
		t.emit(Event{Kind: KindSettings}) // processes look for deliveries once they know that there is a webhook
		return t.audit(
			ctx,
			actor,
			AuditWebhookAdded,
			added.subject(),
			details{"url": shownURL(f.URL), "events": strings.Join(f.Events, ", ")},
		)
	})
	if err != nil {
		return nil, err
	}
	d.reloadChanged(ctx)
	return added, nil
}

// UpdateWebhook changes a webhook and returns it. Deliveries that wait go to the new address. Administrators only; it refuses as
// [Desk.AddWebhook] does, and an unknown one is webhook_not_found.
func (d *Desk) UpdateWebhook(ctx context.Context, actor Actor, id int64, f WebhookFields) (*Webhook, error) {
	return d.changeWebhook(ctx, actor, id, func(ctx context.Context, t *tx, w *Webhook) error {
		if err := d.validateWebhook(&f, w.Headers); err != nil {
			return err
		}
		more := details{}
		add := func(name string, from, to any) {
			if from != to {
				more[name] = step{from, to}
			}
		}
		add("name", w.Name, f.Name)
		add("url", shownURL(w.URL), shownURL(f.URL))
		add("events", strings.Join(w.Events, ", "), strings.Join(f.Events, ", "))
		add("headers", headerNames(w.Headers), headerNames(f.Headers))
		if f.AgentID == nil {
			f.AgentID = ptr(deref(w.AgentID))
		}
		add("agent_id", deref(w.AgentID), *f.AgentID)
		if err := t.checkWebhookAgent(ctx, f.AgentID); err != nil {
			return err
		}
		if len(more) == 0 && w.URL == f.URL && maps.Equal(w.Headers, f.Headers) {
			return nil
		}
		_, err := t.NewRaw(`UPDATE webhooks SET name = ?, url = ?, events = ?, headers = ?, agent_id = nullif(?, ''), blocked_until = NULL WHERE id = ?`,
			f.Name, f.URL, pgdialect.Array(f.Events), jsonOf(f.Headers), *f.AgentID, id).
			Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditWebhookChanged, w.subject(), more)
	})
}

// RotateWebhookSecret gives a webhook another secret and returns the webhook with it. For 24 hours deliveries are signed with the one
// before, too; one before that ends at once. Administrators only; an unknown webhook is webhook_not_found.
func (d *Desk) RotateWebhookSecret(ctx context.Context, actor Actor, id int64) (*Webhook, error) {
	return d.changeWebhook(ctx, actor, id, func(ctx context.Context, t *tx, w *Webhook) error {
		_, err := t.NewRaw(`UPDATE webhooks SET previous_secret = secret, secret = ?,
			previous_secret_until = clock_timestamp() + make_interval(secs => ?) WHERE id = ?`,
			newWebhookSecret(), secretOverlap.Seconds(), id).Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditWebhookSecretRotated, w.subject(), nil)
	})
}

// PauseWebhook holds the deliveries of a webhook back until [Desk.ResumeWebhook]; its events are recorded. A webhook that is paused stays
// so, and one that is off too. Administrators only; an unknown one is webhook_not_found.
func (d *Desk) PauseWebhook(ctx context.Context, actor Actor, id int64) (*Webhook, error) {
	return d.changeWebhook(ctx, actor, id, func(ctx context.Context, t *tx, w *Webhook) error {
		if w.State != WebhookOn {
			return nil
		}
		if _, err := t.NewRaw(`UPDATE webhooks SET state = ? WHERE id = ?`, WebhookPaused, id).Exec(ctx); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditWebhookPaused, w.subject(), nil)
	})
}

// ResumeWebhook has a webhook that is paused or off told of events again, first of those that wait. What happened while it was off was not
// recorded. One that is on stays so. Administrators only; an unknown one is webhook_not_found.
func (d *Desk) ResumeWebhook(ctx context.Context, actor Actor, id int64) (*Webhook, error) {
	return d.changeWebhook(ctx, actor, id, func(ctx context.Context, t *tx, w *Webhook) error {
		if w.State == WebhookOn {
			return nil
		}
		_, err := t.NewRaw(`UPDATE webhooks SET state = ?, failures = 0, failing_since = NULL, blocked_until = NULL WHERE id = ?`,
			WebhookOn, id).Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditWebhookResumed, w.subject(), nil)
	})
}

// RemoveWebhook removes a webhook. What waits is not delivered any more; its log is deleted by and by. Administrators only; an unknown
// one is webhook_not_found.
func (d *Desk) RemoveWebhook(ctx context.Context, actor Actor, id int64) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	return d.changeWebhooks(ctx, func(ctx context.Context, t *tx) error {
		w, err := webhookByID(ctx, t, id, "")
		if err != nil {
			return err
		}
		// Its secrets and headers are of no use any more.
		_, err = t.NewRaw(`UPDATE webhooks SET removed_at = clock_timestamp(), headers = '{}', secret = 'whsec_',
			previous_secret = NULL, previous_secret_until = NULL WHERE id = ?`, id).Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditWebhookRemoved, w.subject(), details{"url": shownURL(w.URL)})
	})
}

// changeWebhook runs f on a webhook that nothing else changes and returns the webhook afterwards. Administrators only.
func (d *Desk) changeWebhook(
	ctx context.Context, actor Actor, id int64, f func(ctx context.Context, t *tx, w *Webhook) error,
) (*Webhook, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	var after *Webhook
	err := d.changeWebhooks(ctx, func(ctx context.Context, t *tx) error {
		before, err := webhookByID(ctx, t, id, ` FOR UPDATE OF w`)
		if err != nil {
			return err
		}
		if err := f(ctx, t, before); err != nil {
			return err
		}
		after, err = webhookByID(ctx, t, id, "")
		return err
	})
	return after, err
}

// changeWebhooks runs f in a transaction in which no other one changes webhooks, and then makes triggers and alert fit the webhooks.
func (d *Desk) changeWebhooks(ctx context.Context, f func(ctx context.Context, t *tx) error) error {
	for try := 1; ; try++ {
		err := d.tryToChangeWebhooks(ctx, f)
		if code, _ := sqlState(err); code != pgLockNotAvailable || try == webhookTries {
			return err
		}
		select {
		case <-ctx.Done():
			return translate(ctx.Err())
		case <-time.After(time.Duration(try) * 50 * time.Millisecond):
		}
	}
}

const (
	// webhookTries is how often a change of webhooks is tried that did not get the lock of a table within webhookLockTimeout. Those who
	// write to the table wait meanwhile, so it gives way to them in between.
	webhookTries       = 6
	webhookLockTimeout = "500ms"
)

func (d *Desk) tryToChangeWebhooks(ctx context.Context, f func(ctx context.Context, t *tx) error) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SELECT pg_advisory_xact_lock(?)`, webhooksLock).Exec(ctx); err != nil {
			return err
		}
		if err := f(ctx, t); err != nil {
			return err
		}
		if err := t.fitWebhookAlert(ctx); err != nil {
			return err
		}
		return t.fitWebhookTriggers(ctx)
	})
}

// newWebhookSecret returns a secret in the form of Standard Webhooks.
func newWebhookSecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	return webhookSecretPrefix + base64.StdEncoding.EncodeToString(raw)
}

// shownURL returns an address without its query, which may have a password of the receiver, for the audit log.
func shownURL(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}

func headerNames(headers map[string]string) string {
	return strings.Join(slices.Sorted(maps.Keys(headers)), ", ")
}
