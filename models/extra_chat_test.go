package models_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/models"
)

func (h *testDesk) openExtra(a models.Actor) *models.Agent {
	h.t.Helper()
	got, err := h.OpenExtraChat(h.t.Context(), a)
	h.must(err)
	return got
}

// isActive reports whether the chat is with an agent.
func (h *testDesk) isActive(chatID string) bool {
	h.t.Helper()
	return h.chat(chatID).Status == models.Active
}

func TestAnAgentAtCapacityTakesOneMoreChatOnce(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	first := h.ask("first").Chat
	more := []models.Chat{h.ask("second").Chat, h.ask("third").Chat}
	if h.isActive(more[0].ID) {
		t.Fatal("the capacity is 1")
	}
	a := h.openExtra(anna)
	if !a.ExtraOpen || a.ExtraUntil == nil || time.Until(*a.ExtraUntil) > 10*time.Minute {
		t.Fatalf("it is open until %v", a.ExtraUntil)
	}
	h.Close() // waits for the drain that it started
	a, err := h.AgentByID(t.Context(), anna.ID)
	h.must(err)
	if !h.isActive(more[0].ID) || h.isActive(more[1].ID) || h.load(anna) != 2 || a.ExtraOpen || !a.HasExtra {
		t.Fatalf("one chat more and no second one: load %d, %+v", a.Load, a)
	}
	_, err = h.OpenExtraChat(t.Context(), anna)
	h.refused(err, "above_capacity")
	_, err = h.AssignByHand(t.Context(), admin, more[1].ID, anna.ID)
	h.refused(err, "agent_at_capacity")

	_, err = h.End(t.Context(), admin, first.ID, "")
	h.must(err)
	h.settle()
	if a, _ = h.AgentByID(t.Context(), anna.ID); h.isActive(more[1].ID) || a.HasExtra || h.load(anna) != 1 {
		t.Fatalf("a chat that ends frees the extra one first: load %d, %+v", a.Load, a)
	}
	h.openExtra(anna) // by a decision of its own
	h.settle()
	if !h.isActive(more[1].ID) {
		t.Fatal("opened again, it takes the next one")
	}
	h.wantHistory(anna, "offline>online chosen by anna", "online>online extra_opened by anna", "online>online extra_taken",
		"online>online extra_opened by anna", "online>online extra_taken")
	checked, err := h.Check(t.Context())
	h.must(err)
	for _, c := range checked {
		if len(c.Findings) > 0 {
			t.Errorf("%s: %+v", c.Invariant, c.Findings)
		}
	}
}

func TestTheExtraChatIsForAgentsAtCapacityAlone(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	_, err := h.OpenExtraChat(t.Context(), anna)
	h.refused(err, "has_capacity")
	h.ask("u")
	until := h.openExtra(anna).ExtraUntil
	if again := h.openExtra(anna).ExtraUntil; !again.Equal(*until) {
		t.Fatal("opening it again does not make it last longer")
	}
	_, err = h.SetPresence(t.Context(), anna, models.Away)
	h.must(err)
	_, err = h.OpenExtraChat(t.Context(), anna)
	h.refused(err, "not_online")
	_, err = h.OpenExtraChat(t.Context(), models.UserActor("u"))
	h.refused(err, "agents_only")
	_, err = h.CloseExtraChat(t.Context(), models.UserActor("u"))
	h.refused(err, "agents_only")
}

func TestTheExtraChatEndsByItself(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *testDesk, anna models.Actor){
		"by the agent": func(h *testDesk, anna models.Actor) {
			_, err := h.CloseExtraChat(h.t.Context(), anna)
			h.must(err)
		},
		"after ten minutes": func(h *testDesk, anna models.Actor) {
			h.age("agents", anna.ID, 10*time.Minute, "extra_until")
			if a, _ := h.AgentByID(h.t.Context(), anna.ID); a.ExtraOpen || a.HasCapacity() {
				h.t.Fatal("it is over before a sweep says so")
			}
			_, err := h.Sweep(h.t.Context())
			h.must(err)
		},
		"away": func(h *testDesk, anna models.Actor) {
			_, err := h.SetPresence(h.t.Context(), anna, models.Away)
			h.must(err)
			h.online(anna)
		},
		"on a break": func(h *testDesk, anna models.Actor) {
			h.choose(anna, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: h.reason("Lunch").ID})
			h.online(anna)
		},
		"lost contact": func(h *testDesk, anna models.Actor) {
			h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
			h.age("agents", anna.ID, time.Minute, "seen_at")
			h.must(h.SweepPresence(h.t.Context()))
			h.must(h.RecordAgentsSeen(h.t.Context(), []string{anna.ID}))
		},
		"by the previous release": func(h *testDesk, anna models.Actor) {
			h.exec(`UPDATE agents SET choice = 'away' WHERE id = ?`, anna.ID)
			h.exec(`UPDATE agents SET choice = 'online' WHERE id = ?`, anna.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestDesk(t)
			anna := h.agent("anna", 1)
			h.ask("first")
			h.openExtra(anna)
			h.settle()
			end(h, anna)
			a, err := h.AgentByID(t.Context(), anna.ID)
			h.must(err)
			if a.ExtraUntil != nil || a.ExtraOpen {
				t.Fatalf("it is still open until %v", a.ExtraUntil)
			}
			next := h.ask("second").Chat
			h.settle()
			if h.isActive(next.ID) {
				t.Fatal("the agent got a second chat")
			}
		})
	}
}

// Agents with capacity come first: one who is full and asked for more takes what is left over.
func TestAgentsWithCapacityGetTheNextChatFirst(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	h.ask("first")
	cleo := h.agent("cleo", 1)
	h.ask("second")
	ben := h.agent("ben", 5)
	h.ask("third")
	h.ask("fourth")
	h.settle()
	if h.load(anna) != 1 || h.load(cleo) != 1 || h.load(ben) != 2 {
		t.Fatalf("the loads are %d, %d and %d", h.load(anna), h.load(cleo), h.load(ben))
	}
	h.openExtra(anna) // anna and cleo hold one chat of one, ben two of five
	h.openExtra(cleo)
	fifth := h.ask("fifth").Chat
	h.settle()
	if got := h.chat(fifth.ID).ServedBy(); got != ben.ID {
		t.Fatal("the agent with capacity is passed over")
	}
	if a, _ := h.AgentByID(t.Context(), anna.ID); !a.ExtraOpen {
		t.Fatal("anna's is still open")
	}
}

func TestATransferTakesTheExtraChat(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 1), h.agent("ben", 1)
	chats := []models.Chat{h.ask("first").Chat, h.ask("second").Chat}
	var bens models.Chat
	for _, c := range chats {
		if h.chat(c.ID).ServedBy() == ben.ID {
			bens = c
		}
	}
	_, err := h.Transfer(t.Context(), ben, bens.ID, models.TransferRequest{ServiceID: anna.ID})
	h.refused(err, "agent_at_capacity")
	h.openExtra(anna)
	_, err = h.Transfer(t.Context(), ben, bens.ID, models.TransferRequest{ServiceID: anna.ID})
	h.must(err)
	if a, _ := h.AgentByID(t.Context(), anna.ID); h.load(anna) != 2 || a.ExtraOpen || !a.HasExtra {
		t.Fatalf("load %d, %+v", a.Load, a)
	}
}

// Two instances drain at once, and so do transfers and assignments by hand: no agent holds more than one chat above capacity.
func TestNoAgentHoldsTwoChatsMore(t *testing.T) {
	t.Parallel()
	one := newTestDesk(t)
	two := newTestDeskOn(t, one.url, models.DefaultSettings())
	agents := []models.Actor{one.agent("anna", 2), one.agent("ben", 1), one.agent("cleo", 3)}
	var waiting []string
	for i := range 20 {
		waiting = append(waiting, one.ask(fmt.Sprint("u", i)).Chat.ID)
	}
	one.settle()
	for round := range 4 {
		var all errgroup.Group
		for i, a := range agents {
			for _, d := range []*testDesk{one, two} {
				all.Go(func() error {
					if _, err := d.OpenExtraChat(t.Context(), a); err != nil && models.CodeOf(err) != "above_capacity" {
						return err
					}
					return nil
				})
				all.Go(func() error { _, err := d.Drain(t.Context()); return err })
				all.Go(func() error {
					_, err := d.AssignByHand(t.Context(), admin, waiting[len(waiting)-1-i], a.ID)
					switch models.CodeOf(err) {
					case "", "agent_at_capacity", "already_assigned":
						return nil
					}
					return err
				})
			}
		}
		one.must(all.Wait())
		one.settle()
		for _, a := range agents {
			got, err := one.AgentByID(t.Context(), a.ID)
			one.must(err)
			if n := one.load(a); n > got.MaxConcurrent+1 || n == got.MaxConcurrent+1 != got.HasExtra {
				t.Fatalf("round %d: %s holds %d of %d, extra %v", round, got.Name, n, got.MaxConcurrent, got.HasExtra)
			}
		}
	}
	for _, a := range agents {
		if got, _ := one.AgentByID(t.Context(), a.ID); got.Load != got.MaxConcurrent+1 {
			t.Errorf("%s holds %d of %d: the extra chat was not taken", got.Name, got.Load, got.MaxConcurrent)
		}
	}
}
