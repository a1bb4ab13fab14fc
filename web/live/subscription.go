package live

import (
	"slices"
	"sync"

	"parley/models"
)

// maxPending is how many signals wait for a slow stream. With one more they are all dropped, and the stream repairs from
// PostgreSQL instead: a stream that is slow costs a few queries and no memory.
const maxPending = 256

// signal is what the hub sends to a stream: exactly one of event, position, board and versions.
type signal struct {
	event    *models.Event
	shared   *EncodingCache // set with event
	position *queuePosition
	board    *Board
	versions *chatVersions
}

// subscription is the hub's side of a stream. Its methods are called by the hub and never wait for the stream, which
// takes what is pending when it wakes up.
type subscription struct {
	actor     models.Actor
	session   []byte
	anonymous bool          // see Receiver
	isProgram bool          // see Receiver
	watchID   string        // see Receiver
	wake      chan struct{} // holds at most one

	mu          sync.Mutex
	pending     []signal
	needsRepair bool
	ending      Reason            // the first reason to end, "" for none
	transport   Transport         // nil until the stream runs
	inline      func(signal) bool // see inline.go; nil where everything is queued

	topics map[topic]bool // under the hub's lock
}

// push adds a signal, or drops all of them when there are too many.
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

// hasAny reports whether the stream has one of the topics. It is called under the hub's lock.
func (s *subscription) hasAny(topics []topic) bool {
	return slices.ContainsFunc(topics, func(t topic) bool { return s.topics[t] })
}

// repair makes the stream compare itself with PostgreSQL. It may be called any number of times before the stream does.
func (s *subscription) repair() {
	s.mu.Lock()
	s.needsRepair = true
	s.mu.Unlock()
	s.wakeUp()
}

// end makes the stream end; the first reason counts.
func (s *subscription) end(reason Reason) {
	s.mu.Lock()
	if s.ending == "" {
		s.ending = reason
	}
	s.mu.Unlock()
	s.wakeUp()
}

// setTransport makes isDisconnected ask the transport.
func (s *subscription) setTransport(t Transport) {
	s.mu.Lock()
	s.transport = t
	s.mu.Unlock()
}

func (s *subscription) setInline(send func(signal) bool) {
	s.mu.Lock()
	s.inline = send
	s.mu.Unlock()
}

// sendInline has the publisher of a signal send it, or adds it.
func (s *subscription) sendInline(sig signal) {
	s.mu.Lock()
	send := s.inline
	s.mu.Unlock()
	if send == nil || !send(sig) {
		s.push(sig)
	}
}

// hasWork reports whether the stream has something to do by itself.
func (s *subscription) hasWork() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending) > 0 || s.needsRepair || s.ending != ""
}

func (s *subscription) isDisconnected() bool {
	s.mu.Lock()
	transport := s.transport
	s.mu.Unlock()
	return transport != nil && transport.Disconnected()
}

func (s *subscription) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take returns the pending signals, whether the stream must repair before it applies them, and the reason to end.
func (s *subscription) take() (signals []signal, needsRepair bool, reason Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	signals, needsRepair = s.pending, s.needsRepair
	s.pending, s.needsRepair = nil, false
	return signals, needsRepair, s.ending
}
