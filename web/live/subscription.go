package live

import (
	"sync"

	"parley/models"
)

// maxPending is how many signals wait for a slow stream before it repairs from PostgreSQL instead.
const maxPending = 256

// signal is one of its fields, and shared goes with the event.
type signal struct {
	event    *models.Event
	shared   *EncodingCache
	position *queuePosition
	board    *Board
	versions *chatVersions
}

// subscription is one stream as the hub sees it. The hub never waits for it.
type subscription struct {
	hub     *Hub
	actor   models.Actor
	session []byte
	// anonymous is true for a user whom no host site has vouched for.
	anonymous bool
	wake      chan struct{} // holds at most one

	mu          sync.Mutex
	pending     []signal
	needsRepair bool   // something was missed: repair
	ending      Reason // set once
	out         Sink   // nil until the stream runs

	topics map[topic]bool // under the hub's lock
}

func (s *subscription) push(sig signal) {
	s.mu.Lock()
	if len(s.pending) >= maxPending {
		s.pending, s.needsRepair = nil, true
	} else {
		s.pending = append(s.pending, sig)
	}
	s.mu.Unlock()
	s.wakeUp()
}

// repair makes the stream compare itself with PostgreSQL.
func (s *subscription) repair() {
	s.mu.Lock()
	s.needsRepair = true
	s.mu.Unlock()
	s.wakeUp()
}

func (s *subscription) end(why Reason) {
	s.mu.Lock()
	if s.ending == "" {
		s.ending = why
	}
	s.mu.Unlock()
	s.wakeUp()
}

// setSink says by whom it is seen whether anybody is there.
func (s *subscription) setSink(out Sink) {
	s.mu.Lock()
	s.out = out
	s.mu.Unlock()
}

func (s *subscription) isDisconnected() bool {
	s.mu.Lock()
	out := s.out
	s.mu.Unlock()
	return out != nil && out.Disconnected()
}

func (s *subscription) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *subscription) take() (signals []signal, behind bool, ending Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	signals, behind = s.pending, s.needsRepair
	s.pending, s.needsRepair = nil, false
	return signals, behind, s.ending
}

// repairLater is repair for a stream that has just failed to: it waits for its own time.
func (s *subscription) repairLater() {
	s.mu.Lock()
	s.needsRepair = true
	s.mu.Unlock()
}
