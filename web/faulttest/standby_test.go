package faulttest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/models/testdb"
)

// TestNothingAcknowledgedIsMissingOnTheStandby loses the synchronous standby under load, then the primary, and promotes the standby.
// While commits wait for it, clients repeat what was not answered. What a client was told is stored must be there afterwards: a
// repeated send finds its row on the primary, where it was committed when the first attempt gave up, but not yet on the standby.
func TestNothingAcknowledgedIsMissingOnTheStandby(t *testing.T) {
	t.Parallel()
	pair := testdb.PostgresPair(t)
	p := newPlantOn(t, pair.Primary)
	p.crowd(form(6, 20), form(3, 8), 2, form(100*time.Millisecond, 200*time.Millisecond))
	p.until(20*time.Second, "people talk", func() bool { return len(p.ledger.allAcks()) > 20 })

	p.must(pair.Standby.Kill()) // a paused one would still have received what is on its way
	since := time.Now()
	p.until(10*time.Second, "an instance is not ready", func() bool { return p.instances[0].ready() == http.StatusServiceUnavailable })
	if got := p.read(t, "/readyz"); !strings.Contains(got, `"writes":"stuck"`) {
		t.Errorf("readyz does not say that commits hang: %s", got)
	}
	if got := p.read(t, "/metrics"); !strings.Contains(got, "parley_write_check_failures_total") ||
		strings.Contains(got, "parley_write_check_failures_total 0\n") {
		t.Error("the metric does not count the writes that did not come through")
	}
	// Long enough for a send to give up, to be repeated, and for every stream to be compared with PostgreSQL, every 15 s. What the primary
	// alone has may not be heard then.
	pause(t.Context(), form(22*time.Second, 30*time.Second)-time.Since(since))
	p.must(pair.Primary.Kill())
	p.must(pair.Standby.Start(t.Context()))
	p.must(pair.Promote(t.Context()))

	before := len(p.ledger.allAcks())
	p.until(30*time.Second, "people talk again", func() bool { return len(p.ledger.allAcks()) > before+20 })
	p.settle()
	p.audit()
}

// read returns what the first instance serves at a path.
func (p *plant) read(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.instances[0].url+path, http.NoBody)
	p.must(err)
	res, err := transport.RoundTrip(req)
	p.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	p.must(err)
	return string(body)
}
