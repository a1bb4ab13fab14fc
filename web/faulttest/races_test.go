package faulttest_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// TestEverythingAtOnce combines agents who change presence, supervisors who assign and transfer by hand, users who start and end chats, and
// drains on two instances.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	bosses := []*boss{p.boss(), p.boss()}
	p.crowd(form(8, 30), form(4, 8), 2, form(100*time.Millisecond, 200*time.Millisecond))
	var agents []string
	for n, who := range p.people {
		if who.side == byAgent {
			agents = append(agents, who.id)
			if n%2 == 0 {
				p.flap(who)
			}
		}
	}
	for _, b := range bosses {
		p.meddle(b, p.openChats, agents)
	}
	pause(t.Context(), form(3*time.Second, 30*time.Second))
	p.rest()
	p.talking.Wait()
	for _, who := range p.people {
		if who.side == byAgent {
			who.be("online")
		}
	}
	p.until(10*time.Second, "no chat waits while there is capacity", func() bool {
		var idle int
		err := p.desk.DB().
			QueryRow(`SELECT least((SELECT count(*) FROM chats WHERE status = 'waiting'), (SELECT sum(max_concurrent - load) FROM agents WHERE choice = 'online'))`).
			Scan(&idle)
		return err == nil && idle == 0
	})
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
}

// flap toggles the presence of an agent.
func (p *plant) flap(who *person) {
	again := *who
	p.talking.Go(func() {
		for pause(p.load, rand.N(200*time.Millisecond)) {
			again.be([]string{"online", "away", "offline", "online"}[rand.N(4)])
		}
	})
}

// openChats reads the database directly.
func (p *plant) openChats() []string {
	var open []string
	if err := p.desk.DB().NewRaw(`SELECT id FROM chats WHERE status <> 'ended'`).Scan(p.ctx, &open); err != nil {
		return nil
	}
	return open
}

// TestEverythingTwice checks that an action requested twice at the same time, at two instances, happens once.
func TestEverythingTwice(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	p.agent("agent", models.RoleAgent, 3)
	const times = 6
	for n := range form(10, 100) {
		u := p.guest(t, n)
		chats := p.atOnce(u, times, "assign", ofUser+"/assign", map[string]any{"message": "once", "client_message_id": "ask"})
		chat := chatOf(chats[0])
		for _, a := range chats {
			if chatOf(a) != chat || chat == "" {
				t.Fatalf("asked at once: %d %s", a.status, a.body)
			}
		}
		path := ofUser + "/chats/" + chat
		created, id := 0, int64(0)
		for _, a := range p.atOnce(u, times, "send", path+"/messages", map[string]any{"content": "same", "client_message_id": "same"}) {
			var m messageBody
			a.into(&m)
			if id == 0 {
				id = m.ID
			}
			if a.status == 201 {
				created++
			} else if a.status != 200 || m.ID != id || id == 0 {
				t.Errorf("sent at once: %d %s", a.status, a.body)
			}
		}
		if created != 1 {
			t.Errorf("created %d times", created)
		}
		if a, err := u.ask(
			"send",
			"POST",
			path+"/messages",
			map[string]any{"content": "other", "client_message_id": "same"},
		); err != nil ||
			a.code != "idempotency_key_reused" {
			t.Errorf("a key for other words: %v %d %s", err, a.status, a.code)
		}
		ended := 0
		for _, a := range p.atOnce(u, times, "end", path+"/end", nil) {
			if a.status == 200 {
				ended++
			} else if a.code != "chat_ended" {
				t.Errorf("ended at once: %d %s", a.status, a.body)
			}
		}
		if ended != 1 {
			t.Errorf("ended %d times", ended)
		}
		if a, err := u.ask(
			"send",
			"POST",
			path+"/messages",
			map[string]any{"content": "same", "client_message_id": "same"},
		); err != nil ||
			a.status != 200 {
			t.Errorf("repeated after the end: %v %d %s", err, a.status, a.code)
		}
	}
	p.none(
		`SELECT 'chat ' || chat_id || ' has ' || count(*) || ' messages' FROM messages WHERE message_type = 'text' GROUP BY chat_id HAVING count(*) <> 2
		UNION SELECT 'user ' || user_id || ' has ' || count(*) || ' chats' FROM chats GROUP BY user_id HAVING count(*) <> 1`,
	)
	p.auditCheck()
}

// atOnce sends the same request a number of times concurrently, alternating between the instances.
func (p *plant) atOnce(who *caller, times int, kind, path string, in any) []answer {
	p.t.Helper()
	answers := make([]answer, times)
	var ready, done sync.WaitGroup
	ready.Add(1)
	for n := range times {
		c := *who
		c.at += n
		done.Go(func() {
			ready.Wait()
			a, err := c.ask(kind, "POST", path, in)
			if err != nil {
				p.t.Error(err)
			}
			answers[n] = a
		})
	}
	ready.Done()
	done.Wait()
	return answers
}

// TestEndAgainstSend sends and ends concurrently: acknowledged messages are stored, and none comes after the end.
func TestEndAgainstSend(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	agent := p.agent("agent", models.RoleAgent, 50)
	for n := range form(15, 150) {
		user := &person{caller: *p.guest(t, n), name: fmt.Sprintf("user%d", n), side: byUser, base: ofUser}
		chat, ok := user.open()
		if !ok {
			t.Fatal("no chat")
		}
		both := []*person{user, agent}
		var done sync.WaitGroup
		for _, who := range both {
			for i := range 3 {
				voice := *who
				voice.at += i
				done.Go(func() {
					for k := range 4 {
						if !voice.say(chat, fmt.Sprintf("%s-%d-%d-%d", voice.name, n, i, k), "words") {
							return
						}
					}
				})
			}
		}
		ender := *both[n%2]
		done.Go(func() {
			pause(t.Context(), rand.N(30*time.Millisecond))
			ender.end(chat)
		})
		done.Wait()
	}
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
}
