package models_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

var texts = models.OfferRequest{Wants: "A refund", Tried: "Sent a new parcel", Promised: "An answer today"}

// offer offers a chat to an agent.
func (h *testDesk) offer(from models.Actor, chatID string, to models.Actor) *models.Offer {
	h.t.Helper()
	r := texts
	r.ServiceID = to.ID
	o, _, err := h.OfferTransfer(h.t.Context(), from, chatID, r)
	h.must(err)
	return o
}

// reserved returns the reserved places of an agent, which are the open offers to it.
func (h *testDesk) reserved(a models.Actor) int {
	h.t.Helper()
	got, err := h.AgentByID(h.t.Context(), a.ID)
	h.must(err)
	if open := h.count(`SELECT count(*) FROM transfer_offers WHERE state = 'open' AND to_agent_id = '` + a.ID + `'`); open != got.Reserved {
		h.t.Fatalf("%s: reserved says %d, the offers %d", got.Name, got.Reserved, open)
	}
	return got.Reserved
}

// offers returns the states of the offers that were announced, in order, each with the agents who were told.
func (h *testDesk) offers() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for i := range h.events {
		if o := h.events[i].Offer; o != nil {
			all = append(all, fmt.Sprintf("%s>%s %s", o.FromName, o.ToName, o.State))
		}
	}
	return strings.Join(all, ", ")
}

// lines returns the system messages of a chat that the actor reads, with the notes among them in brackets.
func (h *testDesk) lines(actor models.Actor, chatID string) string {
	h.t.Helper()
	messages, err := h.Messages(h.t.Context(), actor, chatID, 0, 0)
	h.must(err)
	var all []string
	for i := range messages {
		m := &messages[i]
		switch {
		case m.SystemKind != nil && m.Type == models.Note:
			all = append(all, "["+*m.SystemKind+" "+m.SystemArgs["agent"]+m.SystemArgs["reason"]+"]")
		case m.SystemKind != nil:
			all = append(all, *m.SystemKind)
		}
	}
	return strings.Join(all, " ")
}

// offering returns a chat of anna's and bob, who is online with one free place.
func offering(t *testing.T) (h *testDesk, anna, bob, user models.Actor, chatID string) {
	t.Helper()
	h, anna, chatID = serving(t)
	return h, anna, h.agent("bob", 1), h.user("maria"), chatID
}

func TestAnAcceptedOfferMovesTheChat(t *testing.T) {
	t.Parallel()
	h, anna, bob, user, chatID := offering(t)
	h.send(user, chatID, "I want my money back")
	h.draft(anna, chatID, "Half a", 0)
	o := h.offer(anna, chatID, bob)
	if o.State != models.OfferOpen || o.ToName != "bob" || o.UserName != "maria" || o.ExpiresAt.Sub(o.MadeAt) != 30*time.Second {
		t.Errorf("the offer is %+v", o)
	}
	if h.chat(chatID).ServedBy() != anna.ID || h.load(anna) != 1 || h.load(bob) != 0 || h.reserved(bob) != 1 {
		t.Error("the sender does not keep the chat")
	}
	seen, err := h.OfferedChat(t.Context(), bob, chatID)
	h.must(err)
	if len(seen.Messages) != 1 || seen.Messages[0].Content != "I want my money back" || seen.Wants != "A refund" {
		t.Errorf("the receiver reads %+v", seen)
	}
	_, err = h.Messages(t.Context(), bob, chatID, 0, 0)
	h.refused(err, "chat_not_found")
	_, chat, err := h.AcceptOffer(t.Context(), bob, chatID)
	h.must(err)
	if chat.ServedBy() != bob.ID || chat.OfferID != nil || h.load(bob) != 1 || h.reserved(bob) != 0 || h.load(anna) != 0 {
		t.Errorf("the chat is %+v", chat)
	}
	_, again, err := h.AcceptOffer(t.Context(), bob, chatID) // the retry of a request whose answer was lost
	h.must(err)
	if again.Version != chat.Version {
		t.Error("accepting again changed the chat")
	}
	if got := h.lines(user, chatID); got != "joined transferred" {
		t.Errorf("the user is told %s", got)
	}
	if got := h.offers(); got != "anna>bob open, anna>bob accepted" {
		t.Errorf("announced: %s", got)
	}
	if got := h.drafts(bob); got != "anna reply: Half a" {
		t.Errorf("the draft that was left: %q", got)
	}
	note, found, err := h.HandOver(t.Context(), bob, chatID)
	h.must(err)
	if !found || note.Wants != "A refund" || note.Tried != "Sent a new parcel" || note.Promised != "An answer today" ||
		note.FromName != "anna" {
		t.Errorf("the hand-over note is %+v", note)
	}
	_, _, err = h.HandOver(t.Context(), user, chatID)
	h.refused(err, "chat_not_found")
}

func TestADeclinedOrExpiredOfferReturns(t *testing.T) {
	t.Parallel()
	h, anna, bob, user, chatID := offering(t)
	h.offer(anna, chatID, bob)
	_, err := h.DeclineOffer(t.Context(), bob, chatID, "I am about\nto leave")
	h.must(err)
	_, err = h.DeclineOffer(t.Context(), bob, chatID, "")
	h.must(err)
	_, _, err = h.AcceptOffer(t.Context(), bob, chatID)
	h.refused(err, "offer_closed")
	_, err = h.OfferedChat(t.Context(), bob, chatID)
	h.refused(err, "offer_not_found")

	o := h.offer(anna, chatID, bob)
	h.exec(`UPDATE transfer_offers SET made_at = made_at - interval '31 seconds', expires_at = expires_at - interval '31 seconds'
		WHERE id = ?`, o.ID)
	_, _, err = h.AcceptOffer(t.Context(), bob, chatID)
	h.refused(err, "offer_expired")
	_, err = h.OfferedChat(t.Context(), bob, chatID)
	h.refused(err, "offer_not_found")
	var sweeps sync.WaitGroup
	for range 4 { // on several machines at once
		sweeps.Go(func() {
			if _, err := h.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	sweeps.Wait()
	if c := h.chat(chatID); c.ServedBy() != anna.ID || c.OfferID != nil || h.reserved(bob) != 0 || h.load(bob) != 0 || h.load(anna) != 1 {
		t.Errorf("the chat is %+v", c)
	}
	if got := h.lines(anna, chatID); got != "joined [offer_declined_why bobI am about to leave] [offer_expired bob]" {
		t.Errorf("agents are told %s", got)
	}
	if got := h.lines(user, chatID); got != "joined" {
		t.Errorf("the user is told %s", got)
	}
	if got := h.offers(); got != "anna>bob open, anna>bob declined, anna>bob open, anna>bob expired" {
		t.Errorf("announced: %s", got)
	}
	if _, found, _ := h.HandOver(t.Context(), anna, chatID); found {
		t.Error("a chat that stayed has a hand-over note")
	}
}

// An offer ends with what makes it impossible, and gives the place back.
func TestAnOfferEndsWithTheChatOrTheReceiver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(h *testDesk, anna, bob, user models.Actor, chatID string)
		state   models.OfferState
	}{
		"withdrawn": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			_, err := h.WithdrawOffer(h.t.Context(), anna, chatID)
			h.must(err)
		}, models.OfferWithdrawn},
		"the user ends the chat": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			_, err := h.End(h.t.Context(), user, chatID, "")
			h.must(err)
		}, models.OfferWithdrawn},
		"idle": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			h.age("chats", chatID, time.Hour, "quiet_since")
			h.exec(`UPDATE chats SET warned_at = now() - interval '1 hour'`)
			_, err := h.SweepIdle(h.t.Context())
			h.must(err)
		}, models.OfferWithdrawn},
		"the sender returns it": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			_, err := h.Transfer(h.t.Context(), anna, chatID, models.TransferRequest{})
			h.must(err)
		}, models.OfferWithdrawn},
		"a supervisor moves it": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			carla := h.agent("carla", 1)
			_, err := h.AssignByHand(h.t.Context(), admin, chatID, carla.ID)
			h.must(err)
		}, models.OfferWithdrawn},
		"a supervisor assigns it to the receiver": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			_, err := h.AssignByHand(h.t.Context(), admin, chatID, bob.ID)
			h.must(err)
		}, models.OfferWithdrawn},
		"the sender goes offline": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			_, err := h.SetPresence(h.t.Context(), anna, models.Offline)
			h.must(err)
		}, models.OfferWithdrawn},
		"the user is erased": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			_, err := h.EraseUser(h.t.Context(), admin, user.ID)
			h.must(err)
		}, ""},
		"an earlier release ends it": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			h.exec(`WITH c AS (UPDATE chats SET status = 'ended', ended_at = now(), ended_reason = 'user_ended', ended_type = 'manual')
				UPDATE agents SET load = 0`)
			_, _, err := h.AcceptOffer(h.t.Context(), bob, chatID)
			h.refused(err, "offer_closed")
			_, err = h.Sweep(h.t.Context())
			h.must(err)
		}, models.OfferWithdrawn},
		"the receiver goes away": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			_, err := h.SetPresence(h.t.Context(), bob, models.Away)
			h.must(err)
		}, models.OfferExpired},
		"the receiver is disabled": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			disabled := true
			_, err := h.UpdateAgent(h.t.Context(), admin, bob.ID, models.AgentChange{Disabled: &disabled})
			h.must(err)
		}, models.OfferExpired},
		"the receiver is lost": {func(h *testDesk, anna, bob, user models.Actor, chatID string) {
			h.age("agents", bob.ID, time.Minute, "seen_at")
			h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
			_, err := h.Sweep(h.t.Context())
			h.must(err)
		}, models.OfferExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, anna, bob, user, chatID := offering(t)
			h.offer(anna, chatID, bob)
			c.happens(h, anna, bob, user, chatID)
			h.settle()
			if h.reserved(bob) != 0 {
				t.Error("the place is still reserved")
			}
			if c.state == "" {
				return
			}
			if n := h.count(`SELECT count(*) FROM transfer_offers WHERE state = '` + string(c.state) + `'`); n != 1 {
				t.Errorf("the offer is not %s", c.state)
			}
			if h.chat(chatID).OfferID != nil {
				t.Error("the chat still has the offer")
			}
			if found := h.found(); len(found) != 0 {
				t.Errorf("found %v", found)
			}
		})
	}
}

func TestAnOfferIsRefused(t *testing.T) {
	t.Parallel()
	h, anna, bob, user, chatID := offering(t)
	ctx := t.Context()
	_, err := h.AddDepartment(ctx, admin, "cards", "Cards")
	h.must(err)
	refused := func(code string, actor models.Actor, change func(r *models.OfferRequest)) {
		t.Helper()
		r := texts
		r.ServiceID = bob.ID
		change(&r)
		_, _, err := h.OfferTransfer(ctx, actor, chatID, r)
		h.refused(err, code)
	}
	same := func(*models.OfferRequest) {}
	for _, text := range []string{"", " ", strings.Repeat("x", models.MaxOfferText+1), "a\x00b", "\xff"} {
		refused("validation_failed", anna, func(r *models.OfferRequest) { r.Wants = text })
	}
	refused("validation_failed", anna, func(r *models.OfferRequest) { r.Promised = strings.Repeat("x", models.MaxOfferText+1) })
	refused("validation_failed", anna, func(r *models.OfferRequest) { r.Department = "cards" })
	refused("validation_failed", anna, func(r *models.OfferRequest) { r.ServiceID, r.Department = "", "none" })
	refused("already_assigned", anna, func(r *models.OfferRequest) { r.ServiceID = anna.ID })
	refused("agent_not_found", anna, func(r *models.OfferRequest) { r.ServiceID = "none" })
	refused("chat_not_found", bob, same)
	refused("chat_not_found", user, same)
	refused("not_in_chat", admin, same)
	_, err = h.SetPresence(ctx, bob, models.Away)
	h.must(err)
	refused("agent_not_online", anna, same)
	h.online(bob)
	h.offer(anna, chatID, bob)
	refused("offer_exists", anna, same)
	carla := h.agent("carla", 3)
	_, err = h.SetPresence(ctx, carla, models.Away)
	h.must(err)
	for _, actor := range []models.Actor{user, carla} {
		_, _, err = h.AcceptOffer(ctx, actor, chatID)
		if actor == user {
			h.refused(err, "role_required")
			continue
		}
		h.refused(err, "chat_not_found")
		_, err = h.DeclineOffer(ctx, actor, chatID, "")
		h.refused(err, "chat_not_found")
		_, err = h.WithdrawOffer(ctx, actor, chatID)
		h.refused(err, "chat_not_found")
		_, err = h.OfferedChat(ctx, actor, chatID)
		h.refused(err, "chat_not_found")
	}
	_, _, err = h.AcceptOffer(ctx, anna, chatID)
	h.refused(err, "offer_not_found")
	_, err = h.WithdrawOffer(ctx, bob, chatID)
	h.refused(err, "chat_not_found")
	_, err = h.WithdrawOffer(ctx, admin, chatID)
	h.refused(err, "not_in_chat")
	_, err = h.DeclineOffer(ctx, bob, chatID, strings.Repeat("x", models.MaxOfferReason+1))
	h.refused(err, "validation_failed")

	// The place is taken: neither the queue, nor a transfer, nor another offer gets it.
	second := h.ask("other").Chat
	if second.ServedBy() != anna.ID {
		t.Fatalf("%s got the next chat", second.ServedBy())
	}
	_, err = h.Transfer(ctx, anna, second.ID, models.TransferRequest{ServiceID: bob.ID})
	h.refused(err, "agent_at_capacity")
	r := texts
	r.ServiceID = bob.ID
	_, _, err = h.OfferTransfer(ctx, anna, second.ID, r)
	h.refused(err, "agent_at_capacity")
	// An earlier release does not know of the place and may fill it.
	h.exec(`UPDATE agents SET load = 1 WHERE id = ?`, bob.ID)
	_, _, err = h.AcceptOffer(ctx, bob, chatID)
	h.refused(err, "agent_at_capacity")
}

func TestTextsOfAnOfferAreMasked(t *testing.T) {
	t.Parallel()
	h, anna, bob, _, chatID := offering(t)
	h.must(h.ChangeSetting(t.Context(), admin, "MASK_CARDS", "true"))
	const card = "4111 1111 1111 1111"
	withCards := models.OfferRequest{ServiceID: bob.ID, Wants: card, Tried: card, Promised: card}
	o, _, err := h.OfferTransfer(t.Context(), anna, chatID, withCards)
	h.must(err)
	_, err = h.DeclineOffer(t.Context(), bob, chatID, card)
	h.must(err)
	if h.count(`SELECT count(*) FROM transfer_offers WHERE concat(wants, tried, promised, reason) LIKE '%4111%'`) != 0 {
		t.Errorf("stored: %+v", o)
	}
	if got := h.lines(anna, chatID); strings.Contains(got, "4111") {
		t.Errorf("agents read %s", got)
	}
}

// An offer to a department is made to its agent of the least load, and goes to the front of its queue when that agent does
// not take it, or when there is none.
func TestAnOfferToADepartment(t *testing.T) {
	t.Parallel()
	h, anna, bob, user, chatID := offering(t)
	ctx := t.Context()
	_, err := h.SetPresence(ctx, bob, models.Away)
	h.must(err)
	_, err = h.AddDepartment(ctx, admin, "cards", "Cards")
	h.must(err)
	carla := h.agent("carla", 2, "cards")
	dora := h.agent("dora", 1, "cards")
	h.askFor("first", "cards")  // carla, idle longest
	h.askFor("second", "cards") // dora, who is now at capacity
	waiting := func() models.Actor {
		u := h.user("waiting")
		h.exec(`UPDATE agents SET max_concurrent = 1 WHERE id = ?`, carla.ID)
		h.askFor("waiting", "cards")
		h.settle()
		h.exec(`UPDATE agents SET max_concurrent = 2 WHERE id = ?`, carla.ID)
		return u
	}
	r := texts
	r.Department = "cards"
	o, _, err := h.OfferTransfer(ctx, anna, chatID, r)
	h.must(err)
	if o.ToID != carla.ID || h.reserved(carla) != 1 || h.reserved(dora) != 0 {
		t.Fatalf("it is offered to %s", o.ToName)
	}
	_, _, err = h.AcceptOffer(ctx, dora, chatID)
	h.refused(err, "chat_not_found")
	h.exec(`UPDATE agents SET choice = 'away' WHERE id = ?`, dora.ID)
	first := waiting()
	h.exec(`UPDATE agents SET max_concurrent = 1 WHERE id = ?`, carla.ID)
	_, err = h.DeclineOffer(ctx, carla, chatID, "")
	h.must(err)
	h.settle()
	c := h.chat(chatID)
	if c.Status != models.Waiting || c.Department == nil || *c.Department != "cards" || *c.AvoidAgentID != carla.ID || h.load(anna) != 0 {
		t.Fatalf("the chat is %+v", c)
	}
	if status, err := h.QueueStatus(ctx, user.ID); err != nil || status.Position != 1 {
		t.Errorf("the user is number %d, %v", status.Position, err)
	}
	if status, err := h.QueueStatus(ctx, first.ID); err != nil || status.Position != 2 {
		t.Errorf("the user who waited is number %d, %v", status.Position, err)
	}
	if got := h.lines(user, chatID); got != "joined requeued" {
		t.Errorf("the user is told %s", got)
	}
	if note, found, err := h.HandOver(ctx, admin, chatID); err != nil || !found || note.Wants != "A refund" {
		t.Errorf("the note is %+v, %v", note, err)
	}

	// Without an agent who could take it, it goes there at once, and an offer without a target to the chat's own queue.
	next := h.ask("next").Chat
	o, moved, err := h.OfferTransfer(ctx, anna, next.ID, r)
	h.must(err)
	if o.State != models.OfferQueued || o.ToID != "" || moved.Status != models.Waiting || h.load(anna) != 0 {
		t.Errorf("the offer is %+v", o)
	}
	last := h.ask("last").Chat
	o, moved, err = h.OfferTransfer(ctx, anna, last.ID, texts)
	h.must(err)
	if o.State != models.OfferQueued || moved.Department != nil || *moved.AvoidAgentID != anna.ID {
		t.Errorf("the offer is %+v of %+v", o, moved)
	}
	if found := h.found(); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

// With offers, assignments and ends at once, no agent has more chats and reserved places than capacity.
func TestOffersNeverExceedCapacity(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	var senders []models.Actor
	var chats []string
	for i := range 6 {
		a := h.agent(fmt.Sprint("sender", i), 1)
		c := h.ask(fmt.Sprint("user", i)).Chat
		if c.ServedBy() != a.ID {
			t.Fatalf("%s has the chat", c.ServedBy())
		}
		senders, chats = append(senders, a), append(chats, c.ID)
	}
	for i := range 2 {
		h.ask(fmt.Sprint("waiting", i))
	}
	bob := h.agent("bob", 3)
	carla := h.agent("carla", 2)
	stop := make(chan struct{})
	var watch, work sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			var over int
			err := h.DB().NewRaw(`SELECT count(*) FROM agents a WHERE load + reserved > max_concurrent OR load + reserved < (SELECT count(*)
				FROM chats c WHERE c.agent_id = a.id AND c.status = 'active') + (SELECT count(*) FROM transfer_offers o
				WHERE o.to_agent_id = a.id AND o.state = 'open')`).Scan(ctx, &over)
			if err != nil || over > 0 {
				t.Errorf("%d agents have more than their capacity, %v", over, err)
				return
			}
		}
	})
	for i, sender := range senders {
		for _, to := range []models.Actor{bob, carla} {
			work.Go(func() {
				for n := range 12 {
					r := texts
					r.ServiceID = to.ID
					_, _, _ = h.OfferTransfer(ctx, sender, chats[i], r)
					switch (n + i) % 4 {
					case 0:
						_, _, _ = h.AcceptOffer(ctx, to, chats[i])
						_, _ = h.Transfer(ctx, to, chats[i], models.TransferRequest{ServiceID: sender.ID})
					case 1:
						_, _ = h.DeclineOffer(ctx, to, chats[i], "")
					case 2:
						_, _ = h.WithdrawOffer(ctx, sender, chats[i])
					default:
						late := h.ask(fmt.Sprint("late", i, n, to.ID))
						_, _ = h.Drain(ctx)
						_, _ = h.End(ctx, models.UserActor(late.Chat.UserID), late.Chat.ID, "")
						h.exec(`UPDATE transfer_offers
							SET made_at = made_at - interval '1 minute', expires_at = expires_at - interval '1 minute'
							WHERE state = 'open' AND chat_id = ?`, chats[i])
						_ = h.SweepOffers(ctx)
					}
				}
			})
		}
	}
	work.Wait()
	close(stop)
	watch.Wait()
	h.must(h.SweepOffers(ctx))
	for _, a := range append(senders, bob, carla) {
		h.load(a)
		h.reserved(a)
	}
	if h.count(`SELECT count(*) FROM transfer_offers WHERE state = 'accepted'`) == 0 {
		t.Error("no offer was accepted")
	}
	for name, c := range h.found() {
		t.Errorf("%s: %+v", name, c.Findings)
	}
}
