package live

import (
	"slices"
	"sync"
	"time"

	"parley/models"
)

const (
	// typingPace is the least time between two times that a side of a chat is told to write. Pages say it every few seconds.
	typingPace = 500 * time.Millisecond
	typingKept = 1000 // chats, before those that are over are forgotten
)

// typingThrottle remembers who was told to write, and when, so that nobody floods the other side and the other instances with it.
type typingThrottle struct {
	mu     sync.Mutex
	sentAt map[typingSide]time.Time
}

type typingSide struct {
	chat string
	side models.SenderType
}

// throttle takes out of some events what was told a moment ago.
func (t *typingThrottle) throttle(events []models.Event, now time.Time) []models.Event {
	said := func(e models.Event) bool { return e.Kind == models.KindTyping }
	if !slices.ContainsFunc(events, said) {
		return events
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.sentAt) > typingKept {
		for side, at := range t.sentAt {
			if now.Sub(at) >= typingPace {
				delete(t.sentAt, side)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(events), func(e models.Event) bool {
		if !said(e) {
			return false
		}
		side := typingSide{e.Typing.ChatID, e.Typing.SenderType}
		if at, told := t.sentAt[side]; told && now.Sub(at) < typingPace {
			return true
		}
		t.sentAt[side] = now
		return false
	})
}
