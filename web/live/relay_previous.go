package live

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Releases before the installation's prefix publish on a channel that all installations on a Redis share. While an instance of
// such a release runs together with this one, as in a rolling upgrade, neither receives what the other commits. Messages on the
// shared channel may come from another installation, so their content is never read: that one arrives is reason enough to read
// PostgreSQL. A greeting makes the other side do the same. This file can be deleted with the release after the next.

// previousChannel is the shared channel.
const previousChannel = "parley:events"

// previousMark ends what this release publishes on the shared channel. The previous release ignores the field.
const previousMark = `"prefixed":true}`

// greetEvery is how often an instance that receives messages of the previous release greets it. The previous release takes
// an instance that fell silent without a goodbye as one that may live on for peerKept, and reads PostgreSQL that long.
const greetEvery = peerKept / 2

// previousRelease is what this instance knows about instances of the previous release.
type previousRelease struct {
	mu        sync.Mutex
	greetedAt time.Time // zero if never, or if the last greeting failed
}

// greetingDue reports whether to greet now, and then counts as a greeting.
func (p *previousRelease) greetingDue(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.greetedAt) <= greetEvery {
		return false
	}
	p.greetedAt = now
	return true
}

func (p *previousRelease) greetingFailed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.greetedAt = time.Time{}
}

func (p *previousRelease) wasGreeted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.greetedAt.IsZero()
}

// receivePrevious counts a message of the previous release as a gap, so that this instance is not stable while they come.
func (r *relay) receivePrevious(payload string) {
	if strings.HasSuffix(payload, previousMark) || strings.HasPrefix(payload, r.self) {
		return
	}
	r.health.recordGap()
	r.health.recordCompany()
	if !r.previous.greetingDue(time.Now()) {
		return
	}
	r.hub.log.Info("instance of an earlier release found, polling PostgreSQL for its changes")
	go r.publishToPrevious(`{` + previousMark)
}

// leavePrevious signs off from the previous release, so that it does not wait for an instance that has ended.
func (r *relay) leavePrevious() {
	if r.previous.wasGreeted() {
		r.publishToPrevious(`{"bye":true,` + previousMark)
	}
}

func (r *relay) publishToPrevious(content string) {
	ctx, cancel := context.WithTimeout(context.Background(), relayTimeout)
	defer cancel()
	if r.client.Publish(ctx, previousChannel, r.self+content).Err() != nil {
		r.previous.greetingFailed()
	}
}
