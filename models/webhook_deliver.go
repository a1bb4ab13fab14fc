package models

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// When webhooks are told of events.
const (
	// WebhookTimeout bounds an attempt, from the connection to the end of the answer.
	WebhookTimeout = 15 * time.Second
	// webhookLease is for how long a process delivers to a webhook alone. Another one takes over after it, if the process was killed.
	webhookLease = 40 * time.Second
	// webhookMargin is how much of the lease is left at least when an attempt ends, to store its result.
	webhookMargin = 5 * time.Second

	webhookBatch = 200
	// webhookConcurrency is how many requests to one webhook run at a time.
	webhookConcurrency = 16
	// webhookPatience is after how many failures in a row a webhook gets a pause, and then one delivery as a probe.
	webhookPatience = 5
	maxWebhookBlock = 5 * time.Minute

	firstWebhookPause = 5 * time.Second
	maxWebhookPause   = 24 * time.Hour
)

// webhookPause returns how long to wait after that many failed attempts, at least 1: it doubles from 5 seconds to 24 hours, give or take a
// fifth, so that what failed together is not tried together.
func webhookPause(attempts int) time.Duration {
	pause := min(firstWebhookPause<<min(max(attempts-1, 0), 20), maxWebhookPause)
	return time.Duration(float64(pause) * (0.8 + 0.4*rand.Float64()))
}

// webhookBlock returns for how long nothing is sent to a webhook after that many failures in a row: 0 at first.
func webhookBlock(failures int) time.Duration {
	if failures < webhookPatience {
		return 0
	}
	return min(firstWebhookPause<<min(failures-webhookPatience, 10), maxWebhookBlock)
}

// WebhookError is why an attempt failed. Its values are stored, and the catalogues have a text for each.
type WebhookError string

// The reasons.
const (
	WebhookRefusedAddress WebhookError = "address_refused" // the name has an address that Parley does not connect to
	WebhookUnresolved     WebhookError = "name_unresolved" // the name has no address
	WebhookUnreachable    WebhookError = "unreachable"     // no connection
	WebhookTLSFailed      WebhookError = "tls_failed"      // no encrypted connection, or the certificate is not valid
	WebhookTimedOut       WebhookError = "timeout"         // no answer within WebhookTimeout
	WebhookInterrupted    WebhookError = "interrupted"     // the connection broke before the answer
	WebhookRedirected     WebhookError = "redirected"      // the answer is a redirect, which is not followed
	WebhookBadStatus      WebhookError = "status"          // the status of the answer is none of success
	WebhookGone           WebhookError = "gone"            // 410: the receiver wants no more, so the webhook is switched off
	WebhookInternal       WebhookError = "internal"        // the request could not be made
)

// WebhookErrors are all reasons.
var WebhookErrors = []WebhookError{
	WebhookRefusedAddress, WebhookUnresolved, WebhookUnreachable, WebhookTLSFailed, WebhookTimedOut, WebhookInterrupted, WebhookRedirected,
	WebhookBadStatus, WebhookGone, WebhookInternal,
}

// WebhookRequest is an attempt to tell a webhook of an event.
type WebhookRequest struct {
	URL     string
	Headers map[string]string
	Secrets []string // that sign, the present one first
	Event   *WebhookEvent
}

// WebhookAnswer is what became of an attempt.
type WebhookAnswer struct {
	Error      WebhookError // "" for a success: a status from 200 to 299
	Cause      error        // for the log
	Status     int          // 0 without an answer
	Sent       map[string]string
	Headers    map[string]string // of the answer
	Body       string            // of the answer, at most 64 kB
	RetryAfter time.Duration     // that the receiver asks for; 0 for none
}

// WebhookSender tells other systems of events.
type WebhookSender interface {
	// Send makes an attempt, which ctx bounds.
	Send(ctx context.Context, r *WebhookRequest) *WebhookAnswer
	// Payload returns the body of the requests about an event.
	Payload(ctx context.Context, e *WebhookEvent) ([]byte, error)
}

// SetWebhookSender sets who tells webhooks. It is called at most once, before the desk is used; without it nothing is delivered.
func (d *Desk) SetWebhookSender(s WebhookSender) { d.webhooks.sender = s }

// webhookRuns are the webhooks to which this process delivers.
type webhookRuns struct {
	sender WebhookSender
	owner  string // of leases

	mu      sync.Mutex
	running map[int64]bool
	done    sync.WaitGroup
	// ctx ends when the process stops to begin attempts, and attempts when those under way are broken off.
	ctx, attempts       context.Context //nolint:containedctx // of the process
	stop, breakAttempts context.CancelFunc

	delivered, failed, gaveUp atomic.Int64
}

func newWebhookRuns() *webhookRuns {
	r := &webhookRuns{owner: uuid.NewString(), running: map[int64]bool{}}
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.attempts, r.breakAttempts = context.WithCancel(context.Background())
	return r
}

// webhookGrace is for how long a process that stops waits for the answers to attempts.
const webhookGrace = 3 * time.Second

// close ends deliveries. Attempts that get no answer within webhookGrace are broken off, and made again by another process.
func (r *webhookRuns) close() {
	r.mu.Lock()
	r.stop()
	r.mu.Unlock()
	defer time.AfterFunc(webhookGrace, r.breakAttempts).Stop()
	r.done.Wait()
	r.breakAttempts()
}

// WebhookCounts returns how many attempts of this process succeeded, how many failed, and how many deliveries it gave up.
func (d *Desk) WebhookCounts() (delivered, failed, gaveUp int64) {
	return d.webhooks.delivered.Load(), d.webhooks.failed.Load(), d.webhooks.gaveUp.Load()
}

// DeliverWebhooks begins to deliver what is due, each webhook by itself, and returns at once: a slow receiver delays no other one. Any
// number of processes may call it; one of them delivers to a webhook, which keeps the order of the events of each chat. A delivery is made
// at least once: where a process is killed between the answer and storing it, another one makes it again, under the same id.
func (d *Desk) DeliverWebhooks(ctx context.Context) error {
	if d.webhooks.sender == nil || !d.reload.hasWebhooks.Load() {
		return nil
	}
	var due []int64
	err := d.db.NewRaw(`SELECT w.id FROM webhooks w WHERE `+canDeliver+dueOfWebhook, d.webhooks.owner).Scan(ctx, &due)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return translate(err)
	}
	for _, id := range due {
		d.runWebhook(id)
	}
	return nil
}

// canDeliver is the condition that a process may deliver to a webhook w now.
//
//	?0 the process
const canDeliver = `w.state = 'on' AND w.removed_at IS NULL AND (w.blocked_until IS NULL OR w.blocked_until <= statement_timestamp())
	AND (w.lease_until IS NULL OR w.lease_until <= statement_timestamp() OR w.lease_owner = ?0)`

// dueOfWebhook is the condition that something is due for a webhook w.
const dueOfWebhook = ` AND EXISTS (SELECT FROM webhook_deliveries d
	WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.due_at <= statement_timestamp())`

// runWebhook delivers to a webhook in the background, until nothing is due, unless this process does so already.
func (d *Desk) runWebhook(id int64) {
	r := d.webhooks
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[id] || r.ctx.Err() != nil {
		return
	}
	r.running[id] = true
	r.done.Go(func() {
		defer func() {
			r.mu.Lock()
			delete(r.running, id)
			r.mu.Unlock()
		}()
		err := d.tellWebhook(r.ctx, id)
		if err != nil && r.ctx.Err() == nil {
			d.log.Warn("webhook not told, will retry", "webhook_id", id, "error", err)
		}
		d.releaseWebhook(id)
	})
}

// tellWebhook delivers what is due, and what becomes due soon after it: a chat goes on, and its next event should not wait for the next
// run.
func (d *Desk) tellWebhook(ctx context.Context, id int64) error {
	for idleSince := time.Now(); ; {
		more, err := d.deliverBatch(ctx, id)
		if err != nil {
			return err
		}
		if more {
			idleSince = time.Now()
			continue
		}
		for found := false; !found; {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(webhookPoll):
			}
			if found, err = d.isAny(
				ctx,
				`SELECT FROM webhooks w WHERE w.id = ?1 AND `+canDeliver+dueOfWebhook,
				d.webhooks.owner,
				id,
			); err != nil {
				return err
			}
			if !found && time.Since(idleSince) > webhookLinger {
				return nil
			}
		}
	}
}

const (
	webhookLinger = 3 * time.Second
	webhookPoll   = 200 * time.Millisecond
)

// releaseWebhook ends the lease of this process. If it fails, the lease ends by itself.
func (d *Desk) releaseWebhook(id int64) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = d.db.NewRaw(`UPDATE webhooks SET lease_owner = NULL, lease_until = NULL WHERE id = ? AND lease_owner = ?`, id, d.webhooks.owner).
		Exec(ctx)
}

// dueDelivery is a delivery that is made.
type dueDelivery struct {
	ID           int64     `bun:"id"`
	Attempts     int       `bun:"attempts"`
	Earlier      int       `bun:"earlier"`
	FirstAt      time.Time `bun:"first_at"`
	WebhookEvent `bun:",extend"`
}

const selectDue = `SELECT d.id, d.attempts, d.earlier, d.first_at, e.public_id, e.type, e.chat_id, e.sequence, e.created_at, e.body,
		(SELECT to_jsonb(a) FROM attachments a WHERE a.chat_id = e.chat_id AND a.message_id = e.message_id) AS file
	FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id `

// deliverBatch takes the webhook and makes the deliveries that are due, those of a chat one after the other. It returns whether there may
// be more.
func (d *Desk) deliverBatch(ctx context.Context, id int64) (more bool, err error) {
	until := time.Now().Add(webhookLease - WebhookTimeout - webhookMargin) // when the last attempt may begin
	w := &Webhook{}
	err = d.db.NewRaw(`UPDATE webhooks w SET lease_owner = ?0, lease_until = clock_timestamp() + make_interval(secs => ?1)
		WHERE w.id = ?2 AND `+canDeliver+` RETURNING w.id, w.name, w.url, w.headers, w.secret, w.failures,
			CASE WHEN w.previous_secret_until > statement_timestamp() THEN w.previous_secret END AS previous_secret`,
		d.webhooks.owner, webhookLease.Seconds(), id).Scan(ctx, w)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, translate(err)
	}
	limit := webhookBatch
	if w.Failures >= webhookPatience {
		limit = 1
	}
	var due []dueDelivery
	err = d.db.NewRaw(selectDue+`WHERE d.webhook_id = ? AND d.state = 'pending' AND d.due_at <= statement_timestamp()
		ORDER BY d.due_at, d.id LIMIT ?`, id, limit).Scan(ctx, &due)
	if err != nil {
		return false, translate(err)
	}
	var failures atomic.Int64 // since the latest success
	failures.Store(int64(min(w.Failures, webhookPatience-1)))
	var group errgroup.Group
	group.SetLimit(webhookConcurrency)
	for _, inOrder := range byChat(due) {
		group.Go(func() error {
			for _, one := range inOrder {
				if ctx.Err() != nil || time.Now().After(until) || failures.Load() >= webhookPatience {
					return ctx.Err()
				}
				failed, err := d.deliver(ctx, w, one)
				if err != nil {
					return err
				}
				if failed {
					failures.Add(1)
				} else {
					failures.Store(0)
				}
			}
			return nil
		})
	}
	return len(due) == limit || failures.Load() == 0 && len(due) > 0, group.Wait()
}

// byChat groups deliveries: those of a chat together and in the order of its events, others alone.
func byChat(due []dueDelivery) [][]*dueDelivery {
	var groups [][]*dueDelivery
	of := map[string]int{}
	for i := range due {
		one := &due[i]
		if one.ChatID == nil {
			groups = append(groups, []*dueDelivery{one})
			continue
		}
		at, known := of[*one.ChatID]
		if !known {
			at = len(groups)
			of[*one.ChatID] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], one)
	}
	for _, group := range groups { // a retry may be due before what came earlier
		slices.SortFunc(group, func(a, b *dueDelivery) int { return cmp.Compare(a.ID, b.ID) })
	}
	return groups
}

// deliver makes an attempt and stores its result. An attempt that the end of the process breaks off is none.
func (d *Desk) deliver(ctx context.Context, w *Webhook, one *dueDelivery) (failed bool, err error) {
	began := time.Now()
	answer := d.sendWebhook(d.webhooks.attempts, w, &one.WebhookEvent, WebhookTimeout)
	if err := d.webhooks.attempts.Err(); err != nil && answer.Error != "" {
		return true, err
	}
	return answer.Error != "", d.storeAttempt(ctx, w, one, answer, began)
}

func (d *Desk) sendWebhook(ctx context.Context, w *Webhook, e *WebhookEvent, timeout time.Duration) *WebhookAnswer {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return d.webhooks.sender.Send(ctx, &WebhookRequest{URL: w.URL, Headers: w.Headers, Secrets: w.secrets(), Event: e})
}
