package models

import (
	"context"
	"sync"
	"time"
)

const (
	// queueCacheFresh is how old the cached queue may become before it is read again. One that took long to read may
	// become queueCacheShare times as old as that took, so that reading it takes at most one part in queueCacheShare of
	// the time.
	queueCacheFresh = 2 * time.Second
	queueCacheShare = 30
	// queueCacheStale is how old the cached queue may become, in addition to that, before a request waits for a new
	// one.
	queueCacheStale = 15 * time.Second
)

// queueCache caches the queue for a short time, so that requests do not each count the position of a chat from the front
// of the queue.
type queueCache struct {
	mu        sync.Mutex
	positions map[string]int // by chat
	lengths   map[string]int // by department, "" for chats that ask for none
	at        time.Time
	took      time.Duration // to read it
	reading   chan struct{} // closed when the reading under way ends; nil while there is none
}

// store replaces the cached queue by one whose reading began at a time.
func (q *queueCache) store(positions []WaitingPosition, lengths map[string]int, began time.Time) {
	byChat := make(map[string]int, len(positions))
	for i := range positions {
		byChat[positions[i].Status.ChatID] = positions[i].Status.Position
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.positions, q.lengths, q.at, q.took = byChat, lengths, began, time.Since(began)
}

// aheadOf returns how many chats of its queue are served before a chat, according to the cache. A chat that has been queued
// since then comes after all of them, and after at least as many as were counted just now. An old queue is read again in
// the background, once for all requests; only when it is missing or stale does the request wait for it.
func (q *queueCache) aheadOf(ctx context.Context, d *Desk, c *Chat, counted int) (int, error) {
	q.mu.Lock()
	old := time.Since(q.at) > max(queueCacheFresh, queueCacheShare*q.took)
	read := q.reading
	starts := old && read == nil
	if starts {
		read = make(chan struct{})
		q.reading = read
	}
	mustWait := q.positions == nil || time.Since(q.at) > queueCacheStale+queueCacheShare*q.took
	q.mu.Unlock()
	if starts { // other requests wait for it too, so it must not be cancelled with this request
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), batchTimeout)
			defer cancel()
			_, _ = d.WaitingPositions(ctx)
			q.mu.Lock()
			q.reading = nil
			q.mu.Unlock()
			close(read)
		}()
	}
	if mustWait && read != nil {
		select {
		case <-read:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if position, known := q.positions[c.ID]; known {
		return position - 1, nil
	}
	return max(counted, q.lengths[deref(c.Department)]), nil
}
