package live

import (
	"context"
	"strings"
	"time"
)

// Releases before the installation's prefix publish on a channel that every installation on a Redis shares. While such an instance
// of this installation runs beside this one, as in a rolling upgrade, neither hears what the other commits. What is published on the
// shared channel may come from another installation, so its content is never read: that somebody is there is reason enough to ask
// PostgreSQL. The other side is made to do the same. This file can go with the release after the next.

// previousChannel is the shared channel.
const previousChannel = "parley:events"

// previousMark ends what this release publishes there, which is no content; the previous one ignores the field.
const previousMark = `"prefixed":true}`

// previousGreeting is how often an instance that hears the previous release makes itself known to it. Whoever falls silent there without a
// farewell counts as one who cannot be heard for peerKept, and for so long PostgreSQL is asked.
const previousGreeting = peerKept / 2

// receivePrevious notes that an instance of the previous release publishes.
func (r *relay) receivePrevious(payload string) {
	if strings.HasSuffix(payload, previousMark) || strings.HasPrefix(payload, r.self) {
		return
	}
	r.mu.Lock()
	r.gapAt = time.Now()
	greet := r.gapAt.Sub(r.announcedAt) > previousGreeting
	if greet {
		r.announcedAt = r.gapAt
	}
	r.mu.Unlock()
	if !greet {
		return
	}
	r.hub.log.Info("instance of an earlier release found, polling PostgreSQL for its changes")
	go r.announceToPrevious(`{` + previousMark)
}

// leavePrevious says farewell, so that the previous release does not wait for one that has ended.
func (r *relay) leavePrevious() {
	r.mu.Lock()
	greeted := !r.announcedAt.IsZero()
	r.mu.Unlock()
	if greeted {
		r.announceToPrevious(`{"bye":true,` + previousMark)
	}
}

func (r *relay) announceToPrevious(content string) {
	ctx, cancel := context.WithTimeout(context.Background(), relayTimeout)
	defer cancel()
	if r.client.Publish(ctx, previousChannel, r.self+content).Err() != nil {
		r.mu.Lock()
		r.announcedAt = time.Time{} // the next one that is heard is greeted again
		r.mu.Unlock()
	}
}
