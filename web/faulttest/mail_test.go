package faulttest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/web/mail/mailtest"
)

// TestMailFaults lets users and agents correspond by e-mail while the mail server, Redis and the processes fail. No answer and no reply is
// lost, and none is there twice.
func TestMailFaults(t *testing.T) {
	t.Parallel()
	m := newPost(t)
	users := form(6, 24)
	m.correspond(users, form(3, 6))
	m.until(time.Minute, "people correspond", func() bool { return m.taken() >= users })

	for round := range form(1, 4) {
		m.withoutMailServer(round)
		m.withoutRedis()
		m.killedBeforeSending(users)
		m.killedWhileReceiving(form(4, 12))
	}
	m.settle()
	m.audit()
	m.auditMail()
}

// withoutMailServer stops the mail server until attempts have failed. The users who correspond may all wait for a mail by then, so another
// one leaves a message, which an agent answers.
func (m *post) withoutMailServer(round int) {
	m.t.Helper()
	m.server.Stop()
	acked := len(m.ledger.allAcks())
	m.write(fmt.Sprintf("another%d", round))
	m.until(time.Minute, "attempts fail and people go on", func() bool {
		return m.count(`SELECT count(*) FROM outgoing_mails WHERE error = 'unreachable'`) > 0 && len(m.ledger.allAcks()) > acked+1
	})
	pause(m.t.Context(), form(time.Second, 20*time.Second))
	m.server.Restart()
	m.goesOn()
}

// withoutRedis ends Redis until mails were sent without it.
func (m *post) withoutRedis() {
	m.t.Helper()
	m.must(m.redis.Kill())
	m.goesOn()
	pause(m.t.Context(), form(0, 20*time.Second))
	m.must(m.redis.Start(m.t.Context()))
	m.goesOn()
}

// goesOn waits until more answers were mailed and more replies taken.
func (m *post) goesOn() {
	m.t.Helper()
	answers, taken := m.answers(), m.taken()
	m.until(time.Minute, "the correspondence goes on", func() bool { return m.answers() > answers+2 && m.taken() > taken+2 })
}

// killedBeforeSending kills both instances while answers are stored and not mailed yet.
func (m *post) killedBeforeSending(users int) {
	m.t.Helper()
	m.held.Store(true)
	const waiting = `SELECT count(*) FROM outgoing_mails WHERE state = 'pending' AND kind = 'answer' AND due_at > clock_timestamp()`
	m.until(time.Minute, "answers wait to be mailed", func() bool { return m.count(waiting) >= users/2 })
	for _, i := range m.instances {
		i.kill()
	}
	if n := m.count(waiting); n < users/2 {
		m.t.Errorf("%d answers wait, so the kill came too late", n)
	}
	for _, i := range m.instances {
		i.start()
	}
	m.held.Store(false)
	m.goesOn()
}

// killedWhileReceiving kills one instance after the other while mails come in, and leaves each dead for a moment.
func (m *post) killedWhileReceiving(kills int) {
	m.t.Helper()
	for n := range kills {
		taken := m.taken()
		m.until(time.Minute, "replies come in", func() bool { return m.taken() > taken })
		i := m.instances[n%len(m.instances)]
		i.kill()
		pause(m.t.Context(), form(300*time.Millisecond, 3*time.Second))
		i.start()
	}
	m.goesOn()
}

// TestAMailTakenBeforeItsSenderDied kills the sender after the mail server has the whole mail and before its answer. No protocol can tell
// whether such a mail was taken, so it is sent again: as the same mail, with the same Message-ID and the same answers.
func TestAMailTakenBeforeItsSenderDied(t *testing.T) {
	t.Parallel()
	m := newPost(t)
	who := m.agent("anna", models.RoleAgent, 2)
	m.write("maria")
	m.rest() // no replies
	got := <-who.inbox
	m.until(time.Minute, "the confirmation is sent", func() bool { return len(m.mails()) == 1 })
	here, answer := make(chan struct{}, 10), make(chan struct{})
	m.server.Change(func(h *mailtest.Hooks) {
		h.OnData, h.Silent = func() error { here <- struct{}{}; return nil }, answer
	})
	if !who.say(got.ChatID, "re-1", "It is on its way.") {
		t.Fatal("no answer")
	}
	<-here
	for _, i := range m.instances {
		i.kill()
	}
	close(answer)
	m.until(10*time.Second, "the mail is taken", func() bool { return m.answers() == 1 })
	if n := m.count(`SELECT count(*) FROM outgoing_mails WHERE kind = 'answer' AND state = 'sending' AND attempts = 1`); n != 1 {
		t.Fatalf("%d mails are being sent", n)
	}
	for _, i := range m.instances {
		i.start()
	}
	if !who.say(got.ChatID, "re-2", "It arrives on Friday.") {
		t.Fatal("no second answer")
	}
	m.until(time.Minute, "the mails are sent", func() bool { return m.answers() == 3 })
	copies := map[mail]int{}
	for _, one := range m.mails()[1:] {
		copies[one]++
	}
	if first := m.mails()[1]; len(copies) != 2 || copies[first] != 2 || !strings.Contains(first.text, "on its way") {
		t.Errorf("the mails are %+v", copies)
	}
	m.settle()
	m.audit()
	m.auditMail()
}
