package web

import (
	"context"
	"sync"
	"time"

	"parley/models"
)

const (
	paceOver  = time.Hour   // of chats that are looked at
	paceFresh = time.Minute // then it is asked for again
)

// pace is how fast first answers usually come: the median of the last hour, kept for a minute.
type pace struct {
	mu    sync.Mutex
	asked time.Time
	usual time.Duration
}

// usually tells it rounded up, 0 when nobody answered lately. Whoever comes while it is being asked for is told nothing.
func (p *pace) usually(ctx context.Context, desk *models.Desk, now time.Time) time.Duration {
	if !p.mu.TryLock() {
		return 0
	}
	defer p.mu.Unlock()
	if now.Sub(p.asked) < paceFresh {
		return p.usual
	}
	p.asked, p.usual = now, 0
	stats, err := desk.Stats(ctx, now.Add(-paceOver), now)
	if err == nil && stats.ResponseP50 != nil {
		p.usual = roundPace(time.Duration(*stats.ResponseP50 * float64(time.Second)))
	}
	return p.usual
}

// roundPace goes up to 10 s, beyond two minutes to whole minutes: nobody is promised what half of all did not get.
func roundPace(d time.Duration) time.Duration {
	step := 10 * time.Second
	if d > 2*time.Minute {
		step = time.Minute
	}
	return max(step, (d+step-1)/step*step)
}
