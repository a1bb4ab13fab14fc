package faulttest_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models/testdb"
)

// TestThePrimaryIsLost loses the primary of a pair under load, promotes the standby after half a minute, and reports what an operator sees
// and for how long. The figures of docs/operations.md are those of the long form.
func TestThePrimaryIsLost(t *testing.T) {
	t.Parallel()
	if !long {
		t.Skip("the long form measures an outage; TestNothingAcknowledgedIsMissingOnTheStandby fails over in the short one")
	}
	for name, lose := range map[string]func(*testdb.Pair) error{
		"killed": func(pair *testdb.Pair) error { return pair.Primary.Kill() },
		// As when its disk does not answer: connections stay open, and new ones are accepted.
		"hangs": func(pair *testdb.Pair) error { return pair.Primary.Pause() },
	} {
		t.Run(name, func(t *testing.T) {
			pair := testdb.PostgresPair(t)
			p := newPlantOn(t, pair.Primary)
			p.crowd(12, 5, 2, 200*time.Millisecond)
			p.more(t, 50)
			before := p.connections()

			p.must(lose(pair))
			lost := time.Now()
			after := func(within time.Duration, what string, done func() bool) time.Duration {
				t.Helper()
				p.until(within, what, done)
				return time.Since(lost).Round(100 * time.Millisecond)
			}
			notReady := after(
				20*time.Second,
				"it is not ready",
				func() bool { return p.instances[0].ready() == http.StatusServiceUnavailable },
			)
			down := after(20*time.Second, "the metric says so",
				func() bool { return strings.Contains(p.read(t, "/metrics"), "\nparley_database_up 0\n") })
			said := p.read(t, "/readyz")
			pause(t.Context(), 30*time.Second-time.Since(lost))

			p.must(pair.Promote(t.Context()))
			promoted := time.Now()
			ready := func() time.Duration {
				p.until(time.Minute, "it is ready again", func() bool { return p.instances[0].ready() == http.StatusOK })
				return time.Since(promoted).Round(100 * time.Millisecond)
			}()
			p.more(t, 100)
			first, last := p.firstAckAfter(promoted), p.lastAckBefore(lost)
			for _, a := range p.ledger.allAcks() {
				if a.at.After(lost.Add(time.Second)) && a.at.Before(promoted) {
					t.Errorf("%s was acknowledged while no server took writes", a.key)
				}
			}
			p.must(pair.Primary.Kill()) // what hung must not come back as a second primary
			p.settle()
			p.audit()
			t.Logf("after the loss: not ready in %s (%s), parley_database_up 0 in %s", notReady, strings.TrimSpace(said), down)
			t.Logf("after the promotion: first send in %s, ready in %s; no send for %s",
				first.Sub(promoted).Round(100*time.Millisecond), ready, first.Sub(last).Round(100*time.Millisecond))
			if took := first.Sub(promoted); took > 10*time.Second {
				t.Errorf("the first send after the promotion took %s", took)
			}
			t.Logf("%d of %d streams were opened again", p.connections()-before, len(p.people))
			t.Logf("the log of instance 0 says: %s", slices.Sorted(maps.Keys(p.instances[0].warnings())))
		})
	}
}

func (p *plant) firstAckAfter(t time.Time) (first time.Time) {
	for _, a := range p.ledger.allAcks() {
		if a.at.After(t) && (first.IsZero() || a.at.Before(first)) {
			first = a.at
		}
	}
	return first
}

func (p *plant) lastAckBefore(t time.Time) (last time.Time) {
	for _, a := range p.ledger.allAcks() {
		if a.at.Before(t) && a.at.After(last) {
			last = a.at
		}
	}
	return last
}
