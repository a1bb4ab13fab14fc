package faulttest_test

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

var quiet = slog.New(slog.DiscardHandler)

// call is one request of a client.
type call struct {
	instance   int
	kind       string // what it is for: send, assign, sign-in, …
	began      time.Time
	took       time.Duration
	status     int // 0 when there was no answer
	code       string
	retryAfter string
}

func (c call) failed() bool { return c.status >= 500 }

// ack is a send that was answered.
type ack struct {
	chat, side, sender, key, content string
	id                               int64
	at                               time.Time
	tries                            int // how often it was sent
	instance                         int // that answered
}

// heard is a message received on a stream.
type heard struct {
	at                       time.Time
	conn                     int // the connections of a stream are counted
	instance                 int
	id                       int64
	chat, side, key, content string
}

// ledger records what the clients sent and received, for comparison with the database.
type ledger struct {
	mu    sync.Mutex
	calls []call
	acks  []ack
}

func (l *ledger) called(c call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, c)
}

func (l *ledger) acked(a ack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acks = append(l.acks, a)
}

func (l *ledger) allAcks() []ack {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.acks)
}

// span is a period of time; a zero end means that it has not ended.
type span struct{ from, to time.Time }

func (s span) holds(t time.Time) bool {
	return !t.Before(s.from) && (s.to.IsZero() || t.Before(s.to))
}

// during returns the calls that began in a period, of one kind or, for "", of all kinds.
func (l *ledger) during(s span, kind string) []call {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []call
	for _, c := range l.calls {
		if s.holds(c.began) && (kind == "" || c.kind == kind) {
			found = append(found, c)
		}
	}
	return found
}

// complaints are violations with their count.
type complaints map[string]int

func (c complaints) add(format string, args ...any) { c[fmt.Sprintf(format, args...)]++ }

// report prints the first dozen.
func (c complaints) report(t *testing.T) {
	t.Helper()
	all := slices.Sorted(maps.Keys(c))
	for _, what := range all[:min(12, len(all))] {
		t.Errorf("%d times: %s", c[what], what)
	}
	if len(all) > 12 {
		t.Errorf("and %d more like these", len(all)-12)
	}
}
