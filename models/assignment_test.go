package models_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"parley/models"
	"parley/models/testdb"
)

func TestAssignGivesTheAgentOfLeastLoad(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	if a := h.ask("u1"); a.Agent == nil || a.Agent.ID != anna.ID {
		t.Fatalf("u1 should be with anna: %+v", a)
	}
	ben := h.agent("ben", 5)
	for i, want := range []models.Actor{ben, anna, ben} { // 1:0, then 1:1 with anna idle longer, then 2:1
		if a := h.ask(fmt.Sprintf("v%d", i)); a.Agent == nil || a.Agent.ID != want.ID {
			t.Fatalf("v%d went to %+v, want %s", i, a.Agent, want.ID)
		}
	}
}

func TestAssignGivesTheOpenChatBack(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	first := h.ask("u")
	if first.Agent != nil || first.Reason != models.NoAgentOnline || first.Queue.Position != 1 {
		t.Fatalf("without an agent online: %+v", first)
	}
	again, err := h.Assign(t.Context(), "u", models.AssignRequest{Message: "hello"})
	h.must(err)
	if again.Chat.ID != first.Chat.ID || again.Message == nil || again.Message.Content != "hello" {
		t.Fatalf("the open chat with the message: %+v", again)
	}
	anna := h.agent("anna", 1)
	h.settle()
	if a := h.ask("u"); a.Chat.ID != first.Chat.ID || a.Agent == nil || a.Agent.ID != anna.ID {
		t.Fatalf("the same chat, now with anna: %+v", a)
	}
	if a := h.ask("w"); a.Reason != models.AllBusy || a.Queue.Position != 1 {
		t.Fatalf("anna is full: %+v", a)
	}
}

func TestAssignRefusesAnUnknownDepartment(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.user("u")
	_, err := h.Assign(t.Context(), "u", models.AssignRequest{Department: "nowhere"})
	h.refused(err, "validation_failed")
}

// Two desks on one database represent two instances.
func TestTwoInstancesGiveExactlyTheFreeSlotsToTheFirstWhoCame(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	a, b := newTestDeskOn(t, url, models.DefaultSettings()), newTestDeskOn(t, url, models.DefaultSettings())
	agents := []models.Actor{a.agent("anna", 5), a.agent("ben", 5)}
	const users = 200
	for i := range users {
		a.user(fmt.Sprintf("u%d", i))
	}
	var wg sync.WaitGroup
	for i := range users {
		wg.Go(func() {
			desk := a
			if i%2 == 1 {
				desk = b
			}
			if _, err := desk.Assign(t.Context(), fmt.Sprintf("u%d", i), models.AssignRequest{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	a.Close()
	b.Close()
	var chats []models.Chat
	a.must(a.DB().NewRaw(`SELECT * FROM chats ORDER BY queued_at, queue_id`).Scan(t.Context(), &chats))
	if len(chats) != users {
		t.Fatalf("%d chats for %d users", len(chats), users)
	}
	for i, c := range chats {
		if want := i < 10; want != (c.Status == models.Active) {
			t.Errorf("place %d is %s", i, c.Status)
		}
	}
	for _, agent := range agents {
		if got := a.load(agent); got != 5 {
			t.Errorf("an agent holds %d of 5", got)
		}
	}
	entries, _, err := a.Queue(t.Context(), models.QueueFilter{})
	a.must(err)
	for i, e := range entries {
		if e.Chat.ID != chats[10+i].ID || e.Position != i+1 {
			t.Fatalf("queue place %d is not the one who came %dth", i+1, 11+i)
		}
	}
}

func TestTwoDrainsAtOnceNeverGiveTwice(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	a, b := newTestDeskOn(t, url, models.DefaultSettings()), newTestDeskOn(t, url, models.DefaultSettings())
	for i := range 60 {
		a.ask(fmt.Sprintf("u%d", i))
	}
	agents := []models.Actor{a.agent("anna", 0), a.agent("ben", 0), a.agent("cleo", 0)}
	a.Close()
	b.Close()
	a.exec(`UPDATE agents SET max_concurrent = 15`)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			desk := a
			if i%2 == 1 {
				desk = b
			}
			if _, err := desk.Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, agent := range agents {
		if got := a.load(agent); got != 15 {
			t.Errorf("an agent holds %d of 15", got)
		}
	}
	var versions []int64
	a.must(a.DB().NewRaw(`SELECT DISTINCT version FROM chats WHERE status = 'active'`).Scan(t.Context(), &versions))
	if !slices.Equal(versions, []int64{2}) { // started, assigned: nothing else
		t.Errorf("versions of the given chats: %v", versions)
	}
}

func TestQueueServesPriorityThenReturnedThenFirstCome(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	first, second, third := h.ask("first").Chat, h.ask("second").Chat, h.ask("third").Chat
	_, err := h.SetPriority(t.Context(), admin, third.ID, 5)
	h.must(err)
	h.exec(`UPDATE chats SET returned_at = now() WHERE id = ?`, second.ID)
	entries, _, err := h.Queue(t.Context(), models.QueueFilter{})
	h.must(err)
	var order []string
	for _, e := range entries {
		order = append(order, e.Chat.ID)
	}
	if want := []string{third.ID, second.ID, first.ID}; !slices.Equal(order, want) {
		t.Fatalf("the queue is %v, want %v", order, want)
	}
	_, err = h.SetPriority(t.Context(), admin, first.ID, 101)
	h.refused(err, "validation_failed")
	h.agent("anna", 1)
	h.settle()
	if h.chat(third.ID).Status != models.Active || h.chat(second.ID).Status != models.Waiting {
		t.Fatal("the one of higher priority should be served alone")
	}
	h.agent("ben", 1)
	h.settle()
	if h.chat(second.ID).Status != models.Active || h.chat(first.ID).Status != models.Waiting {
		t.Fatal("the one that came back from an agent should be served before those who came earlier")
	}
}

func TestDepartmentsAreServedByTheirAgentsAndDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	for i := range 12 { // more than a batch
		if a := h.askFor(fmt.Sprintf("card%d", i), "cards"); a.Queue.Position != i+1 {
			t.Fatalf("position %d in its queue is reported as %d", i+1, a.Queue.Position)
		}
	}
	general := h.agent("general", 2)
	if a := h.ask("plain"); a.Agent == nil || a.Agent.ID != general.ID {
		t.Fatal("who asks for no department is served though twelve of another wait")
	}
	cards := h.agent("cards", 20, "cards")
	h.settle()
	if got := h.load(cards); got != 12 {
		t.Fatalf("the department's agent holds %d of the twelve", got)
	}
	if got := h.load(general); got != 1 {
		t.Fatalf("the agent of no department holds %d", got)
	}
}

func TestRoomIsFilledByWhatHappens(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 1)
	active, waiting := h.ask("active"), h.ask("waiting")
	_, err := h.End(t.Context(), models.UserActor("active"), active.Chat.ID, "")
	h.must(err)
	h.Close() // waits for the drain that the end started
	if got := h.chat(waiting.Chat.ID); got.Status != models.Active {
		t.Fatalf("the freed slot was not filled: %s", got.Status)
	}
}

func TestEstimateComesFromHandlingTimesAndSlots(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 1)
	h.ask("active")
	if got := h.ask("w").Queue.Estimate; !got.Known || got.Seconds != 208 {
		t.Fatalf("one slot, nothing known, next in line: %+v, want the median of 5 minutes", got)
	}
	h.exec(
		`UPDATE chats SET status = 'ended', ended_at = first_assigned_at + interval '2 minutes', ended_reason = 'user_ended', ended_type = 'manual' WHERE status = 'active'`,
	)
	h.exec(`UPDATE agents SET max_concurrent = 2, load = 2`)
	other := newTestDeskOn(t, h.url, models.DefaultSettings()) // with an empty cache
	s, err := other.QueueStatus(t.Context(), "w")
	h.must(err)
	if s.Estimate.Seconds != 42 || s.Estimate.LowSeconds != 6 || s.Estimate.HighSeconds != 139 {
		t.Fatalf("two slots, handling 2 minutes, next in line: %+v, want 42 in 6 to 139", s.Estimate)
	}
	h.exec(`UPDATE agents SET choice = 'offline', load = 0`)
	s, err = other.QueueStatus(t.Context(), "w")
	h.must(err)
	if s.Estimate.Known {
		t.Fatal("no agent is online, so there must be no estimate")
	}
}

func TestOneOpenChatPerUserHoweverOftenAsked(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.user("u")
	h.agent("anna", 5)
	ids := make(chan string, 30)
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			a, err := h.Assign(t.Context(), "u", models.AssignRequest{})
			if err != nil {
				t.Error(err)
				return
			}
			ids <- a.Chat.ID
		})
	}
	wg.Wait()
	close(ids)
	distinct := map[string]bool{}
	for id := range ids {
		distinct[id] = true
	}
	if len(distinct) != 1 {
		t.Fatalf("%d chats for one user", len(distinct))
	}
}

func TestHandedBackChatAvoidsTheAgentWhileAnotherCouldTakeIt(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	chat := h.ask("u").Chat
	ben := h.agent("ben", 2)
	h.ask("ben holds this one, so anna has the least load")
	handBack := func(from, to models.Actor) {
		t.Helper()
		_, err := h.Transfer(t.Context(), from, chat.ID, models.TransferRequest{})
		h.must(err)
		h.settle()
		if got := h.chat(chat.ID); got.ServedBy() != to.ID || !got.QueuedAt.Equal(chat.QueuedAt) {
			t.Fatalf("it should be with %s and keep its first place in time: %+v", to.ID, got)
		}
	}
	handBack(anna, ben)
	_, err := h.SetPresence(t.Context(), anna, models.Away)
	h.must(err)
	handBack(ben, ben) // no other agent is online
	_, err = h.SetPresence(t.Context(), anna, models.Online)
	h.must(err)
	handBack(ben, anna)
	h.exec(`UPDATE agents SET max_concurrent = 1 WHERE id = ?`, ben.ID)
	handBack(anna, anna) // ben is full and could not
}
