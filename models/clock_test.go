package models_test

import (
	"testing"
	"time"

	"parley/models"
)

// step simulates a jump of PostgreSQL's clock: it moves all stored times into the past, which is equivalent to a clock that jumps ahead.
func (h *testDesk) step(by time.Duration) {
	h.t.Helper()
	seconds := -by.Seconds()
	h.exec(`UPDATE agents SET seen_at = seen_at + make_interval(secs => ?0), choice_at = choice_at + make_interval(secs => ?0),
		idle_since = idle_since + make_interval(secs => ?0)`, seconds)
	h.exec(`UPDATE chats SET queued_at = queued_at + make_interval(secs => ?0), user_seen_at = user_seen_at + make_interval(secs => ?0),
		created_at = created_at + make_interval(secs => ?0), assigned_at = assigned_at + make_interval(secs => ?0),
		quiet_since = quiet_since + make_interval(secs => ?0), last_message_at = last_message_at + make_interval(secs => ?0)`, seconds)
	h.exec(`UPDATE pulse SET alive_at = alive_at + make_interval(secs => ?0), resumed_at = resumed_at + make_interval(secs => ?0)`, seconds)
}

func TestAClockJumpDoesNotTakeChatsAway(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	h.must(h.RecordHeartbeat(t.Context()))
	active := h.ask("u").Chat.ID
	waiting := h.ask("w").Chat.ID
	h.settle()
	h.step(time.Hour)
	h.must(h.SweepPresence(t.Context()))
	if n, err := h.SweepQueue(t.Context()); n != 0 || err != nil {
		t.Errorf("abandoned %d: %v", n, err)
	}
	if _, err := h.SweepIdle(t.Context()); err != nil {
		t.Error(err)
	}
	if c := h.chat(active); c.Status != models.Active || c.ServedBy() != anna.ID {
		t.Errorf("the chat is %s with %q", c.Status, c.ServedBy())
	}
	if c := h.chat(waiting); c.Status != models.Waiting {
		t.Errorf("who waited is %s", c.Status)
	}
}

func TestAClockThatIsSetBackChangesNoTurns(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	early := h.ask("early").Chat.ID
	h.step(-time.Hour)
	late := h.ask("late").Chat.ID
	h.agent("anna", 1)
	h.Close()
	if c := h.chat(early); c.Status != models.Active {
		t.Errorf("who came first is %s", c.Status)
	}
	if c := h.chat(late); c.Status != models.Waiting {
		t.Errorf("who came later is %s", c.Status)
	}
}
