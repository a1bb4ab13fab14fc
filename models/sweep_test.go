package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// Sweep finds everything that is due without being told.
func TestASweepDoesAllThatIsDue(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 5), h.agent("ben", 1)
	silent := h.ask("silent").Chat.ID
	with := h.chat(silent).ServedBy()
	sweep := func() time.Duration {
		t.Helper()
		next, err := h.Sweep(t.Context())
		h.must(err)
		h.Close()
		return next
	}
	if next := sweep(); next <= 50*time.Second || next > time.Minute {
		t.Errorf("with a chat that has just begun the next silence is due in %s", next)
	}
	h.age("chats", silent, 70*time.Second, "quiet_since")
	if next := sweep(); h.chat(silent).WarnedAt == nil || next <= 50*time.Second || next > time.Minute {
		t.Errorf("not warned, or the next is due in %s", next)
	}
	h.age("chats", silent, 70*time.Second, "quiet_since", "warned_at")
	if sweep(); h.chat(silent).Status != models.Ended {
		t.Error("not ended")
	}
	// This capacity is not announced.
	full := h.ask("full").Chat.ID
	h.exec(`UPDATE agents SET max_concurrent = 0`)
	waits := h.ask("waits").Chat.ID
	h.Close()
	h.exec(`UPDATE agents SET max_concurrent = 5`)
	if sweep(); h.chat(waits).Status != models.Active {
		t.Error("room that appeared is not given away")
	}
	for _, a := range []models.Actor{anna, ben} {
		h.age("agents", a.ID, time.Hour, "seen_at")
	}
	h.exec(`UPDATE pulse SET resumed_at = resumed_at - interval '1 hour'`)
	sweep()
	for _, id := range []string{full, waits} {
		if c := h.chat(id); c.Status != models.Waiting || c.ReturnedAt == nil {
			t.Errorf("a chat of an agent who is gone is %s (%s)", c.Status, with)
		}
	}
	h.age("chats", waits, time.Hour, "user_seen_at")
	if sweep(); h.chat(waits).Status != models.Ended || h.chat(full).Status != models.Waiting {
		t.Error("the user who left the queue was not removed, or another one was")
	}
}

// A heartbeat that PostgreSQL held back during an outage notices it: the outage begins here after the statement did.
func TestAHeartbeatThatWaitedNoticesAnOutage(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	held, err := h.DB().BeginTx(t.Context(), nil)
	h.must(err)
	var before time.Time
	h.must(held.NewRaw(`SELECT resumed_at FROM pulse FOR UPDATE`).Scan(t.Context(), &before))
	beat := make(chan error, 1)
	go func() { beat <- h.RecordHeartbeat(t.Context()) }()
	for waiting := 0; waiting == 0; {
		h.must(h.DB().NewRaw(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).
			Scan(t.Context(), &waiting))
	}
	_, err = held.NewRaw(`UPDATE pulse SET alive_at = clock_timestamp() - interval '15 seconds'`).Exec(t.Context())
	h.must(err)
	h.must(held.Commit())
	h.must(<-beat)
	var after time.Time
	h.must(h.DB().NewRaw(`SELECT resumed_at FROM pulse`).Scan(t.Context(), &after))
	if !after.After(before) {
		t.Errorf("the time after the outage began at %s, as before", after)
	}
}

// The next chat of a queue is read from its index alone, however many chats wait in either queue.
func TestTheFrontOfAQueueIsReadFromItsIndex(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO users (id) SELECT 'u' || n FROM generate_series(1, 6000) n`)
	h.exec(`INSERT INTO chats (id, user_id, channel, status, queued_at, user_seen_at, created_at)
		SELECT 'c' || n, 'u' || n, CASE WHEN n % 2 = 0 THEN 'message' ELSE 'chat' END::chat_channel, 'waiting', now() + n * interval '1 ms',
			now(), now() FROM generate_series(1, 6000) n`)
	h.exec(`ANALYZE chats`)
	live, message := models.FrontOfQueues()
	for query, index := range map[string]string{live: "chats_live_serving_order", message: "chats_message_serving_order"} {
		if plan := h.plan(query); !strings.Contains(plan, index) || strings.Contains(plan, "Sort") {
			t.Errorf("%s is planned as\n%s", query, plan)
		}
	}
}

// The position of a chat far back is correct even if chats joined or left since the queue was read.
func TestAPlaceFarBackIsFound(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO departments (slug, name) VALUES ('billing', 'Billing')`)
	h.exec(`INSERT INTO users (id) SELECT 'u' || n FROM generate_series(1, 600) n`)
	h.exec(`INSERT INTO chats (id, user_id, department, status, queued_at, user_seen_at, created_at)
		SELECT 'c' || n, 'u' || n, CASE WHEN n % 2 = 0 THEN 'billing' END, 'waiting', now() + n * interval '1 ms', now(), now() FROM generate_series(1, 600) n`)
	place := func(n int) int {
		t.Helper()
		status, err := h.QueueStatus(t.Context(), fmt.Sprint("u", n))
		h.must(err)
		return status.Position
	}
	for n, want := range map[int]int{1: 1, 2: 1, 3: 2, 400: 200, 401: 201, 402: 201, 599: 300, 600: 300} {
		if got := place(n); got != want {
			t.Errorf("number %d of all is number %d of its line, want %d", n, got, want)
		}
	}
	if last := h.ask("last"); last.Queue.Position != 301 {
		t.Errorf("who comes last is number %d", last.Queue.Position)
	}
	h.exec(`UPDATE chats SET priority = 100 WHERE id = 'c599'`)
	if got := place(599); got != 1 {
		t.Errorf("at the front it is number %d", got)
	}
}
