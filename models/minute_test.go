package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// minutesFrom returns the minute that began some time ago.
func (h *testDesk) minutesFrom(ago time.Duration) time.Time {
	return time.Now().UTC().Truncate(time.Minute).Add(-ago)
}

// pastChat adds a chat with times in seconds after a moment; a negative time did not happen.
func (h *testDesk) pastChat(id string, department any, from time.Time, created, assigned, ended int, reason string) {
	h.t.Helper()
	at := func(seconds int) any {
		if seconds < 0 {
			return nil
		}
		return from.Add(time.Duration(seconds) * time.Second)
	}
	h.exec(`INSERT INTO users (id) VALUES (?) ON CONFLICT DO NOTHING`, "u-"+id)
	status := "waiting"
	if ended >= 0 {
		status = "ended"
	}
	var why, kind any
	if ended >= 0 {
		why, kind = reason, "manual"
	}
	h.exec(
		`INSERT INTO chats (id, user_id, department, status, queued_at, user_seen_at, created_at, assigned_at, first_assigned_at, ended_at,
		ended_reason, ended_type) VALUES (?0, ?1, ?2, ?3, ?4, ?4, ?4, ?5, ?5, ?6, ?7, ?8)`,
		id,
		"u-"+id,
		department,
		status,
		at(created),
		at(assigned),
		at(ended),
		why,
		kind,
	)
}

func (h *testDesk) minutes(department string, from time.Time, n int) []models.MinuteBucket {
	h.t.Helper()
	found, err := h.Minutes(h.t.Context(), department, from, from.Add(time.Duration(n)*time.Minute))
	h.must(err)
	return found
}

func TestMinutesAreCountedFromTheChats(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO departments (slug, name) VALUES ('billing', 'Billing'), ('sales', 'Sales')`)
	from := h.minutesFrom(20 * time.Minute)
	h.pastChat("a", "billing", from, 10, 100, 200, "user_ended")
	h.pastChat("b", nil, from, 30, 30, 70, "user_ended") // taken at once
	h.pastChat("c", "billing", from, 70, -1, 130, "cancelled")
	h.pastChat("d", nil, from, 180, 185, 300, "user_ended") // came back to the queue and waited again
	h.exec(`UPDATE chats SET returned_at = ?, assigned_at = ? WHERE id = 'd'`, from.Add(240*time.Second), from.Add(290*time.Second))
	h.must(h.CountMinutes(t.Context()))
	h.must(h.CountMinutes(t.Context()))
	all := h.minutes("", from, 5)
	if len(all) != 5 {
		t.Fatalf("%d minutes", len(all))
	}
	for i, want := range []models.MinuteBucket{
		{Waiting: 1, LongestWaitSeconds: 50, Arrivals: 2, Assignments: 1, Load: 1},
		{Waiting: 2, LongestWaitSeconds: 90, Arrivals: 1, Assignments: 1, Ends: 1, Load: 1},
		{Waiting: 1, LongestWaitSeconds: 60, Ends: 1, Abandonments: 1, Load: 1},
		{Waiting: 1, LongestWaitSeconds: 5, Arrivals: 1, Assignments: 1, Ends: 1, Load: 2},
		{Waiting: 1, LongestWaitSeconds: 110, Load: 1},
	} {
		got := all[i]
		if !got.Minute.Equal(from.Add(time.Duration(i)*time.Minute)) || !got.IsCounted || got.AgentsOnline == nil ||
			*got.AgentsOnline != 0 {
			t.Errorf("minute %d is %+v", i, got)
		}
		if got.Waiting != want.Waiting || got.LongestWaitSeconds != want.LongestWaitSeconds || got.Arrivals != want.Arrivals ||
			got.Assignments != want.Assignments || got.Ends != want.Ends || got.Abandonments != want.Abandonments || got.Load != want.Load {
			t.Errorf("minute %d is %+v, not %+v", i, got, want)
		}
	}
	if b := h.minutes("billing", from, 2); b[0].Arrivals != 1 || b[0].Load != 0 || b[1].Waiting != 2 || b[1].Ends != 0 {
		t.Errorf("billing has %+v", b)
	}
	if b := h.minutes("sales", from, 5); len(b) != 5 || b[0].Arrivals != 0 {
		t.Errorf("sales has %+v", b)
	}
	_, err := h.Minutes(t.Context(), "unknown", from, from.Add(time.Hour))
	h.refused(err, "validation_failed")
	_, err = h.Minutes(t.Context(), "", from, from.Add(7*24*time.Hour+time.Minute))
	h.refused(err, "validation_failed")
	_, err = h.Minutes(t.Context(), "", from, from)
	h.refused(err, "validation_failed")
}

func TestAPauseIsCountedAfterwards(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	from := h.minutesFrom(9 * 24 * time.Hour) // more than is counted at once
	h.pastChat("a", nil, from, 0, 5, 60, "user_ended")
	h.must(h.CountMinutes(t.Context()))
	total := h.count(`SELECT count(*) FROM minute_buckets WHERE is_counted`)
	if want := 9*24*60 - 2; total < want || total > want+2 {
		t.Errorf("%d minutes were counted", total)
	}
	h.exec(`DELETE FROM minute_buckets WHERE minute > ?`, from.Add(time.Hour))
	h.pastChat("b", nil, from, 5*24*3600, 5*24*3600, 5*24*3600+10, "user_ended")
	second := newTestDeskOn(t, h.url, models.DefaultSettings()).Desk
	done := make(chan error, 2)
	for _, d := range []*models.Desk{h.Desk, second} { // two instances at once
		go func() { done <- d.CountMinutes(t.Context()) }()
	}
	h.must(<-done)
	h.must(<-done)
	if n := h.count(`SELECT count(*) FROM minute_buckets WHERE is_counted`); n < total || n > total+1 {
		t.Errorf("%d minutes after the pause, %d before", n, total)
	}
	if n := h.count(`SELECT sum(arrivals) FROM minute_buckets`); n != 2 {
		t.Errorf("%d arrivals were counted", n)
	}
}

func TestAChatThatIsErasedStaysCounted(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	from := h.minutesFrom(10 * time.Minute)
	h.pastChat("a", nil, from, 0, 5, 60, "user_ended")
	h.pastChat("b", nil, from, 1, 6, 60, "user_ended")
	h.must(h.CountMinutes(t.Context()))
	h.exec(`DELETE FROM chats WHERE id = 'a'`)
	if found := h.wrongMinutes(); len(found) > 0 {
		t.Errorf("the check finds %+v", found)
	}
	h.exec(`UPDATE minute_buckets SET assignments = 0 WHERE minute = ?`, from)
	h.must(h.Repair(t.Context(), admin, "minutes_counted"))
	if b := h.minutes("", from, 1); b[0].Arrivals != 2 || b[0].Assignments != 1 {
		t.Errorf("the minute is %+v", b[0])
	}
	if found := h.wrongMinutes(); len(found) > 0 {
		t.Errorf("the check finds %+v", found)
	}
}

func (h *testDesk) wrongMinutes() []models.Finding {
	h.t.Helper()
	checked, err := h.Check(h.t.Context())
	h.must(err)
	i := slices.IndexFunc(checked, func(c models.Checked) bool { return c.Invariant == "minutes_counted" })
	return checked[i].Findings
}

func TestTheCheckFindsMinutesThatMissChatsAndRepairsThem(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	from := h.minutesFrom(30 * time.Minute)
	if found := h.wrongMinutes(); len(found) > 0 {
		t.Errorf("before the first minute the check finds %+v", found)
	}
	h.pastChat("a", nil, from, 0, 5, 65, "user_ended")
	h.pastChat("b", nil, from, 10, -1, 65, "abandoned")
	h.must(h.CountMinutes(t.Context()))
	if found := h.wrongMinutes(); len(found) > 0 {
		t.Errorf("the check finds %+v", found)
	}
	h.exec(`UPDATE minute_buckets SET arrivals = 1, agents_online = 7 WHERE minute = ?`, from)
	h.exec(`UPDATE minute_buckets SET abandonments = 0 WHERE minute = ?`, from.Add(time.Minute))
	h.exec(`DELETE FROM minute_buckets WHERE minute = ?`, from.Add(5*time.Minute))
	found := h.wrongMinutes()
	if len(found) != 3 || !strings.Contains(found[0].Detail, "counted 1 arrivals") ||
		!strings.HasPrefix(found[0].Subject, from.Format("2006-01-02T15:04")) {
		t.Fatalf("the check finds %+v", found)
	}
	h.must(h.Repair(t.Context(), admin, "minutes_counted"))
	if found := h.wrongMinutes(); len(found) > 0 {
		t.Errorf("after the repair the check finds %+v", found)
	}
	all := h.minutes("", from, 6)
	if len(all) != 6 || all[0].Arrivals != 2 || *all[0].AgentsOnline != 7 || all[1].Abandonments != 1 {
		t.Errorf("the minutes are %+v", all)
	}
}

func TestMinutesKnowWhoWasOnline(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO departments (slug, name) VALUES ('billing', 'Billing')`)
	anna := h.agent("anna", 3, "billing")
	from := h.minutesFrom(60 * time.Minute)
	h.exec(`UPDATE agents SET created_at = ?`, from.Add(-time.Hour))
	h.exec(`DELETE FROM presence_changes`)
	for _, c := range []struct {
		seconds  int
		was, now string
	}{{90, "offline", "online"}, {400, "online", "break"}, {700, "break", "online"}, {1000, "online", "offline"}} {
		h.exec(`INSERT INTO presence_changes (agent_id, from_presence, to_presence, cause, at) VALUES (?, ?, ?, 'chosen', ?)`,
			anna.ID, c.was, c.now, from.Add(time.Duration(c.seconds)*time.Second))
	}
	h.pastChat("a", "billing", from, 0, 0, 5, "user_ended")
	h.must(h.CountMinutes(t.Context()))
	for _, department := range []string{"", "billing"} {
		var online []string
		for i, b := range h.minutes(department, from, 20) {
			if *b.AgentsOnline == 1 && *b.Capacity == 3 {
				online = append(online, time.Duration(i).String())
			} else if *b.AgentsOnline != 0 || *b.Capacity != 0 {
				t.Errorf("minute %d has %d agents with %d slots", i, *b.AgentsOnline, *b.Capacity)
			}
		}
		if got := strings.Join(online, " "); got != "1ns 2ns 3ns 4ns 5ns 6ns 11ns 12ns 13ns 14ns 15ns 16ns" {
			t.Errorf("in %q an agent was online in the minutes %s", department, got)
		}
	}
	// Before the history of presence begins it is not known.
	old := h.minutesFrom(36 * 24 * time.Hour)
	h.exec(`DELETE FROM minute_buckets`)
	h.pastChat("old", nil, old, 0, 0, 5, "user_ended")
	h.must(h.CountMinutes(t.Context()))
	if b := h.minutes("", old, 1); len(b) != 1 || b[0].AgentsOnline != nil || b[0].Capacity != nil || b[0].Arrivals != 1 {
		t.Errorf("36 days ago it was %+v", b)
	}
}

func TestASampleIsKeptWhenTheMinuteIsCounted(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO departments (slug, name) VALUES ('billing', 'Billing')`)
	h.agent("anna", 4)
	h.must(h.Sample(t.Context()))
	h.must(h.Sample(t.Context()))
	h.exec(`UPDATE minute_buckets SET minute = minute - interval '5 minutes', waiting = 6`)
	h.must(h.CountMinutes(t.Context()))
	var b models.MinuteBucket
	h.must(h.DB().NewSelect().Model(&b).Where("department = '' AND waiting = 6").Scan(t.Context()))
	if !b.IsCounted || b.AgentsOnline == nil || *b.AgentsOnline != 1 || *b.Capacity != 4 {
		t.Errorf("the minute is %+v", b)
	}
	if n := h.count(`SELECT count(*) FROM minute_buckets WHERE department = 'billing' AND waiting = 6 AND agents_online = 0`); n != 1 {
		t.Errorf("%d minutes of the department", n)
	}
}
