package limit

import (
	"slices"
	"sync"
	"time"
)

// maxKeys bounds the memory that unknown clients can make an instance use.
const maxKeys = 50_000

// memory is the sliding window of one instance: for each key the times of what was counted in the last minute, in order.
type memory struct {
	mu      sync.Mutex
	counts  map[string][]time.Time
	sweptAt time.Time
	lossAt  time.Time // when a key was removed that may have had a count in the window
}

func newMemory() *memory { return &memory{counts: map[string][]time.Time{}} }

// apply executes a mode at a given time. refund removes what was counted at that time.
func (m *memory) apply(now time.Time, do mode, bounds []bound) Verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	if do == refund {
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
		if len(times) >= b.limit && do != record {
			wait = max(wait, Window-now.Sub(times[len(times)-b.limit]))
		}
	}
	if wait > 0 {
		return refused(wait)
	}
	if do != peek {
		for _, b := range bounds {
			m.counts[b.key] = append(m.counts[b.key], now)
		}
	}
	return granted
}

// isComplete reports whether every count of the window is still there.
func (m *memory) isComplete(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Sub(m.lossAt) >= Window
}

// recent removes the times that have left the window and returns the others. The caller holds mu.
func (m *memory) recent(key string, now time.Time) []time.Time {
	times := m.counts[key]
	expired := 0
	for expired < len(times) && now.Sub(times[expired]) >= Window {
		expired++
	}
	if expired == 0 {
		return times
	}
	if expired == len(times) {
		delete(m.counts, key)
		return nil
	}
	m.counts[key] = times[expired:] // appending makes a new array when this one is full
	return m.counts[key]
}

// sweep removes, once a minute, the keys without a count in the window. Between two sweeps, when there are maxKeys, it removes
// any one for each new key, so that no request pays for a look at all of them. The caller holds mu.
func (m *memory) sweep(now time.Time) {
	if now.Sub(m.sweptAt) >= Window {
		m.sweptAt = now
		for key := range m.counts {
			m.recent(key, now)
		}
	}
	for key := range m.counts {
		if len(m.counts) < maxKeys {
			return
		}
		delete(m.counts, key)
		m.lossAt = now
	}
}
