package live

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// heartbeats reports who was seen: whoever returns at once, and everybody else in batches, so that a thousand streams are
// one statement every few seconds.
type heartbeats struct {
	report func(context.Context, []string) error
	every  func() time.Duration
	wake   chan struct{}

	mu         sync.Mutex
	unreported map[string]bool
	reportedAt map[string]time.Time
	swept      time.Time
}

func newHeartbeats(report func(context.Context, []string) error, every func() time.Duration) *heartbeats {
	return &heartbeats{report: report, every: every, wake: make(chan struct{}, 1), unreported: map[string]bool{}, reportedAt: map[string]time.Time{}}
}

func (s *heartbeats) record(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unreported[id] || time.Since(s.reportedAt[id]) < s.every() {
		return
	}
	s.unreported[id] = true
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *heartbeats) run(ctx context.Context, log *slog.Logger, present func() []string) {
	for {
		t := time.NewTimer(s.every())
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-s.wake:
			t.Stop()
		case <-t.C:
		}
		ids := s.due(present())
		if len(ids) == 0 {
			continue
		}
		asked, cancel := context.WithTimeout(ctx, queryTime)
		err := s.report(asked, ids)
		cancel()
		if err != nil && ctx.Err() == nil {
			log.Warn("heartbeats not stored", "people", len(ids), "error", err)
			s.retry(ids)
			wait(ctx, time.Second)
		}
	}
}

// due returns whom to report now, and takes them as reported. Those who hold a stream are due a little early, so that one
// beat reports them all.
func (s *heartbeats) due(present []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, soon := time.Now(), s.every()*3/4
	s.prune(now)
	for _, id := range present {
		if now.Sub(s.reportedAt[id]) >= soon {
			s.unreported[id] = true
		}
	}
	ids := make([]string, 0, len(s.unreported))
	for id := range s.unreported {
		ids = append(ids, id)
		s.reportedAt[id] = now
	}
	clear(s.unreported)
	return ids
}

func (s *heartbeats) retry(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.unreported[id] = true
	}
}

// prune drops whoever was not seen for a while. The caller holds mu.
func (s *heartbeats) prune(now time.Time) {
	if now.Sub(s.swept) < s.every() {
		return
	}
	s.swept = now
	for id, at := range s.reportedAt {
		if now.Sub(at) > 2*s.every() {
			delete(s.reportedAt, id)
		}
	}
}
