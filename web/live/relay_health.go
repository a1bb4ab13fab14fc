package live

import (
	"sync"
	"time"
)

const (
	// relayHeartbeat is how often an instance publishes at least. One that published nothing for three times as long is
	// silent.
	relayHeartbeat = 250 * time.Millisecond
	// peerKept is how long a silent instance that has not signed off is expected back. It may live on where it cannot
	// reach Redis, and commit.
	peerKept = 10 * time.Minute
	// stableAfter is how long an instance must be healthy to be stable. After a pause Redis first delivers the heartbeats
	// that were on their way; the gap of an instance that could not publish is announced only after them.
	stableAfter = 3 * time.Second
)

// relayHealth knows how far the events of other instances can be relied on. It has three levels, each stronger than the
// previous one:
//
//   - connected: this instance receives its own heartbeats, so Redis takes and delivers what is published;
//   - healthy: connected, and no other instance is silent, so what any instance commits arrives here;
//   - stable: healthy for stableAfter and without a gap in that time, so nothing that was published before is missing.
//     Only a stable instance compares its streams with PostgreSQL rarely.
//
// A gap is a moment at which events may have been lost: a new subscription, or an instance that could not publish.
//
// It also knows whether this instance is alone: connected all the time, and no other instance lives or may come back. A process
// that was paused, or that Redis delivered nothing to, does not know who came meanwhile: it counts from the beginning then.
type relayHealth struct {
	self string

	mu         sync.Mutex
	subscribed bool                 // to the channel, as far as the connection shows
	receivedAt map[string]time.Time // when the last message of each instance, this one too, arrived
	gapAt      time.Time            // the last gap
	aloneSince time.Time            // what ended last: another instance, or a time in which one could come unnoticed
}

func newRelayHealth(self string) relayHealth {
	return relayHealth{self: self, receivedAt: map[string]time.Time{}}
}

// setSubscribed notes that a subscription began or ended, and returns what was so before.
func (r *relayHealth) setSubscribed(subscribed bool) (before bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, r.subscribed, r.aloneSince = r.subscribed, subscribed, time.Now()
	return before
}

// recordHeartbeat notes that an instance published; with bye it was the last time. It reports whether the instance is new here.
func (r *relayHealth) recordHeartbeat(instance string, bye bool) (isNew bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	before, known := r.receivedAt[instance]
	if instance != r.self || now.Sub(before) >= 3*relayHeartbeat {
		r.aloneSince = now
	}
	if bye {
		delete(r.receivedAt, instance)
		return false
	}
	r.receivedAt[instance] = now
	return !known
}

// recordCompany notes that an instance lives that sends no heartbeats.
func (r *relayHealth) recordCompany() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.aloneSince = time.Now()
}

// aloneFor returns how long this instance has been alone, 0 if it is not or cannot know.
func (r *relayHealth) aloneFor() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.forget(now)
	own, known := r.receivedAt[r.self]
	if !r.subscribed || !known || len(r.receivedAt) > 1 || now.Sub(own) >= 3*relayHeartbeat {
		return 0
	}
	return now.Sub(r.aloneSince)
}

// recordGap notes that events may have been lost.
func (r *relayHealth) recordGap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gapAt = time.Now()
}

func (r *relayHealth) connected() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.subscribed && time.Since(r.receivedAt[r.self]) < 3*relayHeartbeat
}

// current returns whether the instance is healthy and stable. Being asked while it is not healthy counts as a gap.
func (r *relayHealth) current() (healthy, stable bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if healthy = r.healthy(now); !healthy {
		r.gapAt = now
	}
	return healthy, now.Sub(r.gapAt) > stableAfter
}

// healthy is current without the gap. The caller holds mu.
func (r *relayHealth) healthy(now time.Time) bool {
	r.forget(now)
	for _, at := range r.receivedAt {
		if now.Sub(at) > 3*relayHeartbeat {
			return false
		}
	}
	return r.subscribed && !r.receivedAt[r.self].IsZero()
}

// forget forgets instances that were silent for longer than peerKept. The caller holds mu.
func (r *relayHealth) forget(now time.Time) {
	for instance, at := range r.receivedAt {
		if now.Sub(at) > peerKept && instance != r.self {
			delete(r.receivedAt, instance)
			r.aloneSince = now
		}
	}
}
