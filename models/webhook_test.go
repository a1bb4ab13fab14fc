package models_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/models"
	"parley/models/testdb"
)

// receiver is what webhooks are told.
type receiver struct {
	mu     sync.Mutex
	got    []models.WebhookRequest
	answer func(r *models.WebhookRequest) *models.WebhookAnswer // nil for 204
}

func (s *receiver) Send(_ context.Context, r *models.WebhookRequest) *models.WebhookAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, *r)
	if s.answer != nil {
		return s.answer(r)
	}
	return &models.WebhookAnswer{Status: 204}
}

func (s *receiver) Payload(_ context.Context, e *models.WebhookEvent) ([]byte, error) {
	return json.Marshal(e.Body)
}

func (s *receiver) answers(f func(r *models.WebhookRequest) *models.WebhookAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// requests returns what was received since the last call.
func (s *receiver) requests() []models.WebhookRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

func refuse(*models.WebhookRequest) *models.WebhookAnswer {
	return &models.WebhookAnswer{Status: 500, Error: models.WebhookBadStatus, Cause: errors.New("refused")}
}

// webhook adds a webhook.
func (h *testDesk) webhook(events ...models.WebhookEventType) *models.Webhook {
	h.t.Helper()
	f := models.WebhookFields{Name: "Shop", URL: "https://shop.example/hook"}
	for _, e := range events {
		f.Events = append(f.Events, string(e))
	}
	w, err := h.AddWebhook(h.t.Context(), admin, f)
	h.must(err)
	return w
}

// recorded returns the events that were recorded since the last call, each as its type and sequence.
func (h *testDesk) recorded() []string {
	h.t.Helper()
	var events []string
	h.must(h.DB().NewRaw(`WITH gone AS (DELETE FROM webhook_events RETURNING *)
		SELECT type || CASE WHEN chat_id IS NULL THEN '' ELSE ' ' || sequence END FROM gone ORDER BY id`).Scan(h.t.Context(), &events))
	return events
}

// deliver delivers what is due until nothing is.
func (h *testDesk) deliver() {
	h.t.Helper()
	h.must(h.DeliverWebhooks(h.t.Context()))
	h.until("the deliveries to end", func() bool {
		return h.count(`SELECT count(*) FROM webhooks w WHERE w.state = 'on' AND w.removed_at IS NULL
			AND coalesce(w.blocked_until, '-infinity') < clock_timestamp() AND EXISTS (SELECT FROM webhook_deliveries d
				WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.due_at < clock_timestamp())`) == 0
	})
}

func (h *testDesk) until(what string, done func() bool) {
	h.t.Helper()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-deadline:
			h.t.Fatalf("still waiting for %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Each event is recorded once, with the version of its chat, in the transaction of what happened; without a webhook for it nothing is.
func TestEventsAreRecordedForWebhooks(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	anna, bob := h.agent("anna", 5), h.agent("bob", 5)
	h.ask("before")
	if got := h.recorded(); len(got) != 0 {
		t.Fatalf("without webhooks %v is recorded", got)
	}
	w := h.webhook(models.WebhookEventTypes()...)
	want := func(what string, events ...string) {
		t.Helper()
		if got := h.recorded(); !slices.Equal(got, events) {
			t.Errorf("%s: %q, want %q", what, got, events)
		}
	}
	got := h.ask("maria")
	id := got.Chat.ID
	want("asking", "chat.created 0", "chat.assigned 2", "message.created 2")
	m := h.send(models.UserActor("maria"), id, "Hello?")
	version := m.Version
	want("sending", fmt.Sprintf("message.created %d", version))
	holder, other := anna, bob
	if h.chat(id).ServedBy() == bob.ID {
		holder, other = bob, anna
	}
	h.must(h.ConfirmOne(ctx, holder, id, m.ID, models.Read))
	want("reading")
	_, err := h.EditMessage(ctx, models.UserActor("maria"), id, m.ID, "Hello there?")
	h.must(err)
	want("editing", fmt.Sprintf("message.updated %d", h.chat(id).Version))
	_, err = h.Transfer(ctx, holder, id, models.TransferRequest{ServiceID: other.ID})
	h.must(err)
	want("transferring", fmt.Sprintf("chat.transferred %d", h.chat(id).Version), fmt.Sprintf("message.created %d", h.chat(id).Version))
	_, err = h.Transfer(ctx, holder, id, models.TransferRequest{ServiceID: other.ID})
	h.refused(err, "chat_not_found")
	want("a refused transfer")
	_, err = h.End(ctx, other, id, "")
	h.must(err)
	ended := h.chat(id).Version
	want("ending", fmt.Sprintf("chat.ended %d", ended))
	h.must(h.Rate(ctx, models.UserActor("maria"), id, 4.5, "Good"))
	want("rating", fmt.Sprintf("chat.rated %d", ended+1))
	_, err = h.SetPresence(ctx, anna, models.Away)
	h.must(err)
	want("presence", "agent.presence")
	_, err = h.SetPresence(ctx, anna, models.Away)
	h.must(err)
	want("the same presence")

	f := models.WebhookFields{Name: w.Name, URL: w.URL, Events: []string{"chat.ended"}}
	_, err = h.UpdateWebhook(ctx, admin, w.ID, f)
	h.must(err)
	chat := h.ask("maria").Chat.ID
	_, err = h.End(ctx, models.UserActor("maria"), chat, "")
	h.must(err)
	want("only the end", fmt.Sprintf("chat.ended %d", h.chat(chat).Version))
	h.must(h.RemoveWebhook(ctx, admin, w.ID))
	chat = h.ask("maria").Chat.ID
	_, err = h.End(ctx, models.UserActor("maria"), chat, "")
	h.must(err)
	want("without a webhook")
}

// statements counts the statements of a pool.
type statements struct{ n atomic.Int64 }

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	s.n.Add(1)
	return ctx
}

func (*statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// enabled returns the triggers that are enabled.
func (h *testDesk) enabled() (names []string) {
	h.t.Helper()
	h.must(h.DB().NewRaw(`SELECT tgname::text FROM pg_trigger WHERE tgname LIKE 'webhook\_%' AND tgenabled <> 'D' ORDER BY 1`).
		Scan(h.t.Context(), &names))
	return names
}

// Without a webhook that asks for messages, storing one runs no statement and no trigger more. Only what is asked for is paid for.
func TestSendsWithoutSubscribersCostNothing(t *testing.T) {
	t.Parallel()
	counts := &statements{}
	url := testdb.Postgres(t)
	db, err := models.Open(t.Context(), url, counts)
	if err != nil {
		t.Fatal(err)
	}
	h := newTestDeskOn(t, url, models.DefaultSettings())
	sender := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { sender.Close(); _ = db.Close() })
	h.agent("anna", 5)
	id := h.ask("maria").Chat.ID
	maria := models.UserActor("maria")
	send := func() (int, []string) {
		t.Helper()
		counts.n.Store(0)
		_, _, err := sender.Send(t.Context(), maria, id, models.NewMessage{Content: "hello"})
		h.must(err)
		statements := int(counts.n.Load())
		var plan []string
		h.must(
			h.DB().
				NewRaw(`EXPLAIN (ANALYZE, COSTS off) INSERT INTO messages (id, chat_id, seq, version, sender_type, sender_id, message_type,
			content, created_at) SELECT nextval('messages_id'), id, last_seq + 1, version + 1, 'user', user_id, 'text', 'hello', now() FROM chats WHERE id = ?`,
					id).
				Scan(t.Context(), &plan),
		)
		h.exec(`UPDATE chats SET last_seq = last_seq + 1, version = version + 1 WHERE id = ?`, id)
		var fired []string
		for _, line := range plan {
			if strings.Contains(line, "webhook") {
				fired = append(fired, strings.TrimSuffix(strings.Fields(line)[1], ":"))
			}
		}
		return statements, fired
	}
	if n, fired := send(); n != 1 || fired != nil || h.enabled() != nil {
		t.Fatalf("without webhooks a send runs %d statements, and %v", n, fired)
	}
	w := h.webhook(models.WebhookChatEnded, models.WebhookAgentPresence)
	if n, fired := send(); n != 1 || fired != nil || slices.Contains(h.enabled(), "webhook_messages_inserted") {
		t.Errorf("with a webhook for other events a send runs %d statements, and %v", n, fired)
	}
	_, err = h.UpdateWebhook(t.Context(), admin, w.ID, models.WebhookFields{Name: "x", URL: w.URL, Events: []string{"message.created"}})
	h.must(err)
	if n, fired := send(); n != 1 || !slices.Contains(fired, "webhook_messages_inserted") {
		t.Errorf("with a webhook for messages a send runs %d statements, and %v", n, fired)
	}
	h.must(h.RemoveWebhook(t.Context(), admin, w.ID))
	if n, fired := send(); n != 1 || fired != nil || h.enabled() != nil {
		t.Errorf("after it is removed a send runs %d statements, and %v", n, fired)
	}
}

// Messages that are sent while a webhook is added: from the first one that is told of on, all are, and so are all that begin after it was
// added.
func TestNoEventIsMissedAfterAWebhookWasAdded(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 10)
	const senders = 6
	ids := make([]string, senders)
	for i := range ids {
		ids[i] = h.ask(fmt.Sprintf("u%d", i)).Chat.ID
	}
	added := make(chan struct{})
	var sending sync.WaitGroup
	var mu sync.Mutex
	after := map[int64]bool{} // messages whose sending began after the webhook was added
	for i := range ids {
		sending.Go(func() {
			for n := 0; n < 60; n++ {
				isAfter := false
				select {
				case <-added:
					isAfter = true
				default:
				}
				m := h.send(models.UserActor(fmt.Sprintf("u%d", i)), ids[i], "hello")
				if isAfter {
					mu.Lock()
					after[m.ID] = true
					mu.Unlock()
				} else {
					n = 0
				}
			}
		})
	}
	h.webhook(models.WebhookMessageCreated)
	close(added)
	sending.Wait()
	var recorded []int64
	h.must(h.DB().NewRaw(`SELECT message_id FROM webhook_events ORDER BY id`).Scan(t.Context(), &recorded))
	for id := range after {
		if !slices.Contains(recorded, id) {
			t.Fatalf("message %d was sent after the webhook was added and is not recorded", id)
		}
	}
	if lost := h.count(`SELECT count(*) FROM messages m JOIN (SELECT chat_id, min(message_id) AS first FROM webhook_events GROUP BY 1) f
		ON f.chat_id = m.chat_id AND m.id > f.first WHERE NOT EXISTS (SELECT FROM webhook_events e WHERE e.message_id = m.id)`); lost != 0 {
		t.Errorf("%d messages between others are not recorded", lost)
	}
}
