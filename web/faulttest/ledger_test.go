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

// call is one request that somebody made.
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
}

// heard is a message that came over a stream.
type heard struct {
	at                       time.Time
	conn                     int // the connections of a stream are counted
	id                       int64
	chat, side, key, content string
}

// ledger is what the clients know, to be held against the database.
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

// span is a stretch of time; a zero end has not come yet.
type span struct{ from, to time.Time }

func (s span) holds(t time.Time) bool {
	return !t.Before(s.from) && (s.to.IsZero() || t.Before(s.to))
}

// during returns the calls that began in a stretch of time, of one kind or, for "", of all.
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

// complaints are things found wrong, each with how often.
type complaints map[string]int

func (c complaints) add(format string, args ...any) { c[fmt.Sprintf(format, args...)]++ }

// report says the first dozen.
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
