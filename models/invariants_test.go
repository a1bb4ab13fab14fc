package models_test

import (
	"testing"
	"time"

	"parley/models"
)

// TestCheckFindsWhatIsBroken violates the invariants one at a time and expects each violation to be found and, if there
// is a repair, repaired.
func TestCheckFindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(h *testDesk, anna models.Actor, chat string){
		"one_open_chat_per_user": func(h *testDesk, _ models.Actor, _ string) {
			h.exec(`DROP INDEX chats_one_open_per_user`)
			h.exec(`INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at) VALUES ('second', 'u', 'waiting', now(), now(), now())`)
		},
		"capacity":     func(h *testDesk, anna models.Actor, _ string) { h.exec(`UPDATE agents SET max_concurrent = 0`) },
		"load_counted": func(h *testDesk, anna models.Actor, _ string) { h.exec(`UPDATE agents SET load = 3`) },
		"reserved_counted": func(h *testDesk, anna models.Actor, _ string) {
			h.exec(`UPDATE agents SET reserved = 1 WHERE id = ?`, anna.ID)
		},
		"offer_overdue": func(h *testDesk, anna models.Actor, chat string) {
			h.offer(anna, chat, h.agent("bob", 1))
			h.exec(`UPDATE transfer_offers SET made_at = now() - interval '1 minute', expires_at = now() - interval '30 seconds'`)
			h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
		},
		"capacity_taken_back": func(h *testDesk, _ models.Actor, _ string) {
			h.apply(models.CapacityRequest{Change: 1, Minutes: 5})
			h.overdue()
			h.exec(`UPDATE agents SET max_until = max_until - interval '10 seconds'`)
			h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
		},
		"messages_dense": func(h *testDesk, _ models.Actor, chat string) { h.exec(`DELETE FROM messages WHERE seq = 1`) },
		"status_order":   func(h *testDesk, _ models.Actor, _ string) { h.exec(`DELETE FROM message_status_changes`) },
		"waiting_beside_a_free_slot": func(h *testDesk, _ models.Actor, _ string) {
			h.exec(`UPDATE agents SET max_concurrent = 1`)
			waiting := h.ask("w").Chat.ID
			h.Close()
			h.exec(`UPDATE agents SET max_concurrent = 2, idle_since = now() - interval '6 seconds'`)
			h.age("chats", waiting, 6*time.Second, "queued_at")
		},
		"with_an_agent_who_is_gone": func(h *testDesk, anna models.Actor, _ string) {
			h.age("agents", anna.ID, time.Hour, "seen_at")
			h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
		},
		"reports_counted": func(h *testDesk, anna models.Actor, _ string) {
			h.past(anna.ID, time.Second, time.Minute, time.Now().Add(-30*time.Minute))
			h.counted()
			h.exec(`UPDATE report_buckets SET chats = 7`)
		},
		"silence_overdue": func(h *testDesk, _ models.Actor, chat string) {
			h.age("chats", chat, time.Hour, "quiet_since")
			h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
			h.exec(`UPDATE agents SET seen_at = now() + interval '1 hour'`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, anna, u, chat := talking(t)
			m := h.send(u, chat, "hello")
			h.must(h.ConfirmOne(t.Context(), anna, chat, m.ID, models.Read))
			if found := h.found(); len(found) != 0 {
				t.Fatalf("found in a sound house: %v", found)
			}
			breakIt(h, anna, chat)
			found := h.found()
			if _, ok := found[name]; !ok {
				t.Fatalf("not found; found instead: %v", found)
			}
			if found[name].Repair == "" {
				return
			}
			h.must(h.Repair(t.Context(), admin, name))
			if still, ok := h.found()[name]; ok {
				t.Fatalf("not repaired: %v", still)
			}
		})
	}
}

func (h *testDesk) found() map[string]models.Checked {
	h.t.Helper()
	all, err := h.Check(h.t.Context())
	h.must(err)
	found := map[string]models.Checked{}
	for _, c := range all {
		if len(c.Findings) > 0 {
			found[c.Invariant] = c
		}
	}
	return found
}
