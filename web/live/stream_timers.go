package live

import (
	"math/rand/v2"
	"time"
)

const (
	heartbeatEvery = 13 * time.Second // contract: a comment line at least every 20 s
	retryAfter     = time.Second      // after a query that failed
	// lifetime is how long a stream lives at least, and a third more at most. Then the client connects again, so that load
	// spreads over the instances; the random part keeps streams that were opened together from ending together.
	lifetime = 30 * time.Minute
)

// streamTimers is when a stream has something to do though nothing happened. One timer serves for all of them.
type streamTimers struct {
	heartbeatAt, renewAt time.Time
	expireAt, retryAt    time.Time // zero for never
}

func (t *streamTimers) start(now, expireAt time.Time) {
	t.heartbeatAt, t.renewAt, t.expireAt = now.Add(heartbeatEvery), now.Add(lifetime+rand.N(lifetime/3)), expireAt
}

// next returns the earliest of the times.
func (t *streamTimers) next() time.Time {
	next := t.heartbeatAt
	for _, at := range []time.Time{t.renewAt, t.expireAt, t.retryAt} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return next
}

// dueWork is what a stream has to do when its timer fires.
type dueWork int

const (
	dueHeartbeat dueWork = iota
	dueRetry
	dueRenewal
	dueExpiry
)

// due returns what is due, the most important first, and sets the next heartbeat when that is it. It is a heartbeat too
// when the timer fired too early: the clock of expireAt may be adjusted in the meantime.
func (t *streamTimers) due(now time.Time) dueWork {
	switch {
	case !t.expireAt.IsZero() && !now.Before(t.expireAt):
		return dueExpiry
	case !now.Before(t.renewAt):
		return dueRenewal
	case !t.retryAt.IsZero() && !now.Before(t.retryAt):
		return dueRetry
	}
	t.heartbeatAt = now.Add(heartbeatEvery)
	return dueHeartbeat
}
