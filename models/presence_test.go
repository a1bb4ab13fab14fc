package models_test

import (
	"testing"
	"time"

	"parley/models"
)

func TestAnAgentWithoutSignsOfLifeIsAwayAndThenLosesTheChats(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	anna := h.agent("anna", 5)
	chat := h.ask("u").Chat
	later := h.ask("w").Chat
	h.age("agents", anna.ID, 44*time.Second, "seen_at")
	h.must(h.SweepPresence(t.Context()))
	if a, _ := h.AgentByID(t.Context(), anna.ID); a.Presence != models.Online {
		t.Fatalf("after 44 s: %s", a.Presence)
	}
	h.age("agents", anna.ID, 2*time.Second, "seen_at")
	h.must(h.SweepPresence(t.Context()))
	if a, _ := h.AgentByID(t.Context(), anna.ID); a.Presence != models.Away || a.LostAt == nil {
		t.Fatalf("after 46 s: %s", a.Presence)
	}
	if a := h.ask("x"); a.Agent != nil || a.Reason != models.NoAgentOnline {
		t.Fatal("an agent who is away is given nothing")
	}
	if h.chat(chat.ID).Status != models.Active {
		t.Fatal("the chats stay for the grace")
	}
	h.age("agents", anna.ID, 3*time.Minute, "seen_at")
	h.must(h.SweepPresence(t.Context()))
	entries, _, err := h.Queue(t.Context(), models.QueueFilter{})
	h.must(err)
	if len(entries) != 3 || entries[0].Chat.ID != chat.ID || entries[1].Chat.ID != later.ID ||
		!entries[0].Chat.QueuedAt.Equal(chat.QueuedAt) {
		t.Fatalf("both are in front, in their first order: %+v", entries)
	}
	messages, err := h.Messages(t.Context(), models.UserActor("u"), chat.ID, 0, 0)
	h.must(err)
	if last := messages[len(messages)-1]; *last.SystemKind != models.SystemReturned || last.SystemArgs["agent"] != "anna" {
		t.Fatalf("the user is told: %+v", last)
	}
	if h.load(anna) != 0 {
		t.Fatal("the load stayed")
	}
	h.must(h.RecordAgentsSeen(t.Context(), []string{anna.ID}))
	h.settle()
	if c := h.chat(chat.ID); c.ServedBy() != anna.ID {
		t.Fatal("back online, anna is given chats again")
	}
}

func TestASignOfLifeInTimeChangesNothing(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	anna := h.agent("anna", 5)
	chat := h.ask("u").Chat.ID
	version := h.chat(chat).Version
	h.age("agents", anna.ID, 40*time.Second, "seen_at")
	h.must(h.RecordAgentsSeen(t.Context(), []string{anna.ID}))
	h.age("agents", anna.ID, 40*time.Second, "seen_at")
	h.must(h.SweepPresence(t.Context()))
	if c := h.chat(chat); c.Version != version || c.ServedBy() != anna.ID {
		t.Fatal("a reload must change nothing")
	}
}

func TestOfflineByChoiceGivesTheChatsBackAtOnceAndAwayKeepsThem(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	chat := h.ask("u").Chat.ID
	_, err := h.SetPresence(t.Context(), anna, models.Away)
	h.must(err)
	if h.chat(chat).ServedBy() != anna.ID {
		t.Fatal("away keeps the chats")
	}
	a, err := h.SetPresence(t.Context(), anna, models.Offline)
	h.must(err)
	if c := h.chat(chat); c.Status != models.Waiting || c.ReturnedAt == nil || a.Load != 0 {
		t.Fatalf("offline gives them back: %+v", c)
	}
	_, err = h.SetPresence(t.Context(), anna, "asleep")
	h.refused(err, "validation_failed")
}

func TestAfterAnOutageTheClocksStartAgain(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	h.ask("u")
	h.exec(`UPDATE agents SET max_concurrent = 1`)
	waiting := h.ask("w").Chat.ID
	h.age("agents", anna.ID, time.Hour, "seen_at")
	h.age("chats", waiting, time.Hour, "user_seen_at")
	h.exec(`UPDATE pulse SET alive_at = now() - interval '1 hour', resumed_at = now() - interval '2 hours'`)
	h.must(h.RecordHeartbeat(t.Context()))
	h.must(h.SweepPresence(t.Context()))
	if a, _ := h.AgentByID(t.Context(), anna.ID); a.Presence != models.Online {
		t.Fatalf("no heartbeat was possible: %s", a.Presence)
	}
	if n, err := h.SweepQueue(t.Context()); n != 0 || err != nil {
		t.Fatalf("abandoned %d: %v", n, err)
	}
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
	h.exec(`UPDATE chat_due SET due_at = now()`)
	h.must(h.RecordHeartbeat(t.Context())) // no outage this time
	if n, err := h.SweepQueue(t.Context()); n != 1 || err != nil {
		t.Fatalf("abandoned %d: %v", n, err)
	}
}

func TestAWaitingUserWhoLeftIsAbandonedAfterTheGrace(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	chat := h.ask("u").Chat.ID
	h.age("chats", chat, 299*time.Second, "user_seen_at")
	if n, err := h.SweepQueue(t.Context()); n != 0 || err != nil {
		t.Fatalf("abandoned %d before 5 minutes: %v", n, err)
	}
	h.must(h.RecordUsersSeen(t.Context(), []string{"u"}))
	h.age("chats", chat, 299*time.Second, "user_seen_at")
	if n, err := h.SweepQueue(t.Context()); n != 0 || err != nil {
		t.Fatalf("coming back keeps the place: %d %v", n, err)
	}
	h.age("chats", chat, 2*time.Second, "user_seen_at")
	if n, err := h.SweepQueue(t.Context()); n != 1 || err != nil {
		t.Fatalf("abandoned %d: %v", n, err)
	}
	if c := h.chat(chat); *c.EndedReason != models.ReasonAbandoned || *c.EndedType != models.TypeAuto {
		t.Fatalf("%+v", c)
	}
}

// A chat that a sweep selected but did not change, because the user came back or the chat was erased in the meantime, is not counted.
func TestASweepCountsOnlyTheChatsThatItEnds(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	for _, user := range []string{"gone", "back", "erased"} {
		h.age("chats", h.ask(user).Chat.ID, time.Hour, "user_seen_at")
	}
	h.Close() // no drain in the background reads the hooks while one is added
	//nolint:staticcheck // WithQueryHook makes another database than the desk has
	h.DB().AddQueryHook(&afterQuery{prefix: "SELECT EXISTS (SELECT FROM chats WHERE id = ", do: func() {
		h.must(h.RecordUsersSeen(t.Context(), []string{"back"}))
		h.exec(`DELETE FROM chats WHERE user_id = 'erased'`)
	}})
	if n, err := h.SweepQueue(t.Context()); n != 1 || err != nil {
		t.Errorf("it counts %d ended chats, want 1: %v", n, err)
	}
}

func TestDisablingSignsOutAndGivesTheChatsBack(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	chat := h.ask("u").Chat.ID
	token, _, err := h.SignIn(t.Context(), "ANNA@example.com", "correct horse", "")
	h.must(err)
	disabled := true
	_, err = h.UpdateAgent(t.Context(), admin, anna.ID, models.AgentChange{Disabled: &disabled})
	h.must(err)
	_, _, _, err = h.AgentBySession(t.Context(), token)
	h.refused(err, "unauthorized")
	_, _, err = h.SignIn(t.Context(), "anna@example.com", "correct horse", "")
	h.refused(err, "wrong_credentials")
	if h.chat(chat).Status != models.Waiting {
		t.Fatal("the chat is forgotten with the agent")
	}
}

func TestCleanDeletesOnlyWhatIsOlderThanTheRetention(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 5)
	old, young := h.ask("old").Chat.ID, h.ask("young").Chat.ID
	for _, id := range []string{old, young} {
		h.send(models.UserActor(h.chat(id).UserID), id, "x")
		_, err := h.End(t.Context(), admin, id, "")
		h.must(err)
	}
	h.age("chats", old, 721*time.Hour, "ended_at")
	h.age("chats", young, 719*time.Hour, "ended_at")
	n, err := h.Clean(t.Context())
	h.must(err)
	_, gone := h.Desk.Chat(t.Context(), admin, old)
	if n != 1 || models.CodeOf(gone) != "chat_not_found" || h.chat(young).ID != young {
		t.Fatalf("deleted %d", n)
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 1)
	chat := h.ask("u").Chat.ID
	h.ask("w")
	h.send(models.UserActor("u"), chat, "hello")
	loads, err := h.Load(t.Context())
	h.must(err)
	if len(loads) != 1 || loads[0].OldestUnansweredSeconds == nil || len(loads[0].AwaitingSince) != 1 || loads[0].Idle != 0 {
		t.Fatalf("%+v", loads)
	}
	h.ask("x")
	queue, lines, err := h.Queue(t.Context(), models.QueueFilter{First: 1})
	h.must(err)
	if len(queue) != 1 || queue[0].Chat.UserID != "w" || len(lines) != 1 || lines[0].Length != 2 ||
		!lines[0].OldestAt.Equal(queue[0].Chat.QueuedAt) ||
		lines[0].Estimate.Seconds <= queue[0].Estimate.Seconds {
		t.Fatalf("%+v before %+v", queue, lines)
	}
	o, err := h.Overview(t.Context())
	h.must(err)
	if o.Waiting != 2 || o.Load != 1 || o.Capacity != 1 || !o.Estimate.Known {
		t.Fatalf("%+v", o)
	}
	h.must(h.Sample(t.Context()))
	h.must(h.Sample(t.Context()))
	now := time.Now()
	samples, err := h.Day(t.Context(), now.Add(-time.Hour), now.Add(time.Hour))
	h.must(err)
	if len(samples) != 1 || samples[0].Waiting != 2 {
		t.Fatalf("%+v", samples)
	}
	stats, err := h.Stats(t.Context(), now.Add(-time.Hour), now.Add(time.Hour))
	h.must(err)
	if stats.Started != 3 || stats.Assigned != 1 || stats.WaitP50 == nil {
		t.Fatalf("%+v", stats)
	}
	_, err = h.Stats(t.Context(), now, now)
	h.refused(err, "validation_failed")
}
