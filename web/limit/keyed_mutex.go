package limit

import (
	"context"
	"sync"
)

// KeyedMutex is one mutex for each key. Where only failures are counted, Peek and Record are apart: the mutex keeps a hundred
// simultaneous attempts from all passing Peek before the first failure is recorded. The zero value is ready to use.
type KeyedMutex struct {
	mu   sync.Mutex
	held map[string]*keyedLock
}

type keyedLock struct {
	free  chan struct{} // holds one while the lock is free
	users int           // that hold it or wait for it
}

// Lock returns once the caller holds the lock of the key, with the function that unlocks it, or the context's error when
// the context ends first. A key is removed with its last user.
func (m *KeyedMutex) Lock(ctx context.Context, key string) (unlock func(), err error) {
	m.mu.Lock()
	if m.held == nil {
		m.held = map[string]*keyedLock{}
	}
	lock := m.held[key]
	if lock == nil {
		lock = &keyedLock{free: make(chan struct{}, 1)}
		lock.free <- struct{}{}
		m.held[key] = lock
	}
	lock.users++
	m.mu.Unlock()

	leave := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if lock.users--; lock.users == 0 {
			delete(m.held, key)
		}
	}
	select {
	case <-lock.free:
		return func() { lock.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
