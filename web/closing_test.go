package web_test

import (
	"testing"
	"time"

	"parley/models"
)

// closesIn sets hours that end in a time, after eight hours, and returns when that is.
func (h *testServer) closesIn(department string, in time.Duration) time.Time {
	h.t.Helper()
	closing := time.Now().UTC().Add(in).Truncate(time.Minute)
	opening := closing.Add(-8 * time.Hour)
	from := opening.Hour()*60 + opening.Minute()
	hours := models.OpeningHours{Department: department, TimeZone: "UTC"}
	hours.Week[opening.Weekday()] = []models.Interval{{From: from, To: from + 8*60}}
	must(h.t, h.desk.SetOpeningHours(h.t.Context(), admin, hours))
	return closing
}

// Two instances remind an agent of a closing once, and a client on either hears it, also one that connects later.
func TestProgramsHearOfAClosing(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, token := a.online("anna")
	_, guest := a.guest()
	agent := b.listen(forAgent+"/events", token, "")
	chat := a.asks(guest, "Where is my card?")
	agent.next("assigned")
	closing := a.closesIn("", 8*time.Minute)
	b.until("the other instance has the hours", func() bool { return b.desk.HoursOf("") != nil })
	must(t, a.desk.RemindOfClosing(t.Context()))
	must(t, b.desk.RemindOfClosing(t.Context()))
	check := func(what string, body map[string]any) {
		t.Helper()
		list := body["reminders"].([]any)
		if len(list) != 1 {
			t.Fatalf("%s: %v", what, body)
		}
		r := list[0].(map[string]any)
		if r["department"] != nil || r["closes_at"] != closing.Format(time.RFC3339) || r["is_closed"] != 0.0 || r["open_chats"] != 1.0 ||
			r["unanswered_messages"] != 0.0 || r["chat_ids"].([]any)[0] != chat {
			t.Errorf("%s: %v", what, r)
		}
	}
	check("the event", agent.next("closing_reminders").body)
	check("the list", b.ask("GET", forAgent+"/closing-reminders", token, nil).want(200).object())
	check("a new stream", a.listen(forAgent+"/events", token, "").next("closing_reminders").body)
	b.ask("POST", forAgent+"/closing-reminders/dismiss", token, nil).want(204)
	if got := agent.next("closing_reminders").body["reminders"].([]any); len(got) != 0 {
		t.Errorf("after it is dismissed: %v", got)
	}
	a.ask("GET", forAgent+"/closing-reminders", guest, nil).want(403)
}
