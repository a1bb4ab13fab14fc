package models_test

import (
	"sync"
	"testing"
	"time"

	"parley/models"
)

// hoursUntil returns hours on every day of which one interval ends at that time, to the minute, and none begins soon.
func hoursUntil(department string, closing time.Time) models.OpeningHours {
	closing = closing.UTC()
	h := models.OpeningHours{Department: department, TimeZone: "UTC"}
	opening := closing.Add(-8 * time.Hour)
	from := opening.Hour()*60 + opening.Minute()
	h.Week[opening.Weekday()] = []models.Interval{{From: from, To: from + 8*60}}
	return h
}

// closesIn sets the hours of a department so that it closes in a time, and returns when that is.
func (h *testDesk) closesIn(department string, in time.Duration) time.Time {
	h.t.Helper()
	closing := time.Now().UTC().Add(in).Truncate(time.Minute)
	h.must(h.SetOpeningHours(h.t.Context(), admin, hoursUntil(department, closing)))
	return closing
}

// reminders returns the reminders of closings that an agent has.
func (h *testDesk) closings(a models.Actor) []models.ClosingReminder {
	h.t.Helper()
	got, err := h.AgentByID(h.t.Context(), a.ID)
	h.must(err)
	return got.ClosingReminders
}

// shown returns how many chats and messages an agent sees in reminders of closings.
func (h *testDesk) shown(a models.Actor) (chats, messages int) {
	h.t.Helper()
	agent, err := h.AgentByID(h.t.Context(), a.ID)
	h.must(err)
	open, err := h.ReadOpenAtClosing(h.t.Context(), agent)
	h.must(err)
	for i := range open {
		c, m := open[i].Counts()
		chats, messages = chats+c, messages+m
	}
	return chats, messages
}

// announcedClosings counts the events that brought an agent these reminders.
func (h *testDesk) announcedClosings(a models.Actor) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, e := range h.events {
		if e.Presence != nil && e.Presence.ServiceID == a.ID && e.Agent.ClosingReminders != nil && len(*e.Agent.ClosingReminders) > 0 {
			n++
		}
	}
	return n
}

// TestAgentsAreRemindedOfWhatIsOpenAtClosing has an agent with chats of a department that closes and of one that does not, and an agent
// with none.
func TestAgentsAreRemindedOfWhatIsOpenAtClosing(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	h.exec(`INSERT INTO departments (slug, name) VALUES ('cards', 'Cards')`)
	anna := h.agent("anna", 5, "cards")
	h.must(h.SetOpeningHours(ctx, admin, openHours("")))
	general, cards := h.ask("ada").Chat.ID, h.askFor("ben", "cards").Chat.ID
	idle := h.agent("idle", 0)
	h.settle()
	remind := func() {
		t.Helper()
		h.must(h.RemindOfClosing(ctx))
	}
	h.closesIn("cards", 30*time.Minute)
	remind()
	if got := h.closings(anna); got != nil {
		t.Errorf("half an hour before, the agent is reminded of %+v", got)
	}
	h.set("CLOSING_REMINDER", "0s")
	closing := h.closesIn("cards", 8*time.Minute)
	remind()
	if got := h.closings(anna); got != nil {
		t.Errorf("with reminders off, the agent is reminded of %+v", got)
	}
	h.set("CLOSING_REMINDER", "10m")
	var twice sync.WaitGroup
	for range 4 {
		twice.Go(func() {
			if err := h.RemindOfClosing(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	twice.Wait()
	got := h.closings(anna)
	if len(got) != 1 || got[0].Department != "cards" || !got[0].ClosesAt.Equal(closing) || got[0].IsClosed || got[0].IsDismissed {
		t.Fatalf("the agent is reminded of %+v", got)
	}
	if n := h.announcedClosings(anna); n != 1 {
		t.Errorf("it was announced %d times", n)
	}
	if chats, messages := h.shown(anna); chats != 1 || messages != 0 {
		t.Errorf("shown are %d chats and %d messages", chats, messages)
	}
	if got := h.closings(idle); got != nil {
		t.Errorf("an agent without chats is reminded of %+v", got)
	}

	h.must(h.DismissClosingReminders(ctx, anna))
	h.must(h.DismissClosingReminders(ctx, anna))
	if n := h.announcedClosings(anna); n != 2 {
		t.Errorf("until it was dismissed twice, it was announced %d times", n)
	}
	remind()
	if got := h.closings(anna); len(got) != 1 || !got[0].IsDismissed {
		t.Errorf("after it was dismissed: %+v", got)
	}
	if chats, _ := h.shown(anna); chats != 0 {
		t.Error("a dismissed reminder is shown")
	}
	h.refused(h.DismissClosingReminders(ctx, models.UserActor("ada")), "agents_only")

	// At the closing it comes once more, and is dismissed for good.
	closing = h.closesIn("cards", -2*time.Minute)
	h.exec(`UPDATE agents SET closing_reminders = jsonb_build_array(jsonb_build_object('department', 'cards', 'closes_at', ?::text,
		'is_dismissed', true)) WHERE id = ?`, closing.Format(time.RFC3339), anna.ID)
	remind()
	if chats, _ := h.shown(anna); chats != 0 || h.closings(anna)[0].IsClosed {
		t.Error("a chat that was assigned after the closing is still open from before it")
	}
	h.exec(`UPDATE chats SET assigned_at = now() - interval '1 hour' WHERE id IN (?, ?)`, general, cards)
	remind()
	if got := h.closings(anna); len(got) != 1 || !got[0].IsClosed || got[0].IsDismissed {
		t.Fatalf("at the closing: %+v", got)
	}
	if chats, _ := h.shown(anna); chats != 1 {
		t.Errorf("at the closing %d chats are shown", chats)
	}
	h.must(h.DismissClosingReminders(ctx, anna))
	before := h.announcedClosings(anna)
	remind()
	remind()
	if got := h.closings(anna); len(got) != 1 || !got[0].IsDismissed || h.announcedClosings(anna) != before {
		t.Errorf("it comes again: %+v", got)
	}
	h.must(h.SetOpeningHours(ctx, admin, openHours("cards")))
	remind()
	if got := h.closings(anna); got != nil {
		t.Errorf("while the desk is open again, the agent is reminded of %+v", got)
	}
}

// TestMessagesAtClosing counts messages that await a reply, and no answered ones.
func TestMessagesAtClosing(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	anna := h.agent("anna", 3)
	h.must(h.SetOpeningHours(ctx, admin, openHours("")))
	answered, open := h.leave("ada").ID, h.leave("ben").ID
	h.settle()
	h.send(anna, answered, "Here it is.")
	h.closesIn("", 5*time.Minute)
	h.must(h.RemindOfClosing(ctx))
	if chats, messages := h.shown(anna); chats != 0 || messages != 1 {
		t.Errorf("shown are %d chats and %d messages", chats, messages)
	}
	h.send(anna, open, "And this.")
	if chats, messages := h.shown(anna); chats+messages != 0 {
		t.Errorf("after all is answered, shown are %d chats and %d messages", chats, messages)
	}
	// An instance of the previous release knows no reminders, and its events say nothing of them.
	a, err := h.AgentByID(ctx, anna.ID)
	h.must(err)
	if after := a.WithPresence(a.PresenceChange(), models.AgentState{}); len(after.ClosingReminders) != 1 {
		t.Error("an event of the previous release ends the reminder")
	}
}
