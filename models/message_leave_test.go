package models_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// leave has a user leave a message and returns the chat.
func (h *testDesk) leave(user string, change ...func(*models.LeaveMessage)) *models.Chat {
	h.t.Helper()
	r := models.LeaveMessage{Email: user + "@example.com", Message: "Hello?", Locale: "zh-CN"}
	for _, f := range change {
		f(&r)
	}
	got, err := h.LeaveMessage(h.t.Context(), h.user(user).ID, r)
	h.must(err)
	return &got.Chat
}

// alwaysClosed makes the desk closed at all times.
func (h *testDesk) alwaysClosed() {
	h.t.Helper()
	h.must(h.SetOpeningHours(h.t.Context(), admin, models.OpeningHours{TimeZone: "UTC"}))
	h.must(h.Reload(h.t.Context()))
}

func (h *testDesk) messageLoad(a models.Actor) int {
	h.t.Helper()
	got, err := h.AgentByID(h.t.Context(), a.ID)
	h.must(err)
	return got.MessageLoad
}

// consistent fails if an invariant does not hold.
func (h *testDesk) consistent() {
	h.t.Helper()
	if found := h.found(); len(found) > 0 {
		h.t.Errorf("found: %v", found)
	}
}

func TestAMessageIsTheChatThatWaits(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	asked, err := h.Assign(t.Context(), h.user("maria").ID, models.AssignRequest{Message: "Where is my card?"})
	h.must(err)
	other := h.ask("other").Queue
	if other.Position != 2 {
		t.Fatalf("the other is at %d", other.Position)
	}
	c := h.leave("maria", func(r *models.LeaveMessage) { r.Message = "" })
	before := asked.Chat
	if c.ID != before.ID || c.QueueID != before.QueueID || !c.QueuedAt.Equal(before.QueuedAt) || !c.IsMessage() ||
		c.Status != models.Waiting ||
		*c.ContactEmail != "maria@example.com" ||
		*c.ContactLocale != "zh-CN" ||
		c.TotalMessages != 2 ||
		c.ConsentedAt != nil {
		t.Errorf("the message is %+v", c)
	}
	if s, err := h.QueueStatus(t.Context(), "other"); err != nil || s.Position != 1 || s.Channel != models.ChannelChat {
		t.Errorf("the other is at %+v, %v", s, err)
	}
	if o, err := h.Overview(t.Context()); err != nil || o.Waiting != 1 {
		t.Errorf("the overview is %+v", o)
	}
	if last := h.changes(c.ID); last[len(last)-1].Chat.Channel != models.ChannelMessage {
		t.Error("the change was not announced")
	}
	again := h.leave("maria", func(r *models.LeaveMessage) {
		r.Email = "new@example.com"
		r.Message = "And my pin?"
		r.ClientMessageID = "k"
	})
	if again.ID != c.ID || *again.ContactEmail != "new@example.com" || again.TotalMessages != 4 {
		t.Errorf("with another address it is %+v", again)
	}
	repeated := h.leave("maria", func(r *models.LeaveMessage) {
		r.Email = "new@example.com"
		r.Message = "And my pin?"
		r.ClientMessageID = "k"
	})
	if repeated.Version != again.Version {
		t.Errorf("left again it is %+v", repeated)
	}
	_, err = h.LeaveMessage(
		t.Context(),
		"maria",
		models.LeaveMessage{Email: "new@example.com", Message: "Other words", ClientMessageID: "k"},
	)
	h.refused(err, "idempotency_key_reused")
	h.consistent()
}

func TestLeavingAMessageRefuses(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	h.set("MESSAGE_CONSENT", "We store your address.")
	h.set("MESSAGE_CONSENT_URL", "https://shop.example/privacy")
	guest, err := h.EnsureUser(ctx, models.Identity{ID: "guest", Name: "Guest", Email: "unproven@example.com"})
	h.must(err)
	for name, r := range map[string]models.LeaveMessage{
		"email":   {Message: "Hello", Consent: true},
		"message": {Email: "a@example.com", Consent: true},
		"consent": {Email: "a@example.com", Message: "Hello"},
		"name":    {Email: "a@example.com", Message: "Hello", Consent: true, Name: strings.Repeat("x", 81)},
	} {
		_, err := h.LeaveMessage(ctx, guest.ID, r)
		if faults := h.faults(err); faults[name] == "" || len(faults) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, email := range []string{
		"a", "a@", "@b.example", "a@b@c.example", "Maria <a@b.example>", "a@b.example, c@d.example", "a\nBcc: c@d.example",
		"a@b.example\r\nBcc: c@d.example", "a\x00@b.example", "a@" + strings.Repeat("b", 300) + ".example", "a b@c.example",
	} {
		_, err := h.LeaveMessage(ctx, guest.ID, models.LeaveMessage{Email: email, Message: "Hello", Consent: true})
		if h.faults(err)["email"] == "" {
			t.Errorf("%q: %v", email, err)
		}
	}
	_, err = h.LeaveMessage(ctx, "no-such-user", models.LeaveMessage{Email: "a@example.com", Message: "Hello", Consent: true})
	h.refused(err, "unauthorized")
	_, err = h.LeaveMessage(ctx, guest.ID, models.LeaveMessage{Email: "a@example.com", Message: "Hello", Consent: true, Department: "none"})
	if h.faults(err)["department"] == "" {
		t.Errorf("an unknown department: %v", err)
	}
	maria, err := h.EnsureUser(ctx, models.Identity{ID: "maria", Email: "maria@example.com", Verified: true})
	h.must(err)
	got, err := h.LeaveMessage(ctx, maria.ID, models.LeaveMessage{Message: "Hello", Consent: true})
	h.must(err)
	if c := got.Chat; *c.ContactEmail != "maria@example.com" || c.ConsentedAt == nil ||
		*c.ConsentText != "We store your address. https://shop.example/privacy" {
		t.Errorf("hers is %+v", c)
	}
	h.agent("anna", 3)
	active := h.ask("active")
	if active.Chat.Status != models.Active {
		t.Fatal("anna has room")
	}
	_, err = h.LeaveMessage(ctx, "active", models.LeaveMessage{Email: "a@example.com", Message: "Hello", Consent: true})
	h.refused(err, "chat_active")
	h.set("MESSAGES", "false")
	_, err = h.LeaveMessage(ctx, guest.ID, models.LeaveMessage{Email: "a@example.com", Message: "Hello", Consent: true})
	h.refused(err, "messages_off")
}

// Messages have a capacity of their own and come after users who wait live, until they are old.
func TestMessagesAreAssignedAfterLiveChats(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	h.exec(`UPDATE agents SET max_messages = 2`)
	live := h.ask("live").Chat
	waits := h.ask("waits").Chat
	first, second, third := h.leave("first"), h.leave("second"), h.leave("third")
	h.settle()
	if h.isActive(first.ID) || h.load(anna) != 1 {
		t.Fatal("a message was assigned while a user waits live")
	}
	h.age("chats", second.ID, 5*time.Hour, "queued_at")
	h.settle()
	if !h.isActive(second.ID) || h.isActive(first.ID) || h.isActive(waits.ID) || h.messageLoad(anna) != 1 {
		t.Error("the old message was not assigned alone")
	}
	h.consistent()
	h.must(h.CancelQueue(t.Context(), "waits"))
	h.settle()
	if !h.isActive(first.ID) || h.isActive(third.ID) || h.messageLoad(anna) != 2 {
		t.Error("the first message was not assigned, or one too many was")
	}
	h.consistent()
	_, err := h.End(t.Context(), anna, first.ID, "")
	h.must(err)
	h.settle()
	if !h.isActive(third.ID) || h.messageLoad(anna) != 2 || h.chat(live.ID).Status != models.Active {
		t.Error("the third message did not get the place of the first")
	}
	h.consistent()
}

func TestMessagesByAgeAndWithoutCapacity(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 0)
	h.exec(`UPDATE agents SET max_concurrent = 1, max_messages = 0`)
	h.ask("live")
	h.ask("waits")
	message := h.leave("message")
	h.set("MESSAGE_ORDER", models.MessagesByAge)
	h.settle()
	if h.isActive(message.ID) {
		t.Error("an agent who takes no messages got one")
	}
	if w, err := h.WhyWaiting(t.Context(), admin, message.ID); err != nil || w.Agents[0].Refusal != models.RefusalTakesNone {
		t.Errorf("it waits because of %+v, %v", w, err)
	}
	h.exec(`UPDATE agents SET max_messages = 1`)
	h.settle()
	if !h.isActive(message.ID) || h.messageLoad(anna) != 1 || h.load2(anna) != 1 {
		t.Error("by age it was not assigned")
	}
	h.consistent()
}

// load2 is the load alone.
func (h *testDesk) load2(a models.Actor) int {
	h.t.Helper()
	got, err := h.AgentByID(h.t.Context(), a.ID)
	h.must(err)
	return got.Load
}

func TestAMessageNeitherIdlesOutNorIsAbandoned(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	waiting := h.leave("waiting")
	h.age("chats", waiting.ID, 48*time.Hour, "queued_at", "created_at")
	h.must(h.RecordUsersSeen(t.Context(), []string{"waiting"}))
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '3 days'`)
	if n, err := h.SweepQueue(t.Context()); err != nil || n != 0 {
		t.Errorf("%d were abandoned, %v", n, err)
	}
	anna := h.agent("anna", 1)
	h.settle()
	h.send(anna, waiting.ID, "Here is the answer.")
	h.send(models.UserActor("waiting"), waiting.ID, "Thank you!")
	c := h.chat(waiting.ID)
	if c.Status != models.Active || c.IdleSince != nil || c.UserSeenAt.Year() != 9999 {
		t.Fatalf("the message is %+v", c)
	}
	h.exec(`UPDATE chats SET quiet_since = now() - interval '1 day'`) // as the previous release does
	if _, err := h.SweepIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := h.chat(waiting.ID); c.Status != models.Active || c.WarnedAt != nil {
		t.Errorf("after the sweep it is %+v", c)
	}
	h.consistent()
}

// The previous release counts every chat that it assigns or ends as load.
func TestThePreviousReleaseCountsMessagesRight(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 3), h.agent("ben", 3)
	h.exec(`UPDATE agents SET max_messages = 0`)
	message := h.leave("maria")
	h.settle()
	h.exec(`UPDATE agents SET max_messages = 10`)
	const assign = `WITH loaded AS (UPDATE agents SET load = load + 1 WHERE id = ?0)
		UPDATE chats SET status = 'active', agent_id = ?0, assigned_at = now(), quiet_since = now(), version = version + 1 WHERE id = ?1`
	h.exec(assign, anna.ID, message.ID)
	if c := h.chat(message.ID); c.IdleSince != nil || h.messageLoad(anna) != 1 || h.load2(anna) != 0 {
		t.Errorf("assigned it counts %d, %d", h.messageLoad(anna), h.load2(anna))
	}
	h.consistent()
	h.exec(`WITH loaded AS (UPDATE agents SET load = CASE WHEN id = ?0 THEN greatest(load - 1, 0) ELSE load + 1 END WHERE id IN (?0, ?1))
		UPDATE chats SET agent_id = ?1, assigned_at = now(), version = version + 1 WHERE id = ?2`, anna.ID, ben.ID, message.ID)
	if h.messageLoad(anna) != 0 || h.messageLoad(ben) != 1 || h.load2(ben) != 0 {
		t.Errorf("transferred it counts %d and %d", h.messageLoad(anna), h.messageLoad(ben))
	}
	h.exec(`WITH loaded AS (UPDATE agents SET load = greatest(load - 1, 0) WHERE id = ?0)
		UPDATE chats SET status = 'ended', ended_at = now(), ended_reason = 'service_ended', ended_type = 'manual', version = version + 1
		WHERE id = ?1`, ben.ID, message.ID)
	if h.messageLoad(ben) != 0 || h.load2(ben) != 0 {
		t.Errorf("ended it counts %d and %d", h.messageLoad(ben), h.load2(ben))
	}
	h.consistent()
}

// A user who comes back and writes waits live again, once, at the place of the first question, even if several instances handle it at once.
func TestAUserWhoComesBackGoesOnLiveOnce(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	anna := h.agent("anna", 1)
	h.exec(`UPDATE agents SET max_messages = 0`)
	_, err := h.SetPresence(t.Context(), anna, models.Offline)
	h.must(err)
	message := h.leave("maria")
	h.send(models.UserActor("maria"), message.ID, "Still there?")
	if c := h.chat(message.ID); !c.IsMessage() {
		t.Fatal("it is live although no agent is online")
	}
	h.online(anna)
	h.WaitForDrains()
	h.ask("first")
	later := h.ask("later")
	if h.isActive(message.ID) || later.Queue.Position != 1 {
		t.Fatalf("the later one is at %d", later.Queue.Position)
	}
	var all sync.WaitGroup
	for i, desk := range []*testDesk{h, other, h, other} {
		all.Go(func() {
			_, _, err := desk.Send(
				t.Context(),
				models.UserActor("maria"),
				message.ID,
				models.NewMessage{Content: "Back " + string(rune('a'+i))},
			)
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c := h.chat(message.ID)
	if c.IsMessage() || c.LiveAt == nil || !c.QueuedAt.Equal(message.QueuedAt) || c.UserSeenAt.Year() == 9999 {
		t.Fatalf("it is %+v", c)
	}
	if n := h.count(`SELECT count(*) FROM messages WHERE system_kind = 'message_live'`); n != 1 {
		t.Errorf("it became live %d times", n)
	}
	if s, err := h.QueueStatus(t.Context(), "maria"); err != nil || s.Position != 1 || s.WaitSeconds > 60 {
		t.Errorf("she is at %+v", s)
	}
	if s, err := h.QueueStatus(t.Context(), "later"); err != nil || s.Position != 2 {
		t.Errorf("the later one is at %+v", s)
	}
	h.consistent()
	h.alwaysClosed()
	h.leave("maria", func(r *models.LeaveMessage) { r.Message = "" })
	h.send(models.UserActor("maria"), message.ID, "At night")
	if c := h.chat(message.ID); !c.IsMessage() {
		t.Error("it is live although the desk is closed")
	}
}

func TestAQuestionWithAnAddressIsKept(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	ask := func(id, email, question string) string {
		u, err := h.EnsureUser(ctx, models.Identity{ID: id, Email: email, Verified: true})
		h.must(err)
		got, err := h.Assign(ctx, u.ID, models.AssignRequest{Message: question})
		h.must(err)
		h.age("chats", got.Chat.ID, time.Hour, "user_seen_at")
		return got.Chat.ID
	}
	kept, unknown, silent := ask(
		"maria",
		"maria@example.com",
		"Hello?",
	), ask(
		"guest",
		"",
		"Hello?",
	), ask(
		"silent",
		"silent@example.com",
		"",
	)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	if n, err := h.SweepQueue(ctx); err != nil || n != 2 {
		t.Errorf("%d were abandoned, %v", n, err)
	}
	if c := h.chat(kept); !c.IsMessage() || c.Status != models.Waiting || *c.ContactEmail != "maria@example.com" || c.ConsentedAt != nil {
		t.Errorf("hers is %+v", c)
	}
	for _, id := range []string{unknown, silent} {
		if c := h.chat(id); c.Status != models.Ended {
			t.Errorf("%+v was kept", c)
		}
	}
	h.consistent()
	h.set("MESSAGES", "false")
	off := ask("off", "off@example.com", "Hello?")
	if n, err := h.SweepQueue(ctx); err != nil || n != 1 || h.chat(off).Status != models.Ended {
		t.Errorf("with messages off: %d, %v", n, err)
	}
}

// TestTheConsentOfAQuestionIsKept turns waiting chats into messages whose users agreed to something before.
func TestTheConsentOfAQuestionIsKept(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	consent := h.question(models.Question{
		ReasonName: named("I agree"), Kind: models.ConsentQuestion, Link: "https://shop.example/privacy",
	})
	ask := func(id string, answers models.Answers) string {
		u, err := h.EnsureUser(ctx, models.Identity{ID: id, Email: id + "@example.com", Verified: true})
		h.must(err)
		got, err := h.Assign(ctx, u.ID, models.AssignRequest{Message: "Hello?", Answers: answers})
		h.must(err)
		return got.Chat.ID
	}
	agreed, refused := ask("maria", models.Answers{consent: "true"}), ask("ben", models.Answers{consent: "false"})
	h.set("MESSAGE_CONSENT", "We store your address.")
	back := h.leave("cy", func(r *models.LeaveMessage) { r.Consent = true }).ID
	h.exec(`UPDATE chats SET channel = 'chat' WHERE id = ?`, back) // who came back and left again
	for _, id := range []string{agreed, refused, back} {
		h.age("chats", id, time.Hour, "user_seen_at")
		h.exec(`UPDATE chats SET user_seen_at = now() - interval '1 hour' WHERE id = ?`, id)
	}
	h.set("MESSAGE_CONSENT", "Another text.")
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	_, err := h.SweepQueue(ctx)
	h.must(err)
	for id, want := range map[string]string{agreed: "I agree https://shop.example/privacy", refused: "", back: "We store your address."} {
		c := h.chat(id)
		got := ""
		if c.ConsentText != nil {
			got = *c.ConsentText
		}
		if !c.IsMessage() || c.Status != models.Waiting || got != want || (c.ConsentedAt == nil) != (want == "") {
			t.Errorf("%s is a %s, and its user agreed to %q, want %q", *c.ContactEmail, c.Channel, got, want)
		}
	}
	h.consistent()
}

func TestWhenAMessageIsOffered(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	offered := func(want models.MessageOffer, when string) {
		t.Helper()
		a, err := h.Availability(t.Context(), "", time.Now())
		h.must(err)
		if a.MessageOffer != want {
			t.Errorf("%s: %q, want %q", when, a.MessageOffer, want)
		}
	}
	offered(models.OfferedNoAgent, "without an agent")
	h.agent("anna", 1)
	offered("", "with an agent")
	h.ask("first")
	h.ask("second")
	h.set("MESSAGE_QUEUE_LIMIT", "1")
	offered(models.OfferedQueue, "in a long queue")
	if s, err := h.QueueStatus(t.Context(), "second"); err != nil || s.MessageOffer != "" {
		t.Errorf("the first in the queue has %+v", s)
	}
	h.set("MESSAGE_QUEUE_LIMIT", "0")
	offered("", "without a limit")
	h.set("MESSAGE_WAIT_THRESHOLD", "1m")
	offered(models.OfferedLongWait, "with a short threshold")
	h.set("MESSAGE_WAIT_THRESHOLD", "0s")
	offered("", "without a threshold")
	h.set("MESSAGE_WAIT_THRESHOLD", "1h")
	h.exec(`UPDATE chats SET queued_at = queued_at - interval '2 hours' WHERE user_id = 'second'`)
	if s, err := h.QueueStatus(t.Context(), "second"); err != nil || s.MessageOffer != models.OfferedLongWait {
		t.Errorf("after two hours: %+v", s)
	}
	h.alwaysClosed()
	offered(models.OfferedClosed, "outside hours")
	h.set("MESSAGES", "false")
	offered("", "when switched off")
}

func TestAgentsSeeWhetherTheUserOfAMessageIsThere(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	message := h.leave("maria")
	version := h.chat(message.ID).Version
	here := func(want bool, changes int64) {
		t.Helper()
		if c := h.chat(message.ID); (c.UserHereAt != nil) != want || c.Version != version+changes {
			t.Errorf("she is there since %v, with %d changes", c.UserHereAt, c.Version-version)
		}
	}
	here(true, 0)
	for range 2 {
		h.must(h.RecordUsersSeen(t.Context(), []string{"maria"}))
		here(true, 0)
	}
	h.must(h.SweepUsersHere(t.Context()))
	here(true, 0)
	h.age("chats", message.ID, 2*time.Minute, "user_here_at")
	for range 2 {
		h.must(h.SweepUsersHere(t.Context()))
		here(false, 1)
	}
	for range 2 {
		h.must(h.RecordUsersSeen(t.Context(), []string{"maria"}))
		here(true, 2)
	}
}

func TestMessagesAreTransferredWithTheirOwnCapacity(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 1), h.agent("ben", 1)
	h.exec(`UPDATE agents SET max_messages = 0 WHERE name = 'ben'`)
	message := h.leave("maria")
	h.settle()
	if c := h.chat(message.ID); c.ServedBy() != anna.ID {
		t.Fatalf("it is with %s", c.ServedBy())
	}
	_, err := h.Transfer(t.Context(), anna, message.ID, models.TransferRequest{ServiceID: ben.ID})
	h.refused(err, "agent_at_capacity")
	h.exec(`UPDATE agents SET max_messages = 1, load = load WHERE name = 'ben'`)
	h.ask("live one")
	h.ask("live two")
	h.WaitForDrains()
	o, _, err := h.OfferTransfer(t.Context(), anna, message.ID, models.OfferRequest{ServiceID: ben.ID, Wants: "A card"})
	h.must(err)
	if a, err := h.AgentByID(t.Context(), ben.ID); err != nil || o.State != models.OfferOpen || a.Reserved != 0 {
		t.Errorf("the offer is %+v, of %+v", o, a)
	}
	h.consistent()
	_, _, err = h.AcceptOffer(t.Context(), ben, message.ID)
	h.must(err)
	if h.messageLoad(anna) != 0 || h.messageLoad(ben) != 1 {
		t.Errorf("anna has %d, ben %d", h.messageLoad(anna), h.messageLoad(ben))
	}
	h.consistent()
	_, err = h.SetPresence(t.Context(), ben, models.Offline)
	h.must(err)
	h.settle()
	if c := h.chat(message.ID); !c.IsMessage() || c.ServedBy() != anna.ID && c.Status != models.Waiting {
		t.Errorf("after ben left it is %+v", c)
	}
	h.consistent()
}

// A file of the message that was just left does not bring its user back, and one that is sent later does.
func TestFilesOfAMessage(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	h.exec(`UPDATE agents SET max_messages = 0 WHERE id = ?`, anna.ID)
	c := h.leave("ada")
	part := h.letter("part")
	part.IsPart = true
	_, _, err := h.SendFile(t.Context(), models.UserActor("ada"), c.ID, part)
	h.must(err)
	h.settle()
	if got := h.chat(c.ID); !got.IsMessage() || got.Status != models.Waiting {
		t.Errorf("after a file of it, the message is a %s that is %s", got.Channel, got.Status)
	}
	_, _, err = h.SendFile(t.Context(), models.UserActor("ada"), c.ID, h.photo("later"))
	h.must(err)
	h.settle()
	if got := h.chat(c.ID); got.IsMessage() || got.Status != models.Active {
		t.Errorf("after another file, it is a %s that is %s", got.Channel, got.Status)
	}
}
