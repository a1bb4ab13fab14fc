package models_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// talking returns a desk with anna in a chat with u.
func talking(t *testing.T) (h *testDesk, anna, u models.Actor, chatID string) {
	t.Helper()
	h = newTestDesk(t)
	anna = h.agent("anna", 5)
	chatID = h.ask("u").Chat.ID
	return h, anna, models.UserActor("u"), chatID
}

func (h *testDesk) send(actor models.Actor, chatID, content string) *models.Message {
	h.t.Helper()
	m, _, err := h.Send(h.t.Context(), actor, chatID, models.NewMessage{Content: content})
	h.must(err)
	return m
}

func TestSendIsIdempotentByClientMessageID(t *testing.T) {
	t.Parallel()
	h, _, u, chat := talking(t)
	first, created, err := h.Send(t.Context(), u, chat, models.NewMessage{Content: "hi", ClientMessageID: "k"})
	h.must(err)
	if !created {
		t.Fatal("the first send creates")
	}
	_, err = h.End(t.Context(), u, chat, "")
	h.must(err)
	again, created, err := h.Send(t.Context(), u, chat, models.NewMessage{Content: "hi", ClientMessageID: "k"})
	h.must(err)
	if created || again.ID != first.ID {
		t.Fatalf("sent again, even after the end, it is the first: %v %d", created, again.ID)
	}
	_, _, err = h.Send(t.Context(), u, chat, models.NewMessage{Content: "other", ClientMessageID: "k"})
	h.refused(err, "idempotency_key_reused")
	_, _, err = h.Send(t.Context(), u, chat, models.NewMessage{Content: "hi", ClientMessageID: "new"})
	h.refused(err, "chat_ended")
}

func TestSendRefusesWhatCannotBeKept(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	for name, n := range map[string]models.NewMessage{
		"empty": {Content: " \n"}, "nul": {Content: "a\x00b"}, "bad bytes": {Content: "a\xff"}, "long": {Content: strings.Repeat("é", 4001)},
		"long key": {Content: "a", ClientMessageID: strings.Repeat("k", 65)}, "odd key": {Content: "a", ClientMessageID: "é"},
	} {
		if _, _, err := h.Send(t.Context(), u, chat, n); models.CodeOf(err) != "validation_failed" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err := h.Send(t.Context(), h.user("stranger"), chat, models.NewMessage{Content: "a"})
	h.refused(err, "chat_not_found")
	_, _, err = h.Send(t.Context(), h.agent("other", 5), chat, models.NewMessage{Content: "a"})
	h.refused(err, "chat_not_found")
	_, _, err = h.Send(t.Context(), admin, chat, models.NewMessage{Content: "a"})
	h.refused(err, "not_in_chat")
	if m := h.send(anna, chat, strings.Repeat("é", 4000)); m.ID == 0 {
		t.Error("4,000 characters are not too long")
	}
}

func TestMessagesOfAChatAreInCommitOrderAndDense(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			who := u
			if i%2 == 0 {
				who = anna
			}
			m := h.send(who, chat, fmt.Sprint(i))
			other := anna
			if i%2 == 0 {
				other = u
			}
			status := []models.MessageStatus{models.Delivered, models.Read}[i/2%2]
			if _, err := h.Confirm(t.Context(), other, chat, m.ID, status); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if found := h.found(); len(found) != 0 {
		t.Fatalf("after 40 sends and confirmations at once: %v", found)
	}
	messages, err := h.Messages(t.Context(), u, chat, 0, 200)
	h.must(err)
	for i, m := range messages {
		if m.Seq != i+1 || (i > 0 && m.Version <= messages[i-1].Version) {
			t.Fatalf("message %d has seq %d, version %d", i, m.Seq, m.Version)
		}
	}
	var versions []int64
	for _, c := range h.changes(chat) {
		versions = append(versions, c.Chat.Version)
	}
	slices.Sort(versions)
	for i, v := range versions {
		if v != int64(i+1) {
			t.Fatalf("changes %v are not numbered one by one", versions)
		}
	}
}

func TestStatusGoesForwardOnlyAndIsLogged(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	one, two := h.send(u, chat, "1"), h.send(u, chat, "2")
	h.refused(h.ConfirmOne(t.Context(), u, chat, one.ID, models.Read), "own_message")
	h.refused(h.ConfirmOne(t.Context(), anna, chat, two.ID+1000, models.Read), "message_not_found")
	_, err := h.Confirm(t.Context(), admin, chat, two.ID, models.Read)
	h.refused(err, "not_in_chat")
	h.must(h.ConfirmOne(t.Context(), anna, chat, two.ID, models.Read))
	changes := h.changes(chat)
	since, err := h.Since(t.Context(), u, chat, changes[len(changes)-2].Chat.Version)
	h.must(err)
	for _, said := range [][]models.StatusChange{changes[len(changes)-1].Statuses, since.Statuses} {
		if len(said) != 1 || said[0].UpTo >= one.ID || !slices.Equal(said[0].IDs, []int64{two.ID}) {
			t.Fatalf("the second alone was read, the first is not covered: %+v", said)
		}
	}
	n, err := h.Confirm(t.Context(), anna, chat, two.ID, models.Delivered)
	h.must(err)
	if n != 1 {
		t.Fatalf("only the first was not yet delivered: %d", n)
	}
	n, err = h.Confirm(t.Context(), anna, chat, two.ID, models.Delivered)
	h.must(err)
	if n != 0 {
		t.Fatalf("a second confirmation changes nothing: %d", n)
	}
	messages, err := h.Messages(t.Context(), u, chat, one.ID-1, 0)
	h.must(err)
	if messages[0].Status != models.Delivered || messages[1].Status != models.Read || messages[1].DeliveredAt == nil {
		t.Fatalf("statuses: %+v", messages)
	}
	var logged int
	h.must(h.DB().NewRaw(`SELECT count(*) FROM message_status_changes WHERE chat_id = ?`, chat).Scan(t.Context(), &logged))
	if logged != 2 {
		t.Fatalf("%d logged changes, want one for each", logged)
	}
	if c := h.chat(chat); c.UnreadByAgent != 1 {
		t.Fatalf("one of two is unread: %d", c.UnreadByAgent)
	}
}

// TestSinceShowsStatusesAsOfItsVersion reads a chat while messages are sent and confirmed. A message with a status from after the version
// of the result would go back: the changes that follow have its earlier steps.
func TestSinceShowsStatusesAsOfItsVersion(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	var mu sync.Mutex
	var results []*models.Change
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				since, err := h.Since(t.Context(), u, chat, 0)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				results = append(results, since)
				mu.Unlock()
			}
		})
	}
	for range 60 {
		id := h.send(u, chat, "x").ID
		for _, status := range []models.MessageStatus{models.Delivered, models.Read} {
			_, err := h.Confirm(t.Context(), anna, chat, id, status)
			h.must(err)
		}
	}
	close(done)
	wg.Wait()
	type step struct {
		MessageID int64
		Status    models.MessageStatus
		Version   int64
	}
	var steps []step
	h.must(h.DB().NewRaw(`SELECT message_id, status, version FROM message_status_changes WHERE chat_id = ? ORDER BY version`, chat).
		Scan(t.Context(), &steps))
	for _, since := range results {
		then := map[int64]models.MessageStatus{}
		for _, s := range steps {
			if s.Version <= since.Chat.Version {
				then[s.MessageID] = s.Status
			}
		}
		for _, m := range since.Messages {
			if want := cmp.Or(then[m.ID], models.Sent); m.Status != want {
				t.Errorf("at version %d message %d is %s, want %s", since.Chat.Version, m.ID, m.Status, want)
			}
		}
	}
}

func TestNotesAreForAgentsOnly(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	_, err := h.AddNote(t.Context(), anna, chat, "secret")
	h.must(err)
	_, err = h.AddNote(t.Context(), u, chat, "secret")
	h.refused(err, "chat_not_found")
	for _, who := range []models.Actor{anna, u} {
		messages, err := h.Messages(t.Context(), who, chat, 0, 0)
		h.must(err)
		change, err := h.Since(t.Context(), who, chat, 0)
		h.must(err)
		for _, list := range [][]models.Message{messages, change.Messages} {
			sees := slices.ContainsFunc(list, func(m models.Message) bool { return m.Type == models.Note })
			if sees != who.IsAgent() {
				t.Errorf("%s sees the note: %v", who.Kind, sees)
			}
		}
	}
}

func TestEndTellsWhoAndFreesTheSlot(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	_, err := h.End(t.Context(), anna, chat, "done")
	h.must(err)
	if c := h.chat(chat); *c.EndedReason != models.ReasonServiceEnded || *c.EndedType != models.TypeManual {
		t.Fatalf("%+v", c)
	}
	if h.load(anna) != 0 {
		t.Fatal("the slot is not free")
	}
	_, err = h.End(t.Context(), u, chat, "")
	h.refused(err, "chat_ended")
	_, err = h.SetPresence(t.Context(), anna, models.Offline)
	h.must(err)
	waiting := h.ask("u").Chat.ID
	_, err = h.End(t.Context(), u, waiting, "")
	h.must(err)
	if c := h.chat(waiting); *c.EndedReason != models.ReasonCancelled {
		t.Fatalf("a waiting chat is cancelled: %s", *c.EndedReason)
	}
	h.refused(h.CancelQueue(t.Context(), u.ID), "not_in_queue")
}

func TestRatingIsOnceAfterTheEndInHalves(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	h.refused(h.Rate(t.Context(), u, chat, 4, ""), "chat_not_ended")
	_, err := h.End(t.Context(), u, chat, "")
	h.must(err)
	for _, bad := range []float64{0, 0.5, 5.5, 4.25, -1, math.NaN(), math.Inf(1)} {
		h.refused(h.Rate(t.Context(), u, chat, bad, ""), "validation_failed")
	}
	h.refused(h.Rate(t.Context(), u, chat, 4, strings.Repeat("a", 1001)), "validation_failed")
	h.refused(h.Rate(t.Context(), h.user("stranger"), chat, 4, ""), "chat_not_found")
	h.must(h.Rate(t.Context(), u, chat, 4.5, "fine"))
	h.refused(h.Rate(t.Context(), u, chat, 4.5, ""), "already_rated")
	second := h.ask("u").Chat.ID
	_, err = h.End(t.Context(), u, second, "")
	h.must(err)
	h.must(h.Rate(t.Context(), u, second, 3, ""))
	a, err := h.AgentByID(t.Context(), anna.ID)
	h.must(err)
	if a.AvgRating() != 3.75 || a.RatingCount != 2 {
		t.Fatalf("average %v of %d", a.AvgRating(), a.RatingCount)
	}
	_, err = h.Ratings(t.Context(), h.agent("ben", 1), anna.ID)
	h.refused(err, "not_your_rating")
}

func TestTransferKeepsCapacityAndPresence(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	ben := h.agent("ben", 1)
	_, err := h.Transfer(t.Context(), anna, chat, models.TransferRequest{ServiceID: anna.ID})
	h.refused(err, "already_assigned")
	_, err = h.Transfer(t.Context(), u, chat, models.TransferRequest{ServiceID: ben.ID})
	h.refused(err, "chat_not_found")
	_, err = h.Transfer(t.Context(), anna, chat, models.TransferRequest{ServiceID: ben.ID, Note: "wants a refund"})
	h.must(err)
	if h.load(anna) != 0 || h.load(ben) != 1 {
		t.Fatal("loads did not move with the chat")
	}
	other := h.ask("w").Chat.ID // with anna: ben is full
	_, err = h.Transfer(t.Context(), anna, other, models.TransferRequest{ServiceID: ben.ID})
	h.refused(err, "agent_at_capacity")
	_, err = h.SetPresence(t.Context(), anna, models.Away)
	h.must(err)
	_, err = h.AssignByHand(t.Context(), admin, chat, anna.ID)
	h.refused(err, "agent_not_online")
	_, err = h.Transfer(t.Context(), ben, chat, models.TransferRequest{Department: "nowhere"})
	h.refused(err, "validation_failed")
	messages, err := h.Messages(t.Context(), u, chat, 0, 0)
	h.must(err)
	last := messages[len(messages)-1]
	if last.SystemKind == nil || *last.SystemKind != models.SystemTransferred || last.SystemArgs["to"] != "ben" {
		t.Fatalf("the user is told of the hand-over: %+v", last)
	}
}

func TestAHandOverPublishesAllThatWasSaidInIt(t *testing.T) {
	t.Parallel()
	h, anna, _, chat := talking(t)
	ben := h.agent("ben", 1)
	_, err := h.Transfer(t.Context(), anna, chat, models.TransferRequest{ServiceID: ben.ID, Note: "n"})
	h.must(err)
	changes := h.changes(chat)
	last := changes[len(changes)-1]
	if len(last.Messages) != 2 || last.PrevAgentID != anna.ID || !last.Assigned {
		t.Fatalf("%+v", last)
	}
}

func TestSilenceIsWarnedOnceThenEnded(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	h.send(u, chat, "hello?")
	h.age("chats", chat, 59*time.Second, "quiet_since")
	_, err := h.SweepIdle(t.Context())
	h.must(err)
	if h.chat(chat).WarnedAt != nil {
		t.Fatal("warned before 60 s")
	}
	h.age("chats", chat, time.Hour, "quiet_since") // the schedule was late
	for range 3 {
		_, err = h.SweepIdle(t.Context())
		h.must(err)
	}
	warned := 0
	for _, c := range h.changes(chat) {
		if c.Warned {
			warned++
		}
	}
	if c := h.chat(chat); warned != 1 || c.Status != models.Active {
		t.Fatalf("warned %d times, now %s: never ended without the full time after the warning", warned, c.Status)
	}
	h.age("chats", chat, 59*time.Second, "warned_at")
	_, err = h.SweepIdle(t.Context())
	h.must(err)
	if h.chat(chat).Status != models.Active {
		t.Fatal("ended less than 60 s after the warning")
	}
	h.age("chats", chat, time.Second, "warned_at")
	_, err = h.SweepIdle(t.Context())
	h.must(err)
	if c := h.chat(chat); *c.EndedReason != models.ReasonTimeout || *c.EndedType != models.TypeServiceInactive {
		t.Fatalf("the user spoke last: %+v", c)
	}
	if h.load(anna) != 0 {
		t.Fatal("the slot is not free")
	}
}

func TestAMessageResetsBothClocks(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	h.send(anna, chat, "hello")
	h.age("chats", chat, 2*time.Minute, "quiet_since")
	_, err := h.SweepIdle(t.Context())
	h.must(err)
	h.send(u, chat, "still here")
	h.age("chats", chat, 59*time.Second, "quiet_since")
	next, err := h.SweepIdle(t.Context())
	h.must(err)
	if c := h.chat(chat); c.WarnedAt != nil || next > time.Second {
		t.Fatalf("warned %v, next look in %s", c.WarnedAt, next)
	}
	h.age("chats", chat, 2*time.Second, "quiet_since")
	_, err = h.SweepIdle(t.Context())
	h.must(err)
	h.must(h.KeepAlive(t.Context(), u, chat))
	if h.chat(chat).WarnedAt != nil {
		t.Fatal("who answers the warning is not warned any more")
	}
	h.send(anna, chat, "good")
	h.age("chats", chat, 3*time.Minute, "quiet_since")
	_, err = h.SweepIdle(t.Context())
	h.must(err)
	h.age("chats", chat, time.Minute, "warned_at")
	_, err = h.SweepIdle(t.Context())
	h.must(err)
	if c := h.chat(chat); *c.EndedType != models.TypeUserInactive {
		t.Fatalf("the agent spoke last: %s", *c.EndedType)
	}
}

func TestASilentAgentsChatGoesBackWhenSoSet(t *testing.T) {
	t.Parallel()
	h, _, u, chat := talking(t)
	h.must(h.ChangeSetting(t.Context(), admin, "IDLE_AGENT_ACTION", "requeue"))
	h.send(u, chat, "hello?")
	h.age("chats", chat, 3*time.Minute, "quiet_since")
	_, err := h.SweepIdle(t.Context())
	h.must(err)
	h.agent("ben", 1)
	h.age("chats", chat, time.Minute, "warned_at")
	_, err = h.SweepIdle(t.Context())
	h.must(err)
	h.settle()
	if c := h.chat(chat); c.Status != models.Active {
		t.Fatalf("it should be with the other agent: %s", c.Status)
	}
}
