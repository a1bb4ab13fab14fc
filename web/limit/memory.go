package limit

import (
	"slices"
	"sync"
	"time"
)

// maxKeys bounds the memory that strangers can make us use.
const maxKeys = 50_000

// memory is the sliding window of one instance: the times of what was counted in the last minute.
type memory struct {
	mu     sync.Mutex
	counts map[string][]time.Time
	swept  time.Time
}

func newMemory() *memory { return &memory{counts: map[string][]time.Time{}} }

// apply looks, takes or notes at a time, or gives back what was counted at that time.
func (m *memory) apply(now time.Time, do mode, bounds []bound) Verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	if do == give {
		for _, b := range bounds {
			if i := slices.IndexFunc(m.counts[b.key], now.Equal); i >= 0 {
				m.counts[b.key] = slices.Delete(slices.Clone(m.counts[b.key]), i, i+1)
			}
		}
		return granted
	}
	m.sweep(now)
	var wait time.Duration
	for _, b := range bounds {
		times := m.recent(b.key, now)
		if len(times) >= b.n && do != note {
			wait = max(wait, Window-now.Sub(times[len(times)-b.n]))
		}
	}
	if wait > 0 {
		return refused(wait)
	}
	if do != look {
		for _, b := range bounds {
			m.counts[b.key] = append(m.counts[b.key], now)
		}
	}
	return granted
}

// recent drops what has left the window.
func (m *memory) recent(key string, now time.Time) []time.Time {
	times := m.counts[key]
	i := 0
	for i < len(times) && now.Sub(times[i]) >= Window {
		i++
	}
	if i == 0 {
		return times
	}
	if i == len(times) {
		delete(m.counts, key)
		return nil
	}
	times = append([]time.Time(nil), times[i:]...)
	m.counts[key] = times
	return times
}

// sweep forgets, once a minute, whoever did nothing in it. Between two sweeps a flood of strangers pushes out somebody at
// random, so that no request pays for looking at all of them.
func (m *memory) sweep(now time.Time) {
	if now.Sub(m.swept) >= Window {
		m.swept = now
		for key := range m.counts {
			m.recent(key, now)
		}
	}
	for key := range m.counts {
		if len(m.counts) < maxKeys {
			return
		}
		delete(m.counts, key)
	}
}
