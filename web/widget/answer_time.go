package widget

import (
	"context"
	"sync"
	"time"

	"parley/models"
)

const (
	answerTimeWindow = time.Hour   // of chats that are looked at
	answerTimeTTL    = time.Minute // then it is asked for again
)

// answerTime is how fast first answers usually come: the median of the last hour, kept for a minute.
type answerTime struct {
	mu     sync.Mutex
	readAt time.Time
	median time.Duration
}

// get tells it rounded up, 0 when nobody answered lately. Whoever comes while it is being asked for is told nothing.
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

// roundUp goes up to 10 s, beyond two minutes to whole minutes: nobody is promised what half of all did not get.
func roundUp(d time.Duration) time.Duration {
	step := 10 * time.Second
	if d > 2*time.Minute {
		step = time.Minute
	}
	return max(step, (d+step-1)/step*step)
}
