package widget

import (
	"context"
	"sync"
	"time"

	"parley/models"
)

const (
	answerTimeWindow = time.Hour   // of the chats that count
	answerTimeTTL    = time.Minute // of the cached value
)

// answerTime caches how fast first replies usually come: the median of the last hour.
type answerTime struct {
	mu     sync.Mutex
	readAt time.Time
	median time.Duration
}

// get returns the answer time rounded up, 0 if there was no reply lately. It returns 0 instead of waiting while another caller reads it.
func (p *answerTime) get(ctx context.Context, desk *models.Desk, now time.Time) time.Duration {
	if !p.mu.TryLock() {
		return 0
	}
	defer p.mu.Unlock()
	if now.Sub(p.readAt) < answerTimeTTL {
		return p.median
	}
	p.readAt, p.median = now, 0
	stats, err := desk.Stats(ctx, now.Add(-answerTimeWindow), now)
	if err == nil && stats.ResponseP50 != nil {
		p.median = roundUp(time.Duration(*stats.ResponseP50 * float64(time.Second)))
	}
	return p.median
}

// roundUp rounds up to 10 s, beyond two minutes to whole minutes. It never rounds down, since the panel would promise too much.
func roundUp(d time.Duration) time.Duration {
	step := 10 * time.Second
	if d > 2*time.Minute {
		step = time.Minute
	}
	return max(step, (d+step-1)/step*step)
}
