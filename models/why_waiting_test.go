package models_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"parley/models"
)

// why returns the refusal of each agent of a chat's answer, by name.
func (h *testDesk) why(chatID string) (*models.WaitExplanation, map[string]models.Refusal) {
	h.t.Helper()
	w, err := h.WhyWaiting(h.t.Context(), admin, chatID)
	h.must(err)
	refusals := map[string]models.Refusal{}
	for i := range w.Agents {
		refusals[w.Agents[i].Agent.Name] = w.Agents[i].Refusal
	}
	return w, refusals
}

// One agent for each rule: the answer names the first that applies.
func TestWhyAChatWaitsIsNamedForEachAgent(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO departments (slug, name) VALUES ('billing', 'Billing'), ('sales', 'Sales')`)
	for _, name := range []string{"full", "away", "offline", "lost", "draining"} {
		h.agent(name, 1, "billing")
	}
	h.agent("seller", 1, "sales")
	set := func(name, columns string) { h.exec(`UPDATE agents SET ` + columns + ` WHERE name = '` + name + `'`) }
	set("full", "load = 1")
	set("away", "choice = 'away'")
	set("offline", "choice = 'offline'")
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
	set("lost", "seen_at = now() - interval '10 minutes'")
	set("draining", "choice = 'away', choice_detail = 'last_chats'")
	h.agent("none", 1, "billing")
	set("none", "max_concurrent = 0")
	h.agent("gone", 1, "billing")
	set("gone", "disabled_at = now()")
	h.settle()
	first, second := h.askFor("ada", "billing"), h.askFor("bob", "billing")
	want := map[string]models.Refusal{
		"full": models.RefusalAtCapacity, "away": models.RefusalAway, "offline": models.RefusalOffline, "lost": models.RefusalLostContact,
		"draining": models.RefusalLastChats, "seller": models.RefusalDepartment, "none": models.RefusalTakesNone,
	}
	w, got := h.why(second.Chat.ID)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if candidates, online, able := w.Count(); candidates != 5 || online != 1 || able != 0 || w.Position != 2 {
		t.Errorf("%d candidates, %d online, %d with capacity, position %d", candidates, online, able, w.Position)
	}
	for i := range w.Agents {
		a := &w.Agents[i]
		if hasTime := a.Refusal != models.RefusalDepartment && a.Refusal != models.RefusalTakesNone; (a.Since != nil) != hasTime {
			t.Errorf("%s since %v", a.Agent.Name, a.Since)
		}
	}

	set("full", "max_concurrent = 2") // the assigner has not noticed
	if _, got := h.why(first.Chat.ID); got["full"] != models.RefusalNext {
		t.Errorf("the first has %v", got)
	}
	if w, got := h.why(second.Chat.ID); got["full"] != models.RefusalOthersFirst || w.Agents[2].Ahead != 1 {
		t.Errorf("the second has %v, %+v", got, w.Agents[2])
	}
	h.settle()
	w, _ = h.why(first.Chat.ID)
	if w.Position != 0 || len(w.Agents) != 0 || w.Chat.Status != models.Active {
		t.Errorf("a chat that was assigned has %+v", w)
	}
	_, err := h.WhyWaiting(t.Context(), models.Actor{Kind: models.KindAgent, ID: "x", Role: models.RoleAgent}, second.Chat.ID)
	h.refused(err, "role_required")
	_, err = h.WhyWaiting(t.Context(), admin, "no-such-chat")
	h.refused(err, "chat_not_found")
}

// A chat that an agent gave back, declined or did not answer is kept from that agent while another one can take it; after that time, or
// without another one, it is not.
func TestWhyAChatIsKeptFromAnAgent(t *testing.T) {
	t.Parallel()
	for want, answer := range map[models.Refusal]string{
		models.RefusalGaveBack: "", models.RefusalDeclined: "declined", models.RefusalOfferExpired: "expired",
	} {
		h := newTestDesk(t)
		anna, ben := h.agent("anna", 1), h.agent("ben", 1)
		h.exec(`UPDATE agents SET choice = 'offline'`)
		h.settle()
		chat := h.ask("ada").Chat.ID
		h.WaitForDrains()
		h.exec(`UPDATE agents SET choice = 'online'`)
		h.exec(`UPDATE chats SET avoid_agent_id = ?, avoid_until = now() + interval '2 minutes' WHERE id = ?`, anna.ID, chat)
		if answer != "" {
			h.exec(`INSERT INTO transfer_offers (chat_id, from_agent_id, to_agent_id, wants, made_at, expires_at, state, answered_at)
				VALUES (?, ?, ?, 'x', now(), now(), ?, now())`, chat, ben.ID, anna.ID, answer)
		}
		w, got := h.why(chat)
		if got["anna"] != want || got["ben"] != models.RefusalNext || w.Agents[0].KeptUntil == nil || w.Agents[1].KeptUntil != nil {
			t.Errorf("%s: %v", want, got)
		}
		h.exec(`UPDATE agents SET load = 1 WHERE id = ?`, ben.ID)
		if w, got := h.why(chat); got["anna"] != models.RefusalNext || w.Agents[0].KeptBecause != want {
			t.Errorf("%s: without another agent: %v", want, got)
		}
		h.exec(`UPDATE agents SET load = 0 WHERE id = ?`, ben.ID)
		h.exec(`UPDATE chats SET avoid_until = now() WHERE id = ?`, chat)
		if w, got := h.why(chat); got["anna"] != models.RefusalNext || w.Agents[0].KeptUntil != nil {
			t.Errorf("%s: after the time: %v", want, got)
		}
	}
}

// In floors of any kind the answer agrees with the assigner: a chat goes to an agent who was said to have capacity, and a chat that still
// waits has no such agent.
func TestWhyAgreesWithTheAssigner(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO departments (slug, name) VALUES ('a', 'A'), ('b', 'B')`)
	var agents []models.Actor
	for i := range 7 {
		agents = append(agents, h.agent(fmt.Sprint("agent", i), 1, [][]string{nil, {"a"}, {"b"}, {"a", "b"}}[i%4]...))
	}
	h.settle()
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
	assigned, waited := 0, 0
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 1))
		h.exec(`UPDATE agents SET choice = 'offline', load = 0, reserved = 0, extra_until = NULL, has_extra = false, choice_detail = NULL`)
		h.exec(
			`UPDATE chats SET status = 'ended', ended_at = now(), ended_reason = 'cancelled', ended_type = 'manual' WHERE status <> 'ended'`,
		)
		var chats []string
		for n := range 5 {
			id := h.askFor(fmt.Sprintf("user%d-%d", seed, n), []string{"", "a", "b"}[r.IntN(3)]).Chat.ID
			chats = append(chats, id)
			if r.IntN(2) == 0 {
				h.exec(`UPDATE chats SET avoid_agent_id = ?, avoid_until = now() + ? * interval '1 minute', priority = ? WHERE id = ?`,
					agents[r.IntN(len(agents))].ID, r.IntN(3)-1, r.IntN(3), id)
			}
		}
		for _, a := range agents {
			seen := "clock_timestamp()"
			if r.IntN(4) == 0 {
				seen = "clock_timestamp() - interval '1 hour'"
			}
			most := r.IntN(3)
			h.exec(`UPDATE agents SET choice = ?, load = ?, reserved = 0, max_concurrent = ?, seen_at = `+seen+`,
				extra_until = CASE WHEN ? THEN clock_timestamp() + interval '1 minute' END WHERE id = ?`,
				[]string{"online", "online", "away", "offline"}[r.IntN(4)], r.IntN(most+1), most, r.IntN(3) == 0, a.ID)
		}
		before := map[string]map[string]models.Refusal{}
		for _, id := range chats {
			w, err := h.WhyWaiting(t.Context(), admin, id)
			h.must(err)
			before[id] = map[string]models.Refusal{}
			for i := range w.Agents {
				before[id][w.Agents[i].Agent.ID] = w.Agents[i].Refusal
			}
		}
		if _, err := h.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, id := range chats {
			c := h.chat(id)
			if c.Status == models.Active {
				if len(before[id]) == 0 {
					continue // by a drain in the background, before the question
				}
				assigned++
				if r := before[id][c.ServedBy()]; !r.CanTake() {
					t.Errorf("seed %d: a chat went to an agent of whom %q was said", seed, r)
				}
				continue
			}
			waited++
			w, refusals := h.why(id)
			if _, _, able := w.Count(); able > 0 {
				t.Errorf("seed %d: a chat waits although %v", seed, refusals)
			}
		}
	}
	if assigned < 20 || waited < 20 {
		t.Errorf("%d chats were assigned, and %d waited: too few to compare", assigned, waited)
	}
}

// Ten times as many agents and waiting chats take at most about ten times as long, not a hundred times.
func TestWhyIsQuickOnALargeFloor(t *testing.T) {
	t.Parallel()
	floor := func(agents, waiting int) (why func() time.Duration) {
		h := newTestDesk(t)
		h.exec(`INSERT INTO agents (id, email, name, role, password_hash, max_concurrent, load, choice)
			SELECT 'a' || n, n || '@example.com', 'Agent ' || n, 'agent', 'none', 5, 5, 'online' FROM generate_series(1, ?) n`, agents)
		h.exec(`INSERT INTO users (id) SELECT 'u' || n FROM generate_series(1, ?) n`, waiting)
		h.exec(`INSERT INTO chats (id, user_id, status, version, queued_at, user_seen_at, created_at)
			SELECT 'c' || n, 'u' || n, 'waiting', 1, now() - (?0 - n) * interval '10 ms', now(), now() FROM generate_series(1, ?0) n`, waiting)
		h.exec(`ANALYZE chats, agents`)
		return func() time.Duration {
			began := time.Now()
			w, _ := h.why(fmt.Sprintf("c%d", waiting))
			if len(w.Agents) != agents || w.Position != waiting {
				t.Fatalf("%d agents, position %d", len(w.Agents), w.Position)
			}
			return time.Since(began)
		}
	}
	onSmall := floor(20, 500)
	onLarge := floor(200, 5000)
	small, large := time.Hour, time.Hour
	for range 9 {
		small, large = min(small, onSmall()), min(large, onLarge())
	}
	t.Logf("%s and %s", small, large)
	if large > 12*small {
		t.Errorf("the answer takes %s, with a tenth of the agents and chats %s", large, small)
	}
}
