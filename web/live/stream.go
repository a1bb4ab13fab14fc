package live

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"parley/models"
)

// View is what a stream shows.
type View int

// The views.
const (
	Own         View = iota // the receiver's own chats
	Supervision             // the queue and every agent's load, for supervisors
	Wall                    // the queue alone, for a wallboard, whose session is its key
	Watching                // the open chat ChatID, for supervisors who need no part in it
)

// Receiver is who opens a stream, what the stream shows and how far the receiver has come.
type Receiver struct {
	Actor   models.Actor
	Session []byte    // hash of the session; the stream ends with it
	Ends    time.Time // of the credentials; zero for never
	// Anonymous is true for a user without a verified identity: the stream ends once an identity is required.
	Anonymous bool
	// IsProgram is true for an API key: the stream is no sign of life of the agent.
	IsProgram bool
	View      View
	ChatID    string // of the view Watching
	WatchID   string // of the view Watching: which watch the stream keeps, see [models.Desk.Watch]
	Board     bool   // also send Board items; Supervision always gets them
	Cursor    string // the last id that was received, "" for none
}

// Transport writes a stream to its client. Send may buffer until Flush. Methods other than Disconnected are called from
// one goroutine; an error of any of them ends the stream.
type Transport interface {
	// Send writes a frame. id is the cursor that holds once the frame is received, "" for the one before.
	Send(f Frame, id string) error
	// Retry sets how long the client waits before it connects again.
	Retry(after time.Duration) error
	// Heartbeat shows that the stream is alive; it flushes.
	Heartbeat() error
	Flush() error
	// Disconnected reports whether the client is gone. It may be called at any time, from any goroutine.
	Disconnected() bool
}

// transportError ends a stream. After any other error the stream repairs.
type transportError struct{ error }

// streamState is a state of the diagram in doc.go.
type streamState int

const (
	stateOpened     streamState = iota // the initial state is read, and not yet sent
	stateCatchingUp                    // the initial state is sent; the changes after the cursor are not
	stateRepairing                     // something may have been missed: compare every chat with PostgreSQL
	stateLive                          // signals are applied as they arrive
	stateEnding                        // only the ends of chats and the closing item are still sent
)

// Stream is one receiver's view of what happens. One goroutine works at a time: the stream's own, which runs Run, or one that publishes
// a change and finds the stream waiting; see inline.go.
type Stream struct {
	working sync.Mutex // held by who works; Run releases it while it waits

	hub       *Hub
	to        Receiver
	sub       *subscription
	renderer  Renderer
	transport Transport

	timers streamTimers
	state  streamState
	// behind is set while something may have been missed. It outlives the states before live, which the repair follows.
	behind bool
	chats  clientState
	// openedAt is when the stream began, and syncedAt when it last tracked every chat of the receiver; both on
	// PostgreSQL's clock.
	openedAt, syncedAt time.Time

	queueStatus models.QueueStatus               // as last sent to a waiting user
	agentID     string                           // the agent whose presence a user receives
	loads       map[string]models.PresenceChange // as last sent to a supervisor
	offers      map[int64]sentOffer              // as last sent to an agent
	alerts      map[int64]sentAlert              // as last sent to a supervisor

	// Read by Open and sent by Run: the initial state, and the chats that changed after the cursor.
	initial *InitialState
	missed  []models.Chat
}

// Open subscribes the receiver and then reads the initial state, in this order, so that every change committed from now
// on is in the initial state or arrives as a signal. It returns the error of PostgreSQL when that cannot be read. Run or
// Close must follow.
func (h *Hub) Open(ctx context.Context, to Receiver) (*Stream, error) {
	var topics []topic
	switch to.View {
	case Own:
		topics = append(topics, ownTopic(to.Actor))
		if to.Actor.AtLeast(models.RoleSupervisor) {
			topics = append(topics, profiles)
		}
	case Supervision:
		topics = append(topics, supervisors, flagged)
	case Watching:
		topics = append(topics, chatTopic(to.ChatID))
	}
	if to.Board || to.View == Supervision {
		topics = append(topics, boards)
	}
	s := &Stream{hub: h, to: to, state: stateOpened, initial: &InitialState{}}
	s.sub = h.subscribe(to, topics...)
	bounded, cancel := context.WithTimeout(ctx, 2*queryTime)
	defer cancel()
	err := s.checkSession(bounded)
	if err == nil {
		err = s.readInitialState(bounded)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// checkSession ends the stream when its session ended after the request was authenticated and before the stream was
// subscribed: no event comes for that.
func (s *Stream) checkSession(ctx context.Context) error {
	if len(s.to.Session) == 0 {
		return nil
	}
	live, err := s.hub.desk.LiveSessions(ctx, [][]byte{s.to.Session})
	if err == nil && !live[string(s.to.Session)] {
		s.sub.end(SignedOut)
	}
	return err
}

// Close removes the stream from the hub.
func (s *Stream) Close() { s.hub.unsubscribe(s.sub) }

// Run sends the initial state, then what was missed since the cursor, then what is new, until the stream or the context
// ends. It returns nil when the hub ended the stream, the context's error, or the transport's error. It closes the stream.
func (s *Stream) Run(ctx context.Context, renderer Renderer, transport Transport) error {
	defer s.Close()
	s.renderer, s.transport = renderer, transport
	s.sub.setTransport(transport)
	s.working.Lock()
	defer s.working.Unlock()
	s.acceptInline(ctx)
	defer s.sub.setInline(nil)
	s.timers.start(time.Now(), s.to.Ends)
	timer := time.NewTimer(heartbeatEvery)
	defer timer.Stop()
	err := s.advance(ctx, nil)
	// Thousands of streams wait here. Go halves the stack of a goroutine that uses less than a quarter of it, so what needs more is in
	// functions that have returned by then.
	for goesOn := true; goesOn; {
		if err = s.flush(ctx, err, timer); err != nil {
			return err
		}
		goesOn, err = s.proceed(ctx, s.wait(ctx, timer))
	}
	return err
}

// flush writes what the last work has left, whose error it takes, and sets the timer to what is due next. It returns an error that ends
// the stream.
func (s *Stream) flush(ctx context.Context, err error, timer *time.Timer) error {
	if broken, ok := errors.AsType[transportError](err); ok {
		return broken.error
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil { // PostgreSQL is away: only heartbeats are sent until it is back
		s.fallBehind()
		s.timers.retryAt = time.Now().Add(retryAfter)
	}
	if err := s.transport.Flush(); err != nil {
		return err
	}
	timer.Reset(time.Until(s.timers.next()))
	return nil
}

// proceed does what is due after a wait, and applies the signals. It reports whether the stream goes on, also after an error.
func (s *Stream) proceed(ctx context.Context, fired bool) (goesOn bool, err error) {
	if fired {
		switch s.timers.due(time.Now()) {
		case dueHeartbeat:
			err := s.transport.Heartbeat()
			return err == nil, err
		case dueExpiry:
			s.sub.end(Expired)
		case dueRenewal:
			s.sub.end(Renewed)
		case dueRetry:
		}
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	s.timers.retryAt = time.Time{}
	signals, needsRepair, reason := s.sub.take()
	if reason != "" {
		return false, s.end(ctx, signals, reason)
	}
	if needsRepair {
		s.fallBehind()
	}
	return true, s.advance(ctx, signals)
}

// wait lets others work until there is something to do, and reports whether the timer fired.
func (s *Stream) wait(ctx context.Context, timer *time.Timer) (fired bool) {
	s.working.Unlock()
	defer s.working.Lock()
	select {
	case <-ctx.Done():
		return false
	case <-s.sub.wake:
		return false
	case <-timer.C:
		return true
	}
}

// advance moves the stream to the state live and then applies the signals. After an error the signals that were not applied are
// dropped: the caller must call fallBehind, and the repair finds what they were about.
func (s *Stream) advance(ctx context.Context, signals []signal) error {
	for s.state != stateLive {
		if err := s.transition(ctx); err != nil {
			return err
		}
	}
	for _, sig := range signals {
		if err := s.apply(ctx, sig); err != nil {
			return err
		}
	}
	return nil
}

// transition does the work of a state and moves to the next one. After an error the state is the same, and the work can
// be tried again.
func (s *Stream) transition(ctx context.Context) error {
	switch s.state {
	case stateOpened:
		if err := s.sendInitialState(ctx); err != nil {
			return err
		}
		s.state = stateCatchingUp
	case stateCatchingUp:
		if err := s.sendMissed(ctx); err != nil {
			return err
		}
		s.state = stateLive
		if s.behind {
			s.state = stateRepairing
		}
	case stateRepairing:
		if err := s.repair(ctx); err != nil {
			return err
		}
		s.state, s.behind = stateLive, false
	case stateLive, stateEnding: // left by fallBehind, or never
	}
	return nil
}

// fallBehind moves a live stream to repairing. A stream that is not live yet repairs once it has caught up.
func (s *Stream) fallBehind() {
	s.behind = true
	if s.state == stateLive {
		s.state = stateRepairing
	}
}

// end sends what a client needs to know when the hub ends its stream: chats that ended together with it, and the reason.
// It sends nothing to a client that is gone.
func (s *Stream) end(ctx context.Context, signals []signal, reason Reason) error {
	s.state = stateEnding
	if reason == disconnected {
		return nil
	}
	if err := s.sendEndedChats(ctx, signals); err != nil {
		return err
	}
	return s.sendClosing(ctx, reason)
}

// sendEndedChats sends, of the pending signals, those that end a chat. Errors of PostgreSQL are ignored: the client finds
// the ends with its cursor when it connects again.
func (s *Stream) sendEndedChats(ctx context.Context, signals []signal) error {
	for _, sig := range signals {
		if sig.event == nil || sig.event.Change == nil || !sig.event.Change.Ended {
			continue
		}
		if broken, ok := errors.AsType[transportError](s.apply(ctx, sig)); ok {
			return broken.error
		}
	}
	return nil
}

// sendClosing sends the last item. Clients connect again after 1 to 3 s, at random, so that they do not all come at once.
func (s *Stream) sendClosing(ctx context.Context, reason Reason) error {
	retry := time.Second + rand.N(2*time.Second)
	if reason == Replaced {
		retry = time.Minute // else the tabs of one person would end one another's streams all the time
	}
	if err := s.transport.Retry(retry); err != nil {
		return err
	}
	if err := s.sendItem(ctx, Closing{reason}); err != nil {
		return err
	}
	return s.transport.Flush()
}

// sendItem renders and sends an item that does not move the cursor.
func (s *Stream) sendItem(ctx context.Context, item Item) error {
	frames, err := s.render(ctx, item)
	if err != nil {
		return err
	}
	for _, f := range frames {
		if err := s.transport.Send(f, ""); err != nil {
			return transportError{err}
		}
	}
	return nil
}

// render bounds the renderer's own queries, so that a PostgreSQL that hangs does not keep heartbeats back for long.
func (s *Stream) render(ctx context.Context, item Item) ([]Frame, error) {
	bounded, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return s.renderer.Render(bounded, item)
}
