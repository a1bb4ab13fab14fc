package live

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// heartbeats stores when users, or agents, were last active. One who was not active for a while is stored at once, so that
// they count as present again; everyone else is stored in batches, so that a thousand streams are one statement every few
// seconds.
type heartbeats struct {
	report func(context.Context, []string) error // stores them
	every  func() time.Duration                  // the present setting
	defers bool                                  // what is recorded within `every` of a report is part of the next one
	wake   chan struct{}                         // holds at most one

	mu         sync.Mutex
	unreported map[string]bool
	reportedAt map[string]time.Time
	prunedAt   time.Time
}

func newHeartbeats(report func(context.Context, []string) error, every func() time.Duration) *heartbeats {
	return &heartbeats{
		report: report, every: every, wake: make(chan struct{}, 1),
		unreported: map[string]bool{}, reportedAt: map[string]time.Time{},
	}
}

// record counts an id as active now. Within `every` of the last report it does nothing, or leaves it to the next report.
// It never waits.
func (b *heartbeats) record(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unreported[id] {
		return
	}
	if time.Since(b.reportedAt[id]) < b.every() {
		if b.defers {
			b.unreported[id] = true
		}
		return
	}
	b.unreported[id] = true
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// run reports until the context ends. Every id of present counts as active: they hold a stream.
func (b *heartbeats) run(ctx context.Context, log *slog.Logger, present func() []string) {
	for {
		t := time.NewTimer(b.every())
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-b.wake:
			t.Stop()
		case <-t.C:
		}
		ids := b.due(present())
		if len(ids) == 0 {
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, queryTime)
		err := b.report(bounded, ids)
		cancel()
		if err != nil && ctx.Err() == nil {
			log.Warn("heartbeats not stored", "people", len(ids), "error", err)
			b.retry(ids)
			sleep(ctx, retryAfter)
		}
	}
}

// due returns the ids to report now, and counts them as reported. Those with a stream are due a little early, so that one
// report has all of them.
func (b *heartbeats) due(present []string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, soon := time.Now(), b.every()*3/4
	b.prune(now)
	for _, id := range present {
		if now.Sub(b.reportedAt[id]) >= soon {
			b.unreported[id] = true
		}
	}
	ids := make([]string, 0, len(b.unreported))
	for id := range b.unreported {
		ids = append(ids, id)
		b.reportedAt[id] = now
	}
	clear(b.unreported)
	return ids
}

// retry makes ids of a failed report part of the next one.
func (b *heartbeats) retry(ids []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		b.unreported[id] = true
	}
}

// prune removes ids that were not active for a while. The caller holds mu.
func (b *heartbeats) prune(now time.Time) {
	if now.Sub(b.prunedAt) < b.every() {
		return
	}
	b.prunedAt = now
	for id, at := range b.reportedAt {
		if now.Sub(at) > 2*b.every() {
			delete(b.reportedAt, id)
		}
	}
}
