package models_test

import (
	"slices"
	"testing"
	"time"

	"parley/models"
)

// dueIn returns in how many seconds the sweep looks at a chat, and false if it never does.
func (h *testDesk) dueIn(chat string) (seconds float64, ok bool) {
	h.t.Helper()
	var rows []float64
	h.must(h.DB().NewRaw(`SELECT extract(epoch FROM due_at - clock_timestamp())::float8 FROM chat_due WHERE chat_id = ?`, chat).
		Scan(h.t.Context(), &rows))
	if len(rows) == 0 {
		return 0, false
	}
	return rows[0], true
}

func (h *testDesk) sweep() time.Duration {
	h.t.Helper()
	next, err := h.Sweep(h.t.Context())
	h.must(err)
	h.WaitForDrains()
	return next
}

// A message moves the next step of its chat without a write to chat_due, and updates the chat in place.
func TestAMessageLeavesTheSweepAlone(t *testing.T) {
	t.Parallel()
	h, anna, user, chat := talking(t)
	h.sweep()
	row := func() (at string) {
		h.must(h.DB().NewRaw(`SELECT xmin::text || ' ' || due_at FROM chat_due WHERE chat_id = ?`, chat).Scan(t.Context(), &at))
		return at
	}
	before := row()
	h.send(user, chat, "hello")
	h.send(anna, chat, "hi")
	if after := row(); after != before {
		t.Errorf("it was written: %s, then %s", before, after)
	}
	var columns []string
	h.must(h.DB().NewRaw(`SELECT DISTINCT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
		AND (a.attnum = ANY(i.indkey) OR pg_get_expr(i.indpred, i.indrelid) ~ ('\m' || a.attname || '\M'))
		WHERE i.indrelid = 'chats'::regclass`).Scan(t.Context(), &columns))
	for _, changed := range []string{
		"version", "last_seq", "total_messages", "last_message_at", "quiet_since", "warned_at", "last_said_by", "awaiting_since",
		"unread_by_agent", "unread_by_user", "user_seen_at",
	} {
		if slices.Contains(columns, changed) {
			t.Errorf("an index of chats names %s, which a message changes", changed)
		}
	}
}

// The row of a chat is moved to its next step after any change of the chat, and is deleted with it.
func TestTheSweepKnowsWhenToLookAgain(t *testing.T) {
	t.Parallel()
	h, _, user, chat := talking(t)
	at := func(what string, least, most float64) {
		t.Helper()
		if in, ok := h.dueIn(chat); !ok || in < least || in > most {
			t.Errorf("%s it is looked at in %v s (%v), want %v to %v", what, in, ok, least, most)
		}
	}
	at("before the first sweep", -20, 0)
	h.sweep()
	at("after it", 40, 60)
	h.age("chats", chat, 70*time.Second, "quiet_since")
	if h.sweep(); h.chat(chat).WarnedAt == nil {
		t.Error("not warned")
	}
	at("after the warning", 40, 60)
	h.send(user, chat, "still here")
	if h.exec(`UPDATE chat_due SET due_at = now()`); h.chat(chat).WarnedAt != nil {
		t.Error("a message clears the warning")
	}
	h.sweep()
	at("after a message", 40, 60)
	_, err := h.End(t.Context(), user, chat, "")
	h.must(err)
	if in, ok := h.dueIn(chat); ok {
		t.Errorf("a chat that has ended is looked at in %v s", in)
	}
}

// After a warning the chat is looked at no later than IDLE_WARNING from then: a message begins that time anew, and does not say so.
func TestAMessageAfterTheWarningIsFollowedByAWarning(t *testing.T) {
	t.Parallel()
	h, _, user, chat := talking(t)
	h.set("IDLE_TIMEOUT", "1h")
	h.sweep()
	h.age("chats", chat, 70*time.Second, "quiet_since")
	h.sweep()
	if in, _ := h.dueIn(chat); in > 60 {
		t.Fatalf("it is looked at in %v s", in)
	}
	h.send(user, chat, "one moment")
	h.exec(`UPDATE chats SET quiet_since = quiet_since - interval '61 seconds' WHERE id = ?`, chat)
	h.exec(`UPDATE chat_due SET due_at = due_at - interval '61 seconds'`)
	if h.sweep(); h.chat(chat).WarnedAt == nil {
		t.Error("not warned again")
	}
}

// Shorter settings hold at once for the chats that are open.
func TestShorterSettingsAreFollowedAtOnce(t *testing.T) {
	t.Parallel()
	h, _, _, chat := talking(t)
	h.set("IDLE_TIMEOUT", "3h")
	h.set("IDLE_WARNING", "2h")
	h.set("QUEUE_GRACE", "2h")
	h.sweep()
	if in, _ := h.dueIn(chat); in < 3600 {
		t.Fatalf("it is looked at in %v s", in)
	}
	h.exec(`UPDATE chats SET quiet_since = quiet_since - interval '70 seconds' WHERE id = ?`, chat)
	h.set("IDLE_WARNING", "1m")
	if h.sweep(); h.chat(chat).WarnedAt == nil {
		t.Error("not warned after IDLE_WARNING became shorter")
	}
}

// What the previous release writes is found, since the database itself keeps the rows.
func TestChatsOfThePreviousReleaseAreSwept(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	h.user("old")
	h.exec(
		`INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at) VALUES ('old', 'old', 'waiting', now(), now(), now())`,
	)
	h.sweep()
	h.exec(`UPDATE chats SET status = 'active', agent_id = ?, assigned_at = now(), first_assigned_at = now(),
		quiet_since = now() - interval '70 seconds' WHERE id = 'old'`, anna.ID)
	if h.sweep(); h.chat("old").Status != models.Active || h.chat("old").WarnedAt == nil {
		t.Error("not warned")
	}
}
