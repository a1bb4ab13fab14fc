package faulttest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"parley/models"
)

const (
	ofUser  = "/user/customer-service"
	ofAgent = "/customer-service"
	byUser  = "user"
	byAgent = "customer_service"
)

// secretWord is part of every message, so that a test can search for it where it must not be.
const secretWord = "quincunx"

// person is a user or an agent, who sends requests to one instance and has a stream at another.
type person struct {
	caller
	name   string
	side   string
	base   string // of the paths
	spoken int
	stream *listener   // the one that the conversation uses
	tabs   []*listener // further streams of the same user or agent
	inbox  chan messageBody
}

func (p *plant) newPerson(name, side, base, id, token string, at int) *person {
	who := &person{
		caller: caller{plant: p, id: id, token: token, at: at},
		name:   name,
		side:   side,
		base:   base,
		inbox:  make(chan messageBody, 10_000),
	}
	who.stream = &listener{
		plant: p,
		name:  name,
		path:  base + "/events",
		token: token,
		at:    at + 1,
		back:  200 * time.Millisecond,
		hear:  who.hear,
	}
	p.people = append(p.people, who)
	p.work.Go(func() { who.stream.run(p.ctx) })
	return who
}

// tab opens one more stream.
func (who *person) tab(at int, change func(*listener)) *listener {
	l := &listener{
		plant: who.plant, name: fmt.Sprintf("%s, tab %d", who.name, len(who.tabs)), path: who.base + "/events", token: who.token,
		at: at, back: 200 * time.Millisecond,
	}
	if change != nil {
		change(l)
	}
	who.tabs = append(who.tabs, l)
	who.plant.work.Go(func() { l.run(who.plant.ctx) })
	return l
}

// streams returns all streams of the person.
func (who *person) streams() []*listener { return append([]*listener{who.stream}, who.tabs...) }

// hear records the messages of the other side.
func (who *person) hear(e event) {
	var m messageBody
	if e.name != "message" || json.Unmarshal(e.data, &m) != nil || m.SenderType == who.side || m.SenderType == "system" {
		return
	}
	select {
	case who.inbox <- m:
	default:
	}
}

// user adds an anonymous user.
func (p *plant) user(name string) *person {
	p.t.Helper()
	c := p.guest(p.t, len(p.people))
	return p.newPerson(name, byUser, ofUser, c.id, c.token, c.at)
}

var root = models.Actor{Kind: models.KindAgent, ID: "root", Role: models.RoleAdmin}

// account adds an agent who is not signed in.
func (p *plant) account(name string, role models.Role, room int) *models.Agent {
	p.t.Helper()
	account := models.NewAgent{Email: name + "@example.com", Name: name, Password: password, Role: role, MaxConcurrent: room}
	if p.addAgent != nil {
		return &models.Agent{ID: p.addAgent(account)}
	}
	a, err := p.desk.AddAgent(p.t.Context(), root, account)
	p.must(err)
	return a
}

// signIn opens a session for an account, through an instance.
func (p *plant) signIn(name string, at int) (token string, err error) {
	c := caller{plant: p, at: at}
	a, err := c.ask("sign-in", "POST", ofAgent+"/login", map[string]any{"email": name + "@example.com", "password": password})
	var got struct {
		Token string `json:"token"`
	}
	a.into(&got)
	if err == nil && got.Token == "" {
		err = fmt.Errorf("%s cannot sign in: %d %s", name, a.status, a.code)
	}
	return got.Token, err
}

// agent adds an agent who is signed in, listens and is online.
func (p *plant) agent(name string, role models.Role, room int) *person {
	p.t.Helper()
	account := p.account(name, role, room)
	at := len(p.people)
	token, err := p.signIn(name, at)
	p.must(err)
	who := p.newPerson(name, byAgent, ofAgent, account.ID, token, at)
	who.be("online")
	return who
}

// be sets a presence.
func (who *person) be(presence string) {
	who.plant.t.Helper()
	if a, err := who.ask("presence", "POST", who.base+"/"+presence, nil); err != nil || a.status != 200 {
		who.plant.t.Errorf("%s cannot be %s: %v %d %s", who.name, presence, err, a.status, a.code)
	}
}

// open asks for help and returns the chat.
func (who *person) open() (chat string, ok bool) {
	a, err := who.ask("assign", "POST", ofUser+"/assign", nil)
	var got struct {
		Chat struct {
			ID string `json:"chat_id"`
		} `json:"chat"`
		Queue struct {
			ID string `json:"chat_id"`
		} `json:"queue_status"`
	}
	a.into(&got)
	chat = cmp.Or(got.Chat.ID, got.Queue.ID)
	if err != nil || a.status != 200 || chat == "" {
		if a.code != "chat_ended" { // it has just ended: try again
			who.plant.t.Errorf("%s is not helped: %v %d %s", who.name, err, a.status, a.body)
		}
		return "", false
	}
	return chat, true
}

// say sends a message with a key, repeats it until there is a response, and records it. It reports whether the message was accepted.
func (who *person) say(chat, key, words string) bool {
	words = words + " " + secretWord
	a, err := who.ask("send", "POST", who.base+"/chats/"+chat+"/messages", map[string]any{"content": words, "client_message_id": key})
	var m messageBody
	a.into(&m)
	switch {
	case err == nil && (a.status == 200 || a.status == 201):
		who.plant.ledger.acked(
			ack{
				chat: chat, side: who.side, sender: who.id, key: key, content: words, id: m.ID, at: time.Now(), tries: a.tries,
				instance: who.at % len(who.plant.instances),
			},
		)
		return true
	case err == nil && (a.code == "chat_ended" || a.code == "chat_not_found" && who.side == byAgent): // the chat ended, or is another's
		return false
	}
	who.plant.t.Errorf("%s could not say %s: %v %d %s", who.name, key, err, a.status, a.code)
	return false
}

func (who *person) next() string {
	who.spoken++
	return fmt.Sprintf("%s-%d", who.name, who.spoken)
}

// confirm confirms the other side's messages as delivered or read.
func (who *person) confirm(chat, what string, upTo int64) {
	a, err := who.ask("confirm", "POST", who.base+"/chats/"+chat+"/"+what, map[string]any{"up_to": upTo})
	if err != nil || a.status != 200 && (a.code != "chat_not_found" || who.side == byUser) {
		who.plant.t.Errorf("%s could not confirm: %v %d %s", who.name, err, a.status, a.code)
	}
}

// end ends the chat, which may have ended before: the answer to the first try may have been lost.
func (who *person) end(chat string) {
	a, err := who.ask("end", "POST", who.base+"/chats/"+chat+"/end", nil)
	if err != nil || a.status != 200 && a.code != "chat_ended" {
		who.plant.t.Errorf("%s could not end the chat: %v %d %s", who.name, err, a.status, a.code)
	}
}

// converse runs the conversations of a user: start a chat, write, wait for a reply, write more, end, and repeat.
func (p *plant) converse(who *person, lines int, pace time.Duration) {
	p.talking.Go(func() {
		for p.load.Err() == nil {
			chat, ok := who.open()
			if !ok {
				continue
			}
			key := who.next()
			if who.say(chat, key, "help "+key) {
				who.awaitAnswer(chat)
			}
			for range lines {
				key := who.next()
				if p.load.Err() != nil || !who.say(chat, key, "more "+key) {
					break
				}
				pause(p.load, pace/2+rand.N(pace))
			}
			if p.load.Err() == nil {
				who.end(chat)
			}
		}
	})
}

// awaitAnswer waits for a message of the agent and confirms some of them.
func (who *person) awaitAnswer(chat string) {
	for {
		select {
		case <-who.plant.load.Done():
			return
		case m := <-who.inbox:
			if m.ID%3 == 0 {
				who.confirm(m.ChatID, "mark-read", m.ID)
			}
			if m.ChatID == chat {
				return
			}
		}
	}
}

// serve runs the conversations of an agent: every message is answered once, with a key derived from it, even if it arrives repeatedly.
func (p *plant) serve(who *person) {
	p.talking.Go(func() {
		for {
			select {
			case <-p.load.Done():
				return
			case m := <-who.inbox:
				if m.ID%3 == 0 {
					who.confirm(m.ChatID, "mark-delivered", m.ID)
				}
				who.say(m.ChatID, fmt.Sprintf("re-%s-%d", who.name, m.ID), fmt.Sprintf("to %d", m.ID))
				if m.ID%2 == 0 {
					who.confirm(m.ChatID, "mark-read", m.ID)
				}
			}
		}
	})
}

// crowd lets users chat with agents. The capacity is lower than the number of users, so that some wait.
func (p *plant) crowd(users, agents, room int, pace time.Duration) {
	p.t.Helper()
	for i := range agents {
		p.serve(p.agent(fmt.Sprintf("agent%d", i), models.RoleAgent, room))
	}
	for i := range users {
		p.converse(p.user(fmt.Sprintf("user%d", i)), 4, pace)
	}
}
