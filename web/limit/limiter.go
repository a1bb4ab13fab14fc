package limit

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"parley/models/redisclient"
)

const (
	// toleratedFailures is how many failures in a row do not count as an outage of Redis: in an outage instances count apart.
	toleratedFailures = 1
	// probeEvery is how often Redis is probed during an outage.
	probeEvery = time.Second
)

// Options of a Limiter.
type Options struct {
	Redis     *redisclient.Options // nil to count on this instance only
	Prefix    string               // of every key; the installation's own
	PerMinute PerMinute
	// AloneFor returns how long no other instance has counted in this Redis, 0 if one does or if that is not known; nil if it
	// is never known.
	AloneFor func() time.Duration
	Log      *slog.Logger
}

// Limiter counts in Redis, together with the other instances, and also in memory: those local counts are what is left while
// Redis is away. It is safe for concurrent use.
//
// An instance that was alone for a whole window has every count of it in memory. It decides by itself then, and Redis gets the counts
// afterwards: for the instance that follows, and for another one that comes. From the moment at which this instance hears of another one
// Redis decides again. What it has granted within recordAfter before that moment the other one may not have seen yet, so that
// together they may grant up to one limit more than they should, once.
type Limiter struct {
	perMinute PerMinute
	aloneFor  func() time.Duration
	log       *slog.Logger
	local     *memory
	shared    *shared // nil without Redis
	pending   pending
	instance  string        // begins the names of this instance's counts
	named     atomic.Uint64 // how many have a name
	failures  atomic.Int32  // of Redis, in a row
	degraded  atomic.Bool
	done      chan struct{} // closed by Close
	probes    sync.WaitGroup
	flushing  sync.Mutex // held while pending counts are on their way
	closing   sync.Once
}

// New returns a Limiter. Close ends it.
func New(opts Options) *Limiter {
	l := &Limiter{perMinute: opts.PerMinute, log: opts.Log, local: newMemory(), instance: rand.Text(), done: make(chan struct{})}
	if l.aloneFor = opts.AloneFor; l.aloneFor == nil {
		l.aloneFor = func() time.Duration { return 0 }
	}
	if opts.Redis != nil {
		l.shared = newShared(*opts.Redis, opts.Prefix, l.done)
	}
	return l
}

// Allow counts the claims and returns an OK Verdict if none of them is over its limit. Else it counts none of them, and the
// Verdict has the time to wait before the next attempt.
func (l *Limiter) Allow(ctx context.Context, claims ...Claim) Verdict {
	return l.apply(ctx, allow, claims)
}

// Refund takes back what Allow counted: the action was not done after all.
func (l *Limiter) Refund(ctx context.Context, counted Verdict) {
	if l.shared != nil && !l.pending.withdraw(counted.name) && !l.degraded.Load() {
		_, err := l.shared.apply(ctx, refund, counted.name, counted.bounds)
		l.recordOutcome(err)
	}
	l.local.apply(counted.at, refund, counted.bounds)
}

// Peek returns what Allow would return, and counts nothing.
func (l *Limiter) Peek(ctx context.Context, claims ...Claim) Verdict {
	return l.apply(ctx, peek, claims)
}

// Record counts the claims regardless of their limits, for actions that have already happened.
func (l *Limiter) Record(ctx context.Context, claims ...Claim) {
	l.apply(ctx, record, claims)
}

// Degraded reports whether Redis is away, so that only this instance's counts are used.
func (l *Limiter) Degraded() bool { return l.degraded.Load() }

// DecidesAlone reports whether this instance decides without asking Redis.
func (l *Limiter) DecidesAlone() bool {
	return l.shared != nil && l.aloneFor() >= Window && l.local.isComplete(time.Now())
}

// Close ends probes, sends Redis the last counts, and closes the connections. It may be called again.
func (l *Limiter) Close() error {
	if l.shared == nil {
		return nil
	}
	l.flush()
	l.closing.Do(func() { close(l.done) })
	l.probes.Wait()
	return l.shared.client.Close()
}

func (l *Limiter) apply(ctx context.Context, do mode, claims []Claim) Verdict {
	bounds := make([]bound, 0, len(claims))
	for _, c := range claims {
		if n := l.perMinute(c.Action); n > 0 {
			bounds = append(bounds, bound{key: string(c.Action) + ":" + c.Who, limit: n})
		}
	}
	if len(bounds) == 0 {
		return granted
	}
	name := l.instance + strconv.FormatUint(l.named.Add(1), 10)
	if l.DecidesAlone() {
		v := l.decide(name, do, bounds)
		if v.OK && do != peek && !l.degraded.Load() {
			l.pending.add(count{name, bounds}, l.flush)
		}
		return v
	}
	if !l.pending.isEmpty() { // another instance came
		go l.flush()
	}
	// The local counts are enough to refuse: those in Redis can only be higher.
	if v := l.local.apply(time.Now(), peek, bounds); !v.OK && do != record {
		return v
	}
	if l.shared != nil && !l.degraded.Load() {
		v, err := l.shared.apply(ctx, do, name, bounds)
		if l.recordOutcome(err); err == nil && !v.OK {
			return v
		}
	}
	return l.decide(name, do, bounds)
}

// decide applies a mode to the counts of this instance.
func (l *Limiter) decide(name string, do mode, bounds []bound) Verdict {
	now := time.Now()
	v := l.local.apply(now, do, bounds)
	v.name, v.at, v.bounds = name, now, bounds
	return v
}

// flush sends Redis what this instance has granted by itself. What cannot be sent is counted here only, as everything is
// while Redis is away.
func (l *Limiter) flush() {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	counts := l.pending.take()
	if len(counts) == 0 || l.degraded.Load() {
		return
	}
	select {
	case <-l.done:
	default:
		l.recordOutcome(l.shared.record(counts))
	}
}

// recordOutcome counts the failures of Redis. After more than toleratedFailures in a row the limiter is degraded: it no
// longer asks Redis, so that only the first requests of an outage wait, and probes it until it is back.
func (l *Limiter) recordOutcome(err error) {
	if err == nil {
		l.failures.Store(0)
		return
	}
	if l.failures.Add(1) <= toleratedFailures || !l.degraded.CompareAndSwap(false, true) {
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
