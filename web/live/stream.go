package live

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"parley/models"
)

const (
	beatEvery  = 13 * time.Second // contract: a comment line at least every 20 s
	retryStale = time.Second
	lifetime   = 30 * time.Minute // then the client comes back, so that load spreads over instances
)

// View is what a stream shows.
type View int

// The views.
const (
	Own         View = iota // the receiver's own chats
	Supervision             // the queue and everybody's load, for supervisors
)

// Receiver is who opens a stream, what they want to see and how far they have come.
type Receiver struct {
	Actor   models.Actor
	Session []byte    // whose end ends the stream
	Ends    time.Time // of the credentials; zero for never
	// Anonymous tells of a user whom no host site has vouched for: the stream ends once that is required.
	Anonymous bool
	View      View
	Board     bool   // Board items too; House has them anyway
	Cursor    string // the last id that was received, "" for none
}

// Sink is the wire. Send may hold back what it is given until Flush.
type Sink interface {
	Send(f Frame, id string) error
	Retry(after time.Duration) error
	Heartbeat() error
	Flush() error
	// Disconnected tells that nobody is there any more. It may be asked at any time.
	Disconnected() bool
}

// sinkError ends a stream; every other error is mended by trying again.
type sinkError struct{ error }

// Stream is one receiver's view of what happens. It is used from one goroutine.
type Stream struct {
	hub   *Hub
	to    Receiver
	sub   *subscription
	draw  Renderer
	out   Sink
	known clientState
	// opened is when the stream began, and synced when it last knew every chat of the receiver; both on PostgreSQL's clock.
	opened, synced time.Time
	place          models.QueueStatus
	served         string // the agent whose presence a user hears
	loads          map[string]models.PresenceChange

	// What Open found and Run has not said yet: how things stand, and the chats in which something was missed.
	present *InitialState
	missed  []models.Chat
}

// Open registers the receiver, so that nothing committed from now on is lost to the stream, and then reads how things
// stand. It is refused when that cannot be read. Run must follow, or Close.
func (h *Hub) Open(ctx context.Context, to Receiver) (*Stream, error) {
	var topics []topic
	if to.View == Own {
		topics = append(topics, ownTopic(to.Actor))
	} else {
		topics = append(topics, supervisors)
	}
	if to.Board || to.View == Supervision {
		topics = append(topics, boards)
	}
	s := &Stream{hub: h, to: to, present: &InitialState{}}
	s.sub = h.subscribe(to, topics...)
	asked, cancel := context.WithTimeout(ctx, 2*queryTime)
	defer cancel()
	err := s.stillSignedIn(asked)
	if err == nil {
		err = s.begin(asked)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// stillSignedIn ends the stream at once when its session ended between the question who asks and the moment from which the hub tells of it.
func (s *Stream) stillSignedIn(ctx context.Context) error {
	if len(s.to.Session) == 0 {
		return nil
	}
	live, err := s.hub.desk.LiveSessions(ctx, [][]byte{s.to.Session})
	if err == nil && !live[string(s.to.Session)] {
		s.sub.end(SignedOut)
	}
	return err
}

// Close takes the stream out of the hub.
func (s *Stream) Close() { s.hub.unsubscribe(s.sub) }

// Run says what Open found, then what the cursor missed, then what is new, until the context or the stream ends.
// It closes the stream.
func (s *Stream) Run(ctx context.Context, draw Renderer, out Sink) error {
	defer s.Close()
	s.draw, s.out = draw, out
	s.sub.setSink(out)
	now := time.Now()
	due := streamTimers{heartbeat: now.Add(beatEvery), renew: now.Add(lifetime + rand.N(lifetime/3)), expire: s.to.Ends}
	timer := time.NewTimer(beatEvery)
	defer timer.Stop()
	err := s.process(ctx, nil, false)
	for {
		var sink sinkError
		switch {
		case errors.As(err, &sink):
			return sink.error
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil: // PostgreSQL is away: say so by heartbeats only, and repair when it is back
			s.sub.repairLater()
			due.again = time.Now().Add(retryStale)
		}
		if err := s.out.Flush(); err != nil {
			return err
		}
		err = nil
		timer.Reset(time.Until(due.next()))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.sub.wake:
		case <-timer.C:
			switch what := due.due(time.Now()); what {
			case "":
			case heartbeatDue:
				if err := s.out.Heartbeat(); err != nil {
					return err
				}
				continue
			default:
				s.sub.end(what)
			}
		}
		due.again = time.Time{}
		signals, behind, ending := s.sub.take()
		switch ending {
		case "":
		case disconnected:
			return nil
		default:
			if err := s.sendEndings(ctx, signals); err != nil {
				return err
			}
			return s.close(ctx, ending)
		}
		err = s.process(ctx, signals, behind)
	}
}

// streamTimers is when something is to be done without anything having happened; one timer serves for all.
type streamTimers struct {
	heartbeat, renew time.Time
	expire, again    time.Time // zero for never
}

func (t *streamTimers) next() time.Time {
	next := t.heartbeat
	for _, at := range []time.Time{t.renew, t.expire, t.again} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return next
}

// due returns what is due: the end of the stream, beating, or "" for trying again.
func (t *streamTimers) due(now time.Time) Reason {
	switch {
	case !t.expire.IsZero() && !now.Before(t.expire):
		return Expired
	case !now.Before(t.renew):
		return Renewed
	case !t.again.IsZero() && !now.Before(t.again):
		return ""
	}
	t.heartbeat = now.Add(beatEvery)
	return heartbeatDue
}

// process says what Open found, if that is not said yet, then applies what arrived, or repairs when something did not.
func (s *Stream) process(ctx context.Context, signals []signal, behind bool) error {
	if err := s.sendInitial(ctx); err != nil {
		return err
	}
	if behind {
		s.hub.queue.markQueueChanged("")
		if err := s.repair(ctx); err != nil {
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

func (s *Stream) apply(ctx context.Context, sig signal) error {
	switch {
	case sig.position != nil:
		return s.sendQueued(ctx, sig.position)
	case sig.board != nil:
		return s.sendItem(ctx, *sig.board)
	case sig.versions != nil:
		return s.compare(ctx, sig.versions)
	}
	switch e := sig.event; e.Kind {
	case models.KindChange:
		return s.changed(ctx, e.Change, sig.shared)
	case models.KindRecheck:
		return s.recheck(ctx, e.Recheck.Chats)
	case models.KindErased:
		return s.erased(ctx, e.Erased)
	case models.KindTyping:
		if s.known.state(e.Typing.ChatID).Status == models.Active {
			return s.sendItem(ctx, Typing{*e.Typing})
		}
	case models.KindPresence:
		if s.to.Actor.IsAgent() || s.isServedBy(e.Presence.ServiceID) {
			return s.presence(ctx, *e.Presence, sig.shared)
		}
	}
	return nil
}

// sendEndings says, of what arrived together with the end of the stream, which chats have ended.
func (s *Stream) sendEndings(ctx context.Context, signals []signal) error {
	for _, sig := range signals {
		if sig.event == nil || sig.event.Change == nil || !sig.event.Change.Ended {
			continue
		}
		var sink sinkError
		if err := s.apply(ctx, sig); errors.As(err, &sink) {
			return sink.error
		}
	}
	return nil
}

// erased tells an agent which chats there are no more.
func (s *Stream) erased(ctx context.Context, e *models.Erased) error {
	item := Erased{}
	for _, c := range e.Chats {
		if c.AgentID != s.to.Actor.ID {
			continue
		}
		item.ChatIDs = append(item.ChatIDs, c.ID)
		s.known.forget(c.ID)
	}
	if s.to.View == Supervision || len(item.ChatIDs) == 0 {
		return nil
	}
	return s.sendItem(ctx, item)
}

func (s *Stream) isServedBy(agentID string) bool {
	for i := range s.known {
		if k := &s.known[i]; k.Status == models.Active && k.AgentID == agentID {
			return true
		}
	}
	return false
}

func (s *Stream) presence(ctx context.Context, p models.PresenceChange, shared *EncodingCache) error {
	if s.to.View == Supervision {
		s.recordLoad(p)
	}
	return s.sendItem(ctx, Presence{PresenceChange: p, OfAnyAgent: s.to.View == Supervision, Shared: shared})
}

func (s *Stream) recordLoad(p models.PresenceChange) {
	if s.loads == nil {
		s.loads = map[string]models.PresenceChange{}
	}
	s.loads[p.ServiceID] = p
}

func (s *Stream) sendQueued(ctx context.Context, p *queuePosition) error {
	before := s.place
	same := before.Position == p.status.Position && before.Estimate == p.status.Estimate && before.ChatID == p.status.ChatID
	if s.known.state(p.status.ChatID).Status != models.Waiting || same {
		return nil
	}
	item := Queued{Status: p.status, Before: before}
	if before.ChatID == p.status.ChatID && before.Position > 0 {
		item.Previous, item.Cause = before.Position, mainCause(before, p.status, p.causes)
	}
	if err := s.sendItem(ctx, item); err != nil {
		return err
	}
	s.place = p.status
	return nil
}

// sendItem renders an item that no cursor speaks of.
func (s *Stream) sendItem(ctx context.Context, item Item) error {
	frames, err := s.render(ctx, item)
	if err != nil {
		return err
	}
	for _, f := range frames {
		if err := s.out.Send(f, ""); err != nil {
			return sinkError{err}
		}
	}
	return nil
}

func (s *Stream) render(ctx context.Context, item Item) ([]Frame, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return s.draw.Render(ctx, item)
}

func (s *Stream) close(ctx context.Context, why Reason) error {
	retry := time.Second + rand.N(2*time.Second)
	if why == Replaced {
		retry = time.Minute // else twenty-one tabs would chase one another
	}
	if err := s.out.Retry(retry); err != nil {
		return err
	}
	if err := s.sendItem(ctx, Closing{why}); err != nil {
		return err
	}
	return s.out.Flush()
}
