package models_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// lastCheck completes passes until one that began after this call has ended, and returns its result.
func (h *testDesk) lastCheck() *models.LastCheck {
	h.t.Helper()
	h.exec(`UPDATE invariant_checks SET began_at = NULL, checked_at = NULL`)
	for range 1000 {
		h.must(h.CheckInvariants(h.t.Context()))
		last, err := h.LastCheck(h.t.Context())
		h.must(err)
		if last != nil {
			return last
		}
	}
	h.t.Fatal("no pass was complete")
	return nil
}

func violated(checked []models.Checked) map[string][]models.Finding {
	found := map[string][]models.Finding{}
	for _, c := range checked {
		if len(c.Findings) > 0 {
			found[c.Invariant] = c.Findings
		}
	}
	return found
}

// A pass over several slices finds what the full check finds, in open chats and in those that ended lately, wherever they are.
func TestAPassFindsWhatTheFullCheckFinds(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	if last, err := h.LastCheck(t.Context()); err != nil || last != nil {
		t.Fatalf("before the first pass there is a result: %v %v", last, err)
	}
	h.exec(`INSERT INTO users (id) SELECT 'u' || n FROM generate_series(1, 2300) n`)
	h.exec(`INSERT INTO agents (id, email, name, role, password_hash, max_concurrent, load, choice)
		SELECT 'a' || n, 'a' || n || '@example.com', 'A', 'agent', 'none', 20, 10, 'online' FROM generate_series(1, 120) n`)
	h.exec(
		`INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, assigned_at, first_assigned_at, quiet_since,
			last_seq, total_messages, version, ended_at, ended_reason, ended_type)
		SELECT 'c' || n, 'u' || n, 'a' || n % 120 + 1, CASE WHEN n <= 1200 THEN 'active' ELSE 'ended' END::chat_status, now(), now(), now(), now(), now(), now(),
			1, 1, 1, CASE WHEN n > 1200 THEN now() - n * interval '1 s' END, CASE WHEN n > 1200 THEN 'user_ended' END::chat_ended_reason,
			CASE WHEN n > 1200 THEN 'manual' END::chat_ended_type FROM generate_series(1, 2300) n`,
	)
	h.exec(`INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
		SELECT 'c' || n, 1, 1, 'user', 'u' || n, 'text', 'hello', now() FROM generate_series(1, 2300) n`)
	h.must(h.CountMinutes(t.Context()))
	h.counted()
	if last := h.lastCheck(); len(violated(last.Checked)) > 0 || last.Age > time.Minute {
		t.Fatalf("found in a sound house, %s old: %v", last.Age, violated(last.Checked))
	}
	h.exec(`DELETE FROM messages WHERE chat_id IN ('c7', 'c1100', 'c1300', 'c2250')`)
	h.exec(`UPDATE agents SET load = 3 WHERE id IN ('a1', 'a99')`)
	h.exec(`DELETE FROM chat_due WHERE chat_id IN ('c8', 'c1101')`)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
	h.exec(`UPDATE agents SET seen_at = now() + interval '1 hour'`)
	full, err := h.Check(t.Context())
	h.must(err)
	want, got := violated(full), violated(h.lastCheck().Checked)
	if len(want["messages_dense"]) != 4 || len(want["load_counted"]) != 2 || len(want["due_known"]) != 2 {
		t.Fatalf("the full check finds %v", want)
	}
	for name := range want {
		subjects := map[string]bool{}
		for _, f := range want[name] {
			subjects[f.Subject] = true
		}
		for _, f := range got[name] {
			delete(subjects, f.Subject)
		}
		if len(subjects) > 0 || len(got[name]) != len(want[name]) {
			t.Errorf("%s: a pass finds %v, the full check %v", name, got[name], want[name])
		}
	}
	h.must(h.Repair(t.Context(), admin, "load_counted"))
	last, err := h.LastCheck(t.Context())
	h.must(err)
	if found := violated(last.Checked); len(found["load_counted"]) > 0 || len(found["messages_dense"]) != 4 {
		t.Errorf("after a repair the result is %v", found)
	}
}

// Several machines share one pass: none checks a slice a second time, and the result is whole.
func TestMachinesShareAPass(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO users (id) SELECT 'u' || n FROM generate_series(1, 1200) n`)
	h.exec(`INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at)
		SELECT 'c' || n, 'u' || n, 'waiting', now(), now(), now() FROM generate_series(1, 1200) n`)
	h.exec(`UPDATE chats SET last_seq = 1 WHERE id IN ('c1', 'c1200')`)
	var all sync.WaitGroup
	errs := make(chan error, 40)
	for range 4 {
		all.Go(func() {
			for range 10 {
				errs <- h.CheckInvariants(t.Context())
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		h.must(err)
	}
	if last, err := h.LastCheck(t.Context()); err != nil || last == nil {
		for range 100 { // a busy machine needs more calls
			h.must(h.CheckInvariants(t.Context()))
		}
	}
	last, err := h.LastCheck(t.Context())
	h.must(err)
	if found := violated(last.Checked)["messages_dense"]; len(found) != 2 {
		t.Errorf("found %v", fmt.Sprint(found))
	}
	var at time.Time
	h.must(h.DB().NewRaw(`SELECT checked_at FROM invariant_checks`).Scan(t.Context(), &at))
	h.must(h.CheckInvariants(t.Context()))
	if again, err := h.LastCheck(t.Context()); err != nil || !again.At.Equal(at) {
		t.Errorf("the next pass began at once: %v", err)
	}
}
