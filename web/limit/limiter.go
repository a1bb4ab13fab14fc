package limit

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

const (
	// tolerated is how many failures of Redis in a row are a hiccup: giving up on it makes two instances count apart.
	tolerated = 1
	// probeEvery is how often a failed Redis is asked whether it is back.
	probeEvery = time.Second
)

// Options of a Limiter. Without Redis the counts are this instance's own.
type Options struct {
	Redis     *redis.Options
	Prefix    string // of every key, the installation's own
	PerMinute PerMinute
	Log       *slog.Logger
}

// Limiter counts in Redis, together with every other instance, and also by itself: the own counts are what is left
// while Redis is away, and they are not forgotten when it comes back.
type Limiter struct {
	perMinute PerMinute
	log       *slog.Logger
	own       *memory
	shared    *shared
	failures  atomic.Int32 // of Redis, in a row
	degraded  atomic.Bool
	done      chan struct{}
	probes    sync.WaitGroup
	closing   sync.Once
}

// New makes a Limiter; Close ends it.
func New(opts Options) *Limiter {
	l := &Limiter{perMinute: opts.PerMinute, log: opts.Log, own: newMemory(), done: make(chan struct{})}
	if opts.Redis != nil {
		l.shared = newShared(*opts.Redis, opts.Prefix, l.done)
	}
	return l
}

// Allow counts the claims if none of them is over its limit, and says so; a refused claim is not counted.
func (l *Limiter) Allow(ctx context.Context, claims ...Claim) Verdict {
	return l.apply(ctx, take, claims)
}

// Refund takes back what Take counted: it was not done after all.
func (l *Limiter) Refund(ctx context.Context, taken Verdict) {
	if l.shared != nil && !l.degraded.Load() {
		_, err := l.shared.apply(ctx, give, taken.name, taken.bounds)
		l.recordOutcome(err)
	}
	l.own.apply(taken.at, give, taken.bounds)
}

// Peek tells whether the claims would be granted, and counts nothing.
func (l *Limiter) Peek(ctx context.Context, claims ...Claim) Verdict {
	return l.apply(ctx, look, claims)
}

// Record counts the claims whatever their limits: what happened has happened.
func (l *Limiter) Record(ctx context.Context, claims ...Claim) {
	l.apply(ctx, note, claims)
}

// Degraded tells that Redis is away and the counts are this instance's own.
func (l *Limiter) Degraded() bool { return l.degraded.Load() }

// Close ends the probing and the connections.
func (l *Limiter) Close() error {
	l.closing.Do(func() { close(l.done) })
	l.probes.Wait()
	if l.shared == nil {
		return nil
	}
	return l.shared.client.Close()
}

func (l *Limiter) apply(ctx context.Context, do mode, claims []Claim) Verdict {
	bounds := make([]bound, 0, len(claims))
	for _, c := range claims {
		if n := l.perMinute(c.Action); n > 0 {
			bounds = append(bounds, bound{key: string(c.Action) + ":" + c.Who, n: n})
		}
	}
	if len(bounds) == 0 {
		return granted
	}
	// What this instance alone has counted is enough to refuse, without asking Redis.
	if v := l.own.apply(time.Now(), look, bounds); !v.OK && do != note {
		return v
	}
	name := uuid.NewString()
	if l.shared != nil && !l.degraded.Load() {
		v, err := l.shared.apply(ctx, do, name, bounds)
		if l.recordOutcome(err); err == nil && !v.OK {
			return v
		}
	}
	now := time.Now()
	v := l.own.apply(now, do, bounds)
	v.name, v.at, v.bounds = name, now, bounds
	return v
}

// recordOutcome hears how each call of Redis went. After some failures in a row nobody asks it any more, so that only the first requests of
// an outage wait, and it is probed for its return.
func (l *Limiter) recordOutcome(err error) {
	if err == nil {
		l.failures.Store(0)
		return
	}
	if l.failures.Add(1) <= tolerated || !l.degraded.CompareAndSwap(false, true) {
		return
	}
	l.log.Warn("rate limits counted in memory, Redis does not answer", "error", err)
	l.probes.Add(1)
	go func() {
		defer l.probes.Done()
		tick := time.NewTicker(probeEvery)
		defer tick.Stop()
		for {
			select {
			case <-l.done:
				return
			case <-tick.C:
			}
			if l.shared.probe() == nil {
				l.failures.Store(0)
				l.degraded.Store(false)
				l.log.Info("rate limits counted in Redis again")
				return
			}
		}
	}()
}
