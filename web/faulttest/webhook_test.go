package faulttest_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/models"
)

// hooked is a plant whose events are told to two receivers, one of which is slow.
type hooked struct {
	*plant
	webhook int64 // of the receiver that is not slow
	slow    atomic.Bool

	mu       sync.Mutex
	received map[string]int      // requests, by webhook-id
	order    map[string][]int64  // the sequences of a chat, at the first request about each event
	early    []string            // events that were not committed when they arrived
	late     time.Duration       // the longest time from an event to its first request
	told     map[string][]string // the types of events about a chat or a message, by its id
}

// hookBody is the part of a request that the test looks at.
type hookBody struct {
	Type      string
	Timestamp time.Time
	Data      struct {
		Sequence int64
		Chat     struct {
			ChatID string `json:"chat_id"`
		}
		Message struct{ ID json.Number }
	}
}

func newHooked(t *testing.T) *hooked {
	t.Helper()
	h := &hooked{received: map[string]int{}, order: map[string][]int64{}, told: map[string][]string{}}
	h.plant = newPlant(t, func(p *plant) { p.environ = append(p.environ, "WEBHOOK_NETWORKS=127.0.0.0/8") })
	fast := httptest.NewServer(http.HandlerFunc(h.receive))
	t.Cleanup(fast.Close)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if h.slow.Load() {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(slow.Close)
	settings := models.DefaultSettings()
	settings.WebhookNetworks = "127.0.0.0/8"
	desk := models.NewDesk(h.desk.DB(), settings, quiet)
	defer desk.Close()
	admin := models.Actor{Kind: models.KindAgent, ID: "root", Role: models.RoleAdmin}
	for _, url := range []string{slow.URL, fast.URL} {
		w, err := desk.AddWebhook(t.Context(), admin, models.WebhookFields{
			Name: "Shop", URL: url, Events: []string{"chat.created", "chat.assigned", "chat.ended", "message.created"},
		})
		h.must(err)
		h.webhook = w.ID
	}
	return h
}

// receive notes a request and looks whether its event was committed before.
func (h *hooked) receive(_ http.ResponseWriter, r *http.Request) {
	var body hookBody
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		h.t.Errorf("a request is no JSON: %v", err)
		return
	}
	id, chat := r.Header.Get("Webhook-Id"), body.Data.Chat.ChatID
	isCommitted := true
	err := h.database().QueryRowContext(h.ctx, `SELECT EXISTS (SELECT FROM webhook_events WHERE public_id = $1) AND
		EXISTS (SELECT FROM chats WHERE id = $2 AND version >= $3)`, id, chat, body.Data.Sequence).Scan(&isCommitted)
	if err != nil && h.ctx.Err() == nil {
		h.t.Errorf("looking for an event: %v", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !isCommitted {
		h.early = append(h.early, body.Type+" "+id)
	}
	if h.received[id]++; h.received[id] > 1 {
		return
	}
	h.order[chat] = append(h.order[chat], body.Data.Sequence)
	h.late = max(h.late, time.Since(body.Timestamp))
	about := chat
	if body.Type == "message.created" {
		about += " " + body.Data.Message.ID.String()
	}
	h.told[about] = append(h.told[about], body.Type)
}

// database returns a pool of connections; PostgreSQL is not struck in these tests. A connection for each request of a webhook would take
// longer than the request.
func (h *hooked) database() *sql.DB { return h.desk.DB().DB }

func (h *hooked) count(query string, args ...any) (n int) {
	h.t.Helper()
	h.must(h.database().QueryRowContext(h.ctx, query, args...).Scan(&n))
	return n
}

func (h *hooked) exec(query string, args ...any) {
	h.t.Helper()
	_, err := h.database().ExecContext(h.ctx, query, args...)
	h.must(err)
}

// arrived returns how many events arrived.
func (h *hooked) arrived() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.received)
}

// goesOn waits until more events arrive.
func (h *hooked) goesOn() {
	h.t.Helper()
	arrived := h.arrived()
	h.until(time.Minute, "more events arrive", func() bool { return h.arrived() > arrived+5 })
}

// forgetLease ends the lease of a process that was killed, for which another one would wait 40 seconds.
func (h *hooked) forgetLease() {
	h.t.Helper()
	h.exec(`UPDATE webhooks SET lease_owner = NULL, lease_until = NULL`)
}

// TestWebhookFaults lets users and agents chat while processes are killed between commit and delivery and during deliveries, Redis is emptied and
// ended, and one receiver does not answer. Every event of the other one arrives at least once, none before its commit, and those of a chat
// in order.
func TestWebhookFaults(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	h.crowd(form(5, 20), form(3, 8), 2, form(250*time.Millisecond, 300*time.Millisecond))
	h.goesOn()
	for range form(1, 5) {
		h.killedBeforeDelivery()
		h.killedWhileDelivering(form(3, 12))
		h.redisCommand("FLUSHALL")
		h.goesOn()
		h.must(h.redis.Kill())
		h.goesOn()
		h.must(h.redis.Start(t.Context()))
		h.goesOn()
		h.slowReceiver()
	}
	h.settle()
	h.audit()
	h.auditWebhooks()
}

// killedBeforeDelivery kills both instances while events are committed and not delivered yet.
func (h *hooked) killedBeforeDelivery() {
	h.t.Helper()
	const waiting = `SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'pending'`
	h.exec(`UPDATE webhooks SET blocked_until = clock_timestamp() + interval '1 hour'`)
	h.until(time.Minute, "events wait", func() bool { return h.count(waiting, h.webhook) >= 10 })
	for _, i := range h.instances {
		i.kill()
	}
	if n := h.count(waiting, h.webhook); n < 10 {
		h.t.Errorf("%d events wait, so the kill came too late", n)
	}
	h.exec(`UPDATE webhooks SET blocked_until = NULL`)
	h.forgetLease()
	for _, i := range h.instances {
		i.start()
	}
	h.goesOn()
}

// killedWhileDelivering kills one instance after the other while events arrive.
func (h *hooked) killedWhileDelivering(kills int) {
	h.t.Helper()
	for n := range kills {
		h.goesOn()
		i := h.instances[n%len(h.instances)]
		i.kill()
		h.forgetLease()
		pause(h.t.Context(), form(300*time.Millisecond, 3*time.Second))
		i.start()
	}
	h.goesOn()
}

// slowReceiver lets one receiver answer nothing, and measures how late the events of the other one are meanwhile.
func (h *hooked) slowReceiver() {
	h.t.Helper()
	h.until(time.Minute, "no backlog", func() bool {
		return h.count(`SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'pending'
			AND due_at < clock_timestamp() - interval '5 seconds'`, h.webhook) == 0
	})
	h.slow.Store(true)
	h.mu.Lock()
	h.late = 0
	h.mu.Unlock()
	pause(h.t.Context(), form(6*time.Second, 30*time.Second))
	h.goesOn()
	h.mu.Lock()
	late := h.late
	h.mu.Unlock()
	h.slow.Store(false)
	if late > 5*time.Second {
		h.t.Errorf("an event of the fast receiver came %s late while the other one was slow", late)
	}
	h.t.Logf("while the other receiver was slow, events came %s late at most", late.Round(time.Millisecond))
}

// auditWebhooks compares what arrived with what is stored.
func (h *hooked) auditWebhooks() {
	h.t.Helper()
	h.until(time.Minute, "everything is delivered", func() bool {
		return h.count(`SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1 AND state <> 'delivered'`, h.webhook) == 0
	})
	conn, err := h.connect(h.ctx)
	h.must(err)
	defer conn.Close(context.Background())
	rows, err := conn.Query(h.ctx, `SELECT chat_id || ' ' || id, ARRAY['message.created'] FROM messages
		UNION ALL SELECT id, ARRAY['chat.created'] || CASE WHEN first_assigned_at IS NOT NULL THEN ARRAY['chat.assigned'] ELSE '{}' END
			|| CASE WHEN status = 'ended' THEN ARRAY['chat.ended'] ELSE '{}' END FROM chats`)
	h.must(err)
	h.mu.Lock()
	defer h.mu.Unlock()
	var about string
	var types []string
	events := 0
	_, err = pgx.ForEachRow(rows, []any{&about, &types}, func() error {
		for _, want := range types {
			events++
			times := 0
			for _, got := range h.told[about] {
				if got == want {
					times++
				}
			}
			if times == 0 || times > 1 && want != "chat.assigned" {
				h.t.Errorf("%s of %s arrived as %d events", want, about, times)
			}
		}
		return nil
	})
	h.must(err)
	for _, one := range h.early {
		h.t.Errorf("before its commit arrived %s", one)
	}
	for chat, sequences := range h.order {
		for i := 1; i < len(sequences); i++ {
			if sequences[i] < sequences[i-1] {
				h.t.Errorf("the events of %s arrived in the order %v", chat, sequences)
				break
			}
		}
	}
	again := 0
	for _, n := range h.received {
		again += n - 1
	}
	h.t.Logf("%d events, %d of them again", events, again)
}
