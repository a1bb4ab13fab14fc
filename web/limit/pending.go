package limit

import (
	"slices"
	"sync"
	"time"
)

const (
	// recordAfter is how long what this instance has granted by itself waits before Redis has it too.
	recordAfter = 250 * time.Millisecond
	// maxPending bounds the memory of what waits.
	maxPending = 50_000
)

// count is something that this instance has granted by itself.
type count struct {
	name   string
	bounds []bound
}

// pending is what this instance has granted by itself and Redis does not have yet. In Redis it counts from when it arrives there.
type pending struct {
	mu     sync.Mutex
	counts []count
	timer  *time.Timer // set while there are counts, and not yet taken
}

// add keeps a count, and calls flush after recordAfter with all that were added until then.
func (p *pending) add(c count, flush func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.counts) < maxPending {
		p.counts = append(p.counts, c)
	}
	if p.timer == nil {
		p.timer = time.AfterFunc(recordAfter, flush)
	}
}

// withdraw removes a count and reports whether it was there.
func (p *pending) withdraw(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.counts, func(c count) bool { return c.name == name })
	if i < 0 {
		return false
	}
	p.counts = slices.Delete(p.counts, i, i+1)
	return true
}

func (p *pending) isEmpty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.counts) == 0
}

// take returns everything and keeps nothing.
func (p *pending) take() []count {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	counts := p.counts
	p.counts, p.timer = nil, nil
	return counts
}
