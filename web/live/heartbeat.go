package live

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// signs reports who was seen: whoever returns at once, and everybody else in batches, so that a thousand streams are
// one statement every few seconds.
type signs struct {
	report func(context.Context, []string) error
	every  func() time.Duration
	wake   chan struct{}

	mu    sync.Mutex
	fresh map[string]bool
	told  map[string]time.Time
	swept time.Time
}

func newSigns(report func(context.Context, []string) error, every func() time.Duration) *signs {
	return &signs{report: report, every: every, wake: make(chan struct{}, 1), fresh: map[string]bool{}, told: map[string]time.Time{}}
}

func (s *signs) saw(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh[id] || time.Since(s.told[id]) < s.every() {
		return
	}
	s.fresh[id] = true
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *signs) run(ctx context.Context, log *slog.Logger, present func() []string) {
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
			s.again(ids)
			wait(ctx, time.Second)
		}
	}
}

// due returns whom to report now, and takes them as reported. Those who hold a stream are due a little early, so that one
// beat reports them all.
func (s *signs) due(present []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, soon := time.Now(), s.every()*3/4
	s.forget(now)
	for _, id := range present {
		if now.Sub(s.told[id]) >= soon {
			s.fresh[id] = true
		}
	}
	ids := make([]string, 0, len(s.fresh))
	for id := range s.fresh {
		ids = append(ids, id)
		s.told[id] = now
	}
	clear(s.fresh)
	return ids
}

func (s *signs) again(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.fresh[id] = true
	}
}

// forget drops whoever was not seen for a while. The caller holds mu.
func (s *signs) forget(now time.Time) {
	if now.Sub(s.swept) < s.every() {
		return
	}
	s.swept = now
	for id, at := range s.told {
		if now.Sub(at) > 2*s.every() {
			delete(s.told, id)
		}
	}
}
