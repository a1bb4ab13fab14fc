package models

import (
	"context"
	"sync"
	"time"
)

const (
	// queueCacheFresh is how old the line may be at least; one that took long to read may be lineShare times as old as that.
	queueCacheFresh = 2 * time.Second
	queueCacheShare = 30
	// queueCacheStale is from when on the line is waited for: nobody has asked for so long.
	queueCacheStale = 15 * time.Second
)

// queueCache is the queue as it was a moment ago: who is far back need not be counted from the front again by every question.
type queueCache struct {
	mu        sync.Mutex
	positions map[string]int // by chat
	lengths   map[string]int // by department, "" for chats that ask for none
	at        time.Time
	took      time.Duration
	reading   chan struct{} // closed when the line that is being read has come; nil while none is
}

func (l *queueCache) store(positions []WaitingPosition, lengths map[string]int, began time.Time) {
	places := make(map[string]int, len(positions))
	for i := range positions {
		places[positions[i].Status.ChatID] = positions[i].Status.Position
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.positions, l.lengths, l.at, l.took = places, lengths, began, time.Since(began)
}

// aheadOf returns how many of its line were before a chat a moment ago: all of them, for one that came since, and at least those counted now.
func (l *queueCache) aheadOf(ctx context.Context, d *Desk, c *Chat, counted int) (int, error) {
	l.mu.Lock()
	old := time.Since(l.at) > max(queueCacheFresh, queueCacheShare*l.took)
	read := l.reading
	mine := old && read == nil
	if mine {
		read = make(chan struct{})
		l.reading = read
	}
	blind := l.positions == nil || time.Since(l.at) > queueCacheStale+queueCacheShare*l.took
	l.mu.Unlock()
	if mine { // for all who ask meanwhile, and who have the line as it was
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), batchTimeout)
			defer cancel()
			_, _ = d.WaitingPositions(ctx)
			l.mu.Lock()
			l.reading = nil
			l.mu.Unlock()
			close(read)
		}()
	}
	if blind && read != nil {
		select {
		case <-read:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if place, known := l.positions[c.ID]; known {
		return place - 1, nil
	}
	department := ""
	if c.Department != nil {
		department = *c.Department
	}
	return max(counted, l.lengths[department]), nil
}
