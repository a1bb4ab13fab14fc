package faulttest_test

import (
	"context"
	"testing"
	"time"
)

// patience is how long these clients wait for a response before they retry: less than the pause of PostgreSQL.
const patience = 2 * time.Second

// TestStalledCommitsAreHeard pauses PostgreSQL for 6 s under load, so that senders give up and retry. What was committed without a
// response must be on the other side's open stream within 2 s after PostgreSQL works again or the retry is answered. No stream
// reconnects, and the delivery does not depend on the check of all streams every 15 s.
func TestStalledCommitsAreHeard(t *testing.T) {
	t.Parallel()
	p := newPlant(t, func(p *plant) { p.patience = patience })
	p.crowd(form(12, 20), form(6, 8), 2, 60*time.Millisecond)
	p.until(20*time.Second, "people talk", func() bool { return len(p.ledger.allAcks()) > 60 })
	another := p.user("another")
	chat, ok := another.open()
	if !ok {
		t.Fatal("another user does not get a chat")
	}
	p.until(10*time.Second, "all streams are open", p.allListen)
	connections := p.connections()

	p.must(p.postgres.Pause())
	stopped := time.Now()
	// All others may be starting or ending a chat just now.
	p.talking.Go(func() { another.say(chat, another.next(), "while PostgreSQL is away") })
	pause(t.Context(), 6*time.Second)
	p.must(p.postgres.Resume())
	works := p.worksAgain()
	before := len(p.ledger.allAcks())
	p.until(20*time.Second, "people talk again", func() bool { return len(p.ledger.allAcks()) > before+60 })
	p.settle()
	if now := p.connections(); now != connections {
		t.Errorf("streams were opened again: %d connections before, %d after", connections, now)
	}
	p.heardAfter(t, stopped, works, 2*time.Second)
	p.audit()
}

// worksAgain waits until PostgreSQL accepts new connections at its normal speed: it first has to process all those that were opened and
// abandoned during the pause.
func (p *plant) worksAgain() time.Time {
	p.t.Helper()
	resumed, quick := time.Now(), 0
	p.until(30*time.Second, "PostgreSQL takes connections", func() bool {
		began := time.Now()
		conn, err := p.connect(p.ctx)
		if err != nil {
			return false
		}
		_ = conn.Close(context.Background())
		if quick++; time.Since(began) > 300*time.Millisecond {
			quick = 0
		}
		return quick == 3
	})
	works := time.Now()
	p.t.Logf("PostgreSQL works again %s after it went on", works.Sub(resumed).Round(time.Millisecond))
	return works
}

// heardAfter checks for every stored message of that period that the stream of the other side received it within the limit after
// PostgreSQL worked again or the sender got a response.
func (p *plant) heardAfter(t *testing.T, stopped, works time.Time, limit time.Duration) {
	t.Helper()
	heardAt := map[int64]time.Time{}
	for _, who := range p.people {
		who.stream.mu.Lock()
		for _, h := range who.stream.messages {
			if at, known := heardAt[h.id]; h.side != who.side && (!known || h.at.Before(at)) {
				heardAt[h.id] = h.at
			}
		}
		who.stream.mu.Unlock()
	}
	var worst time.Duration
	n, retried, wrong := 0, 0, complaints{}
	assigned, hearer := p.assignments(), map[string]string{byUser: byAgent, byAgent: byUser}
	for _, a := range p.ledger.allAcks() {
		if a.at.Before(stopped) || a.at.After(works.Add(15*time.Second)) {
			continue
		}
		since := assigned.dueAt(a, hearer[a.side])
		if since.Before(works) {
			since = works
		}
		if a.tries > 1 {
			retried++
		}
		at, heard := heardAt[a.id]
		if !heard { // the chat moved to another agent, whose stream settle has compared with the stored messages
			continue
		}
		n++
		took := at.Sub(since)
		worst = max(worst, took)
		if slack := p.meter.slack(since, at, 8); took > limit+slack {
			wrong.add("message %d, sent %d times, was heard %s after that, on a machine that is slow by %s", a.id, a.tries, took, slack)
		}
	}
	wrong.report(t)
	t.Logf("%d messages heard, %d of them sent again, the slowest after %s", n, retried, worst)
	if retried == 0 {
		t.Error("nobody gave up and sent again")
	}
}
