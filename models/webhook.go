package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
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
		CASE WHEN w.previous_secret_until > clock_timestamp() THEN w.previous_secret END AS previous_secret,
		CASE WHEN w.previous_secret_until > clock_timestamp() THEN w.previous_secret_until END AS previous_secret_until,
		w.state, w.failing_since, w.failures, CASE WHEN w.blocked_until > clock_timestamp() THEN w.blocked_until END AS blocked_until,
		w.delivered_at, w.created_by, coalesce(a.name, '') AS created_name, w.created_at, p.pending, p.due_at, f.failed
	FROM webhooks w LEFT JOIN agents a ON a.id = w.created_by
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
		return t.audit(
			ctx,
			actor,
			AuditWebhookAdded,
			added.subject(),
			details{"url": shownURL(f.URL), "events": strings.Join(f.Events, ", ")},
		)
	})
	return added, err
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

// checkWebhookAgent refuses an agent that does not exist.
func (t *tx) checkWebhookAgent(ctx context.Context, agentID *string) error {
	if deref(agentID) == "" {
		return nil
	}
	var there bool
	if err := t.NewRaw(`SELECT EXISTS (SELECT FROM agents WHERE id = ?)`, *agentID).Scan(ctx, &there); err != nil || there {
		return err
	}
	return invalid("agent_id", fieldUnknown, "This agent does not exist.")
}

// validateWebhook brings the fields into the form in which they are stored. A header without a value gets the one of before.
func (d *Desk) validateWebhook(f *WebhookFields, before map[string]string) (err error) {
	if f.Name, err = validateText("name", oneLine(f.Name), 1, 80); err != nil {
		return err
	}
	if f.URL, err = d.webhookURL(f.URL); err != nil {
		return err
	}
	chosen := f.Events
	f.Events = nil
	for _, e := range WebhookEventTypes() {
		if slices.Contains(chosen, string(e)) {
			f.Events = append(f.Events, string(e))
		}
	}
	for _, e := range chosen {
		if !slices.Contains(f.Events, e) {
			return invalid("events", fieldUnknown, "One of these events does not exist. Choose from the list.")
		}
	}
	if len(f.Events) == 0 {
		return invalid("events", fieldRequired, "Choose the events that the webhook is told of.")
	}
	f.Headers, err = webhookHeaders(f.Headers, before)
	return err
}

// webhookURL returns an address as it is stored. What its name resolves to is decided when it is connected to.
func (d *Desk) webhookURL(address string) (string, error) {
	address, err := validateText("url", strings.TrimSpace(address), 1, maxWebhookURL)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "":
		return "", invalid("url", fieldInvalid, "This is no address such as https://shop.example.com/parley.")
	case u.User != nil:
		return "", invalid("url", fieldInvalid, "The address must not have a user or a password. Use a header for them.")
	case u.Fragment != "" || strings.Contains(address, "#"):
		return "", invalid("url", fieldInvalid, "The address must not have a # part, which is never sent.")
	}
	networks := ParseWebhookNetworks(d.Settings().WebhookNetworks)
	if u.Scheme == "http" && len(networks) == 0 {
		return "", invalid("url", fieldInvalid, "The address must begin with https://. Only networks in WEBHOOK_NETWORKS may have http.")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err == nil && u.Scheme == "http" && !slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(ip.Unmap()) }) {
		return "", invalid("url", fieldInvalid, "This address is not in WEBHOOK_NETWORKS, so it must begin with https://.")
	}
	return u.String(), nil
}

// ParseWebhookNetworks returns the networks of a list with commas, such as WEBHOOK_NETWORKS has. What is no network is passed over.
func ParseWebhookNetworks(list string) []netip.Prefix {
	var networks []netip.Prefix
	texts, _ := parseNetworks([]string{list})
	for _, text := range texts {
		if network, err := netip.ParsePrefix(text); err == nil {
			networks = append(networks, network)
		}
	}
	return networks
}

var (
	headerNameForm  = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~-]+$`)
	headerValueForm = regexp.MustCompile(`^[\x20-\x7e]*$`)
	// ownHeader are the headers that Parley, HTTP or a proxy sets.
	ownHeader = regexp.MustCompile(`(?i)^(webhook-.*|content-.*|proxy-.*|sec-.*|host|connection|keep-alive|transfer-encoding|te|trailer|` +
		`upgrade|expect|accept-encoding|user-agent|date|forwarded|x-forwarded-.*|cookie)$`)
)

func webhookHeaders(headers, before map[string]string) (map[string]string, error) {
	kept := map[string]string{}
	seen := map[string]bool{}
	for name, value := range headers {
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if value == "" {
			value = before[name]
		}
		switch {
		case name == "" && value == "":
			continue
		case !headerNameForm.MatchString(name) || len(name) > maxHeaderName:
			return nil, invalid(
				"headers",
				fieldInvalid,
				"A header needs a name such as Authorization, without spaces and of at most 80 characters.",
			)
		case ownHeader.MatchString(name):
			return nil, invalid("headers", fieldInvalid, "The header "+name+" is set by Parley. Choose another name.")
		case value == "":
			return nil, invalid("headers", fieldRequired, "The header "+name+" needs a value.")
		case len(value) > maxHeaderValue || !headerValueForm.MatchString(value):
			return nil, invalid(
				"headers",
				fieldInvalid,
				"The value of the header "+name+" must be at most 1,000 printable ASCII characters.",
			)
		case seen[strings.ToLower(name)]:
			return nil, invalid("headers", fieldInvalid, "The header "+name+" is there twice.")
		}
		seen[strings.ToLower(name)] = true
		kept[name] = value
	}
	if len(kept) > maxWebhookHeaders {
		return nil, invalid("headers", fieldTooLong, "These are too many headers. Enter at most 10.")
	}
	return kept, nil
}
