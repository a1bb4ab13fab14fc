package limit

import (
	"context"
	"sync"
)

// KeyedMutex lets one at a time go on under a key. Where only failures count, looking and counting are apart; one turn at
// a time keeps a hundred tries at once from all looking before the first is counted.
type KeyedMutex struct {
	mu   sync.Mutex
	held map[string]*keyedLock
}

type keyedLock struct {
	free    chan struct{}
	waiting int
}

// Lock returns when it is the caller's turn, with what gives the turn back, or with the context's error.
func (t *KeyedMutex) Lock(ctx context.Context, key string) (done func(), err error) {
	t.mu.Lock()
	if t.held == nil {
		t.held = map[string]*keyedLock{}
	}
	mine := t.held[key]
	if mine == nil {
		mine = &keyedLock{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		t.held[key] = mine
	}
	mine.waiting++
	t.mu.Unlock()

	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.waiting--; mine.waiting == 0 {
			delete(t.held, key)
		}
	}
	select {
	case <-mine.free:
		return func() { mine.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
