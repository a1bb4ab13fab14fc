package live

import (
	"slices"
	"sync"
	"time"

	"parley/models"
)

const (
	// typingInterval is the least time between two typing events of one side of a chat. Pages send one every few seconds.
	typingInterval = 500 * time.Millisecond
	// typingKept is how many sides are kept before those whose interval has passed are removed.
	typingKept = 1000
)

// typingThrottle drops typing events that follow one another too fast, so that a client cannot flood the other side and
// the other instances with them.
type typingThrottle struct {
	mu     sync.Mutex
	sentAt map[typingSide]time.Time
}

type typingSide struct {
	chat string
	side models.SenderType
}

// throttle returns the events without the typing events of sides that sent one less than typingInterval ago.
func (t *typingThrottle) throttle(events []models.Event, now time.Time) []models.Event {
	isTyping := func(e models.Event) bool { return e.Kind == models.KindTyping }
	if !slices.ContainsFunc(events, isTyping) {
		return events
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.sentAt) > typingKept {
		for side, at := range t.sentAt {
			if now.Sub(at) >= typingInterval {
				delete(t.sentAt, side)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(events), func(e models.Event) bool {
		if !isTyping(e) {
			return false
		}
		side := typingSide{e.Typing.ChatID, e.Typing.SenderType}
		if at, sent := t.sentAt[side]; sent && now.Sub(at) < typingInterval {
			return true
		}
		t.sentAt[side] = now
		return false
	})
}
