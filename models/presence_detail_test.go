package models_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/models"
)

// reason returns the reason for breaks of that English name.
func (h *testDesk) reason(name string) models.BreakReason {
	h.t.Helper()
	reasons, err := h.AllBreakReasons(h.t.Context())
	h.must(err)
	i := slices.IndexFunc(reasons, func(r models.BreakReason) bool { return r.NameEn == name })
	if i < 0 {
		h.t.Fatalf("there is no reason %s: %+v", name, reasons)
	}
	return reasons[i]
}

func (h *testDesk) choose(a models.Actor, choice models.PresenceChoice) *models.Agent {
	h.t.Helper()
	got, err := h.ChoosePresence(h.t.Context(), a, choice)
	h.must(err)
	return got
}

// history returns the changes of an agent's presence of the last hour as "from>to cause by", oldest first.
func (h *testDesk) history(a models.Actor) []string {
	h.t.Helper()
	now := time.Now()
	rows, err := h.PresenceHistory(h.t.Context(), admin, a.ID, now.Add(-time.Hour), now.Add(time.Hour), 500)
	h.must(err)
	told := make([]string, len(rows))
	for i, r := range rows {
		line := fmt.Sprintf("%s>%s %s", r.From, r.To, r.Cause)
		if r.Reason != nil {
			line += " " + r.Reason.NameEn
		}
		if r.Minutes != nil {
			line += fmt.Sprintf(" %d", *r.Minutes)
		}
		if r.ByName != "" {
			line += " by " + r.ByName
		}
		told[len(rows)-1-i] = line
	}
	return told
}

func (h *testDesk) wantHistory(a models.Actor, want ...string) {
	h.t.Helper()
	if got := h.history(a); !slices.Equal(got, want) {
		h.t.Fatalf("the history is\n%q, want\n%q", got, want)
	}
}

func TestLastChatsAndBreaksKeepTheChatsAndGetNoNewOnes(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	lunch := h.reason("Lunch")
	for i, choice := range []models.PresenceChoice{
		{Detail: models.DetailLastChats},
		{Detail: models.DetailBreak, ReasonID: lunch.ID},
		{Detail: models.DetailAway},
	} {
		h.online(anna)
		kept := h.ask(fmt.Sprint("kept", i)).Chat
		a := h.choose(anna, choice)
		if a.Presence != models.Away || a.Detail() != choice.Detail {
			t.Fatalf("%s is %s in detail %s", choice.Detail, a.Presence, a.Detail())
		}
		waiting := h.ask(fmt.Sprint("waits", i))
		h.settle()
		if waiting.Agent != nil || h.chat(waiting.Chat.ID).Status != models.Waiting {
			t.Fatalf("%s: a chat was assigned", choice.Detail)
		}
		if _, err := h.AssignByHand(t.Context(), admin, waiting.Chat.ID, anna.ID); models.CodeOf(err) != "agent_not_online" {
			t.Fatalf("%s: by hand: %v", choice.Detail, err)
		}
		if h.chat(kept.ID).ServedBy() != anna.ID {
			t.Fatalf("%s: the chat is gone", choice.Detail)
		}
		for _, id := range []string{kept.ID, waiting.Chat.ID} {
			_, err := h.End(t.Context(), admin, id, "")
			h.must(err)
		}
	}
	h.wantHistory(anna,
		"offline>online chosen by anna", "online>last_chats chosen by anna",
		"last_chats>online chosen by anna", "online>break chosen Lunch 45 by anna",
		"break>online chosen by anna", "online>away chosen by anna")
}

func TestABreakEndsWithAQuestion(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	lunch := h.reason("Lunch")
	a := h.choose(anna, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: lunch.ID, Minutes: 20})
	b := a.Break()
	if b == nil || b.IsOver || b.Reason.NameEn != "Lunch" || b.EndsAt.Sub(a.DesiredPresenceAt).Round(time.Millisecond) != 20*time.Minute {
		t.Fatalf("the break is %+v since %s", b, a.DesiredPresenceAt)
	}
	since := a.DesiredPresenceAt
	h.age("agents", anna.ID, 19*time.Minute, "break_ends_at")
	_, err := h.Sweep(t.Context())
	h.must(err)
	if a, _ = h.AgentByID(t.Context(), anna.ID); a.Break().IsOver {
		t.Fatal("the break is over a minute early")
	}
	h.age("agents", anna.ID, 2*time.Minute, "break_ends_at")
	h.mu.Lock()
	h.events = nil
	h.mu.Unlock()
	for range 2 { // the second one announces nothing
		_, err = h.Sweep(t.Context())
		h.must(err)
	}
	if a, _ = h.AgentByID(t.Context(), anna.ID); a.Presence != models.Away || a.Detail() != models.DetailBreak || !a.Break().IsOver {
		t.Fatalf("without an answer the agent stays on the break, which is over: %s %+v", a.Detail(), a.Break())
	}
	h.mu.Lock()
	announced := 0
	for _, e := range h.events {
		if e.Kind == models.KindPresence && e.Presence.DetailChanged && !e.Presence.PresenceChanged && e.Presence.Break.IsOver {
			announced++
		}
	}
	h.mu.Unlock()
	if announced != 1 {
		t.Fatalf("the end was announced %d times", announced)
	}
	a = h.choose(anna, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: lunch.ID, Minutes: 10})
	if a.Break().IsOver || !a.DesiredPresenceAt.Equal(since) {
		t.Fatalf("ten more minutes are the same break: %+v since %s, was %s", a.Break(), a.DesiredPresenceAt, since)
	}
	h.online(anna)
	h.wantHistory(anna, "offline>online chosen by anna", "online>break chosen Lunch 20 by anna", "break>break break_over Lunch",
		"break>break chosen Lunch 10 by anna", "break>online chosen by anna")
}

func TestABreakNeedsAReasonOfTheList(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	lunch := h.reason("Lunch")
	for _, bad := range []models.PresenceChoice{
		{Detail: models.DetailBreak},
		{Detail: models.DetailBreak, ReasonID: 99999},
		{Detail: models.DetailBreak, ReasonID: lunch.ID, Minutes: 481},
		{Detail: models.DetailBreak, ReasonID: lunch.ID, Minutes: -1},
		{Detail: models.DetailInactive},
		{Detail: "asleep"},
	} {
		_, err := h.ChoosePresence(t.Context(), anna, bad)
		h.refused(err, "validation_failed")
	}
	h.must(h.RetireBreakReason(t.Context(), admin, lunch.ID, true))
	_, err := h.ChoosePresence(t.Context(), anna, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: lunch.ID})
	h.refused(err, "validation_failed")
	if a, _ := h.AgentByID(t.Context(), anna.ID); a.Detail() != models.DetailOnline {
		t.Fatalf("a refused choice changes nothing: %s", a.Detail())
	}
	_, err = h.ChoosePresence(t.Context(), models.UserActor("u"), models.PresenceChoice{Detail: models.DetailOnline})
	h.refused(err, "agents_only")
}

// A break that has begun keeps its reason when the list changes.
func TestARetiredReasonKeepsItsNameInTheHistory(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	lunch := h.reason("Lunch")
	h.choose(anna, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: lunch.ID})
	h.must(h.RetireBreakReason(t.Context(), admin, lunch.ID, true))
	if a, _ := h.AgentByID(t.Context(), anna.ID); a.Break() == nil || a.Break().Reason.In("zh-CN") != "午餐" {
		t.Fatalf("the break is %+v", a.Break())
	}
	h.choose(anna, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: lunch.ID, Minutes: 5})
	h.online(anna)
	_, err := h.ChoosePresence(t.Context(), anna, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: lunch.ID})
	h.refused(err, "validation_failed")
	h.wantHistory(anna, "offline>online chosen by anna", "online>break chosen Lunch 45 by anna", "break>break chosen Lunch 5 by anna",
		"break>online chosen by anna")
}

func TestAnAgentWithoutInputIsSetToAwayWhereThatIsOn(t *testing.T) {
	t.Parallel()
	settings := models.DefaultSettings()
	if settings.InactiveAfter != 0 {
		t.Fatal("by default no agent is set to away because of missing input")
	}
	settings.InactiveAfter = 15 * time.Minute
	on := newTestDesk(t)
	off, h := on, newTestDeskOn(t, on.url, settings)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	anna := h.agent("anna", 5)
	chat := h.ask("u").Chat
	sweep := func(d *testDesk, want models.PresenceDetail, when string) {
		t.Helper()
		h.must(h.RecordAgentsSeen(t.Context(), []string{anna.ID}))
		_, err := d.Sweep(t.Context())
		h.must(err)
		if a, _ := h.AgentByID(t.Context(), anna.ID); a.Detail() != want {
			t.Fatalf("%s the agent is %s, want %s", when, a.Detail(), want)
		}
	}
	h.age("agents", anna.ID, 14*time.Minute, "input_at", "choice_at")
	sweep(h, models.DetailOnline, "after 14 minutes")
	h.must(h.RecordInput(t.Context(), []string{anna.ID}))
	h.age("agents", anna.ID, 14*time.Minute, "input_at", "choice_at")
	sweep(h, models.DetailOnline, "14 minutes after input")
	h.age("agents", anna.ID, 2*time.Minute, "input_at")
	sweep(off, models.DetailOnline, "without the setting")
	sweep(h, models.DetailInactive, "after 16 minutes")
	if h.chat(chat.ID).ServedBy() != anna.ID {
		t.Fatal("the chats stay")
	}
	if a := h.ask("x"); a.Agent != nil {
		t.Fatal("an agent without input is given nothing")
	}
	h.must(h.RecordInput(t.Context(), []string{anna.ID}))
	sweep(h, models.DetailInactive, "after input alone")
	h.online(anna)
	h.settle()
	sweep(h, models.DetailOnline, "back by choice")
	h.wantHistory(anna, "offline>online chosen by anna", "online>inactive inactive", "inactive>online chosen by anna")
}

// Sweeps on two instances: the one that locks the agent second sees what the first did.
func TestOneOfTwoSweepsSetsAnAgentToAway(t *testing.T) {
	t.Parallel()
	settings := models.DefaultSettings()
	settings.InactiveAfter = time.Minute
	one := newTestDesk(t)
	h, other := newTestDeskOn(t, one.url, settings), newTestDeskOn(t, one.url, settings)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	anna := h.agent("anna", 5)
	for round := range 5 {
		h.online(anna)
		h.age("agents", anna.ID, time.Hour, "input_at", "choice_at")
		var both errgroup.Group
		for _, d := range []*testDesk{h, other, h, other} {
			both.Go(func() error { return d.SweepPresence(t.Context()) })
		}
		h.must(both.Wait())
		if got := h.history(anna); len(got) != 2*(round+1) || got[len(got)-1] != "online>inactive inactive" {
			t.Fatalf("round %d: %q", round, got)
		}
	}
}

func TestLostContactAndAnAccountThatIsDisabledAreInTheHistory(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	anna := h.agent("anna", 5)
	h.age("agents", anna.ID, 46*time.Second, "seen_at")
	h.must(h.SweepPresence(t.Context()))
	if a, _ := h.AgentByID(t.Context(), anna.ID); a.Detail() != models.DetailLostContact {
		t.Fatalf("without contact the detail is %s", a.Detail())
	}
	h.must(h.RecordAgentsSeen(t.Context(), []string{anna.ID}))
	h.choose(anna, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: h.reason("Meeting").ID})
	disabled := true
	_, err := h.UpdateAgent(t.Context(), admin, anna.ID, models.AgentChange{Disabled: &disabled})
	h.must(err)
	enabled := false
	a, err := h.UpdateAgent(t.Context(), admin, anna.ID, models.AgentChange{Disabled: &enabled})
	h.must(err)
	if a.Detail() != models.DetailOffline || a.Break() != nil || a.ChosenDetail != nil {
		t.Fatalf("after the account was disabled the agent is %s: %+v", a.Detail(), a)
	}
	h.wantHistory(anna, "offline>online chosen by anna", "online>lost_contact lost_contact", "lost_contact>online contact_restored",
		"online>break chosen Meeting 30 by anna", "break>offline disabled")
}

// The previous release knows of no details: it writes choice alone.
func TestTheDetailEndsWithAChoiceOfThePreviousRelease(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	for _, choice := range []string{"online", "offline"} {
		h.choose(anna, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: h.reason("Lunch").ID})
		h.exec(`UPDATE agents SET choice = ?, choice_at = clock_timestamp() WHERE id = ?`, choice, anna.ID)
		h.exec(`UPDATE agents SET choice = 'away', choice_at = clock_timestamp() WHERE id = ?`, anna.ID)
		if a, _ := h.AgentByID(t.Context(), anna.ID); a.Detail() != models.DetailAway {
			t.Fatalf("after %s and away the detail is %s", choice, a.Detail())
		}
	}
}

func TestTheHistoryIsForSupervisorsAndTheAgent(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 5), h.agent("ben", 5)
	now := time.Now()
	from, to := now.Add(-time.Hour), now.Add(time.Hour)
	_, err := h.PresenceHistory(t.Context(), ben, anna.ID, from, to, 10)
	h.refused(err, "role_required")
	_, err = h.PresenceHistory(t.Context(), models.UserActor(anna.ID), anna.ID, from, to, 10)
	h.refused(err, "role_required")
	_, err = h.PresenceHistory(t.Context(), admin, "unknown", from, to, 10)
	h.refused(err, "agent_not_found")
	_, err = h.PresenceHistory(t.Context(), admin, anna.ID, to, from, 10)
	h.refused(err, "validation_failed")
	_, err = h.PresenceHistory(t.Context(), admin, anna.ID, from, to, 501)
	h.refused(err, "validation_failed")
	own, err := h.PresenceHistory(t.Context(), anna, anna.ID, from, to, 10)
	h.must(err)
	if len(own) != 1 || own[0].To != models.DetailOnline {
		t.Fatalf("her own: %+v", own)
	}
}

func TestTheHistoryIsKeptFor35DaysAndGoesWithTheAgent(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 5), h.agent("ben", 5)
	h.exec(`UPDATE presence_changes SET at = at - interval '36 days' WHERE agent_id = ?`, anna.ID)
	h.exec(`UPDATE presence_changes SET at = at - interval '34 days' WHERE agent_id = ?`, ben.ID)
	_, err := h.Clean(t.Context())
	h.must(err)
	var left []string
	h.must(h.DB().NewRaw(`SELECT agent_id FROM presence_changes`).Scan(t.Context(), &left))
	if !slices.Equal(left, []string{ben.ID}) {
		t.Fatalf("left are the changes of %v", left)
	}
	h.exec(`DELETE FROM agents WHERE id = ?`, ben.ID)
	var n int
	h.must(h.DB().NewRaw(`SELECT count(*) FROM presence_changes`).Scan(t.Context(), &n))
	if n != 0 {
		t.Fatal("the history outlives the agent")
	}
}

func TestAdministratorsKeepTheListOfReasons(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.told()
	names := func() []string {
		t.Helper()
		reasons, err := h.BreakReasons(t.Context())
		h.must(err)
		var list []string
		for _, r := range reasons {
			list = append(list, r.In("en"))
		}
		return list
	}
	want := func(list ...string) {
		t.Helper()
		if got := names(); !slices.Equal(got, list) {
			t.Fatalf("the list is %q, want %q", got, list)
		}
	}
	want("Short break", "Lunch", "Meeting", "Training")
	tea, err := h.AddBreakReason(t.Context(), admin, models.BreakReasonFields{NameZhCN: "  下午茶 ", Minutes: 15})
	h.must(err)
	want("Short break", "Lunch", "Meeting", "Training", "下午茶")
	h.must(h.MoveBreakReason(t.Context(), admin, tea.ID, 2))
	want("Short break", "下午茶", "Lunch", "Meeting", "Training")
	h.must(h.MoveBreakReason(t.Context(), admin, tea.ID, 99))
	want("Short break", "Lunch", "Meeting", "Training", "下午茶")
	h.must(h.UpdateBreakReason(t.Context(), admin, tea.ID, models.BreakReasonFields{NameEn: "Tea", NameZhCN: "下午茶", Minutes: 20}))
	h.must(h.RetireBreakReason(t.Context(), admin, h.reason("Lunch").ID, true))
	h.must(h.RetireBreakReason(t.Context(), admin, h.reason("Lunch").ID, true))
	want("Short break", "Meeting", "Training", "Tea")
	h.refused(h.MoveBreakReason(t.Context(), admin, h.reason("Lunch").ID, 1), "break_reason_not_found")
	h.must(h.RetireBreakReason(t.Context(), admin, h.reason("Lunch").ID, false))
	want("Short break", "Meeting", "Training", "Tea", "Lunch")
	told := h.told()
	if len(told) != 6 {
		t.Fatalf("the log tells %q", told)
	}

	for _, bad := range []models.BreakReasonFields{
		{Minutes: 5},
		{NameEn: " \u200b ", Minutes: 5},
		{NameEn: "x", Minutes: 0},
		{NameEn: "x", Minutes: 481},
		{NameEn: fmt.Sprintf("%041d", 0), Minutes: 5},
		{NameEn: "x\x00", Minutes: 5},
	} {
		_, err := h.AddBreakReason(t.Context(), admin, bad)
		h.refused(err, "validation_failed")
		h.refused(h.UpdateBreakReason(t.Context(), admin, tea.ID, bad), "validation_failed")
	}
	h.refused(h.UpdateBreakReason(t.Context(), admin, 999, models.BreakReasonFields{NameEn: "x", Minutes: 1}), "break_reason_not_found")
	h.refused(h.MoveBreakReason(t.Context(), admin, tea.ID, 0), "validation_failed")
	anna := h.agent("anna", 5)
	_, err = h.AddBreakReason(t.Context(), anna, models.BreakReasonFields{NameEn: "x", Minutes: 1})
	h.refused(err, "role_required")
	for i := 5; i < 30; i++ {
		_, err := h.AddBreakReason(t.Context(), admin, models.BreakReasonFields{NameEn: fmt.Sprint("r", i), Minutes: 1})
		h.must(err)
	}
	_, err = h.AddBreakReason(t.Context(), admin, models.BreakReasonFields{NameEn: "more", Minutes: 1})
	h.refused(err, "too_many_break_reasons")
}
