package models_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// talks are the chats of many users with the same agent.
func talks(t *testing.T, many int) (h *testDesk, users []models.Actor, chats []string) {
	t.Helper()
	h = newTestDesk(t)
	h.agent("anna", many)
	for i := range many {
		id := fmt.Sprint("u", i)
		chats = append(chats, h.ask(id).Chat.ID)
		users = append(users, models.UserActor(id))
	}
	return h, users, chats
}

// TestALockedChatDoesNotDelayOthers checks that messages of other chats do not wait for a locked chat, and that its own
// message is stored once the lock is released.
func TestALockedChatDoesNotDelayOthers(t *testing.T) {
	t.Parallel()
	h, users, chats := talks(t, 6)
	held, err := h.DB().BeginTx(t.Context(), nil)
	h.must(err)
	_, err = held.NewRaw(`SELECT FROM chats WHERE id = ? FOR UPDATE`, chats[0]).Exec(t.Context())
	h.must(err)
	var waits, goes sync.WaitGroup
	for i := range 3 {
		waits.Go(func() { h.send(users[0], chats[0], fmt.Sprint("held ", i)) })
	}
	for waiting := 0; waiting == 0; { // the first of them is being stored
		h.must(
			h.DB().
				NewRaw(`SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`).
				Scan(t.Context(), &waiting),
		)
	}
	for i := 1; i < len(chats); i++ {
		for n := range 10 {
			goes.Go(func() { h.send(users[i], chats[i], fmt.Sprint(n)) })
		}
	}
	began := time.Now()
	goes.Wait()
	if took := time.Since(began); took > 3*time.Second { // the lock timeout is 4 s
		t.Errorf("the others waited %s", took)
	}
	h.must(held.Rollback())
	waits.Wait()
	if c := h.chat(chats[0]); c.UnreadByAgent != 3 {
		t.Errorf("%d of 3 were stored in the chat that was held", c.UnreadByAgent)
	}
	if found := h.found(); len(found) != 0 {
		t.Errorf("afterwards: %v", found)
	}
}

// A message that PostgreSQL refuses and one that was sent before do not prevent the others in the batch.
func TestWhatCannotBeStoredIsRefusedAlone(t *testing.T) {
	t.Parallel()
	h, users, chats := talks(t, 20)
	h.exec(`CREATE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$`)
	h.exec(`CREATE TRIGGER poisoned BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.content = 'poison') EXECUTE FUNCTION poisoned()`)
	var all sync.WaitGroup
	for i, u := range users {
		for n := range 6 {
			all.Go(func() {
				key := fmt.Sprint("key ", n%3) // each is sent twice
				content := fmt.Sprint("said ", n%3)
				if i == 7 && n%3 == 1 {
					content = "poison"
				}
				m, _, err := h.Send(t.Context(), u, chats[i], models.NewMessage{Content: content, ClientMessageID: key})
				if content == "poison" {
					if models.CodeOf(err) != "internal_error" {
						t.Errorf("poison: %v", err)
					}
				} else if err != nil || m.Content != content {
					t.Errorf("user %d, message %d: %v", i, n, err)
				}
			})
		}
	}
	all.Wait()
	for i, id := range chats {
		want := 3
		if i == 7 {
			want = 2
		}
		if c := h.chat(id); c.UnreadByAgent != want {
			t.Errorf("chat %d has %d messages of the user, want %d", i, c.UnreadByAgent, want)
		}
	}
	if found := h.found(); len(found) != 0 {
		t.Errorf("afterwards: %v", found)
	}
}

// Messages of both sides share a statement, which keeps the rules of each sender.
func TestMessagesOfBothSidesShareAStatement(t *testing.T) {
	t.Parallel()
	h, users, chats := talks(t, 12)
	agent, err := h.AgentByID(t.Context(), *h.chat(chats[0]).AgentID)
	h.must(err)
	anna, stranger, boss := models.AgentActor(agent), h.agent("stranger", 1), h.staff("boss", models.RoleSupervisor)
	for i, id := range chats {
		if i%2 == 0 {
			_, err := h.JoinChat(t.Context(), boss, id)
			h.must(err)
		}
	}
	// Someone who was a supervisor has joined, and may not write any more.
	h.exec(`UPDATE chats SET joined_ids = array_append(joined_ids, ?)`, stranger.ID)
	sends := func(actor models.Actor, chat, want string) func() {
		return func() {
			_, _, err := h.Send(t.Context(), actor, chat, models.NewMessage{Content: "said by " + actor.ID})
			if want == "" && err != nil || want != "" && models.CodeOf(err) != want {
				t.Errorf("%s in %s: %v, want %q", actor.ID, chat, err, want)
			}
		}
	}
	isShared := func() (shared bool) {
		h.must(h.DB().NewRaw(`SELECT EXISTS (SELECT FROM messages WHERE sender_type <> 'system'
			GROUP BY xmin::text HAVING count(DISTINCT sender_type) > 1)`).Scan(t.Context(), &shared))
		return shared
	}
	rounds := 0
	for ; rounds < 50 && !isShared(); rounds++ {
		var all sync.WaitGroup
		for i, id := range chats {
			all.Go(sends(users[i], id, ""))
			all.Go(sends(anna, id, ""))
			all.Go(sends(users[(i+1)%len(users)], id, "chat_not_found"))
			all.Go(sends(stranger, id, "chat_not_found"))
			if i%2 == 0 {
				all.Go(sends(boss, id, ""))
			}
		}
		all.Wait()
	}
	if !isShared() {
		t.Fatal("no statement has stored messages of both sides")
	}
	for i, id := range chats {
		byAgents := rounds
		if i%2 == 0 {
			byAgents += rounds
		}
		if c := h.chat(id); c.UnreadByAgent != rounds || c.UnreadByUser != byAgents {
			t.Errorf("chat %d: %d of %d of the user, %d of %d of agents", i, c.UnreadByAgent, rounds, c.UnreadByUser, byAgents)
		}
	}
	h.consistent()
}
