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
	Own   View = iota // the receiver's own chats
	House             // the queue and everybody's load, for supervisors
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
	Beat() error
	Flush() error
	// Gone tells that nobody is there any more. It may be asked at any time.
	Gone() bool
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
	known knowledge
	// opened is when the stream began, and synced when it last knew every chat of the receiver; both on PostgreSQL's clock.
	opened, synced time.Time
	place          models.QueueStatus
	served         string // the agent whose presence a user hears
	loads          map[string]models.PresenceChange

	// What Open found and Run has not said yet: how things stand, and the chats in which something was missed.
	present *Present
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
	if to.Board || to.View == House {
		topics = append(topics, boards)
	}
	s := &Stream{hub: h, to: to, present: &Present{}}
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
	s.sub.leaves(out)
	now := time.Now()
	due := timing{beat: now.Add(beatEvery), renew: now.Add(lifetime + rand.N(lifetime/3)), expire: s.to.Ends}
	timer := time.NewTimer(beatEvery)
	defer timer.Stop()
	err := s.follow(ctx, nil, false)
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
			switch what := due.reached(time.Now()); what {
			case "":
			case beating:
				if err := s.out.Beat(); err != nil {
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
		case left:
			return nil
		default:
			if err := s.endings(ctx, signals); err != nil {
				return err
			}
			return s.close(ctx, ending)
		}
		err = s.follow(ctx, signals, behind)
	}
}

// timing is when something is to be done without anything having happened; one timer serves for all.
type timing struct {
	beat, renew   time.Time
	expire, again time.Time // zero for never
}

func (t *timing) next() time.Time {
	next := t.beat
	for _, at := range []time.Time{t.renew, t.expire, t.again} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return next
}

// reached returns what is due: the end of the stream, beating, or "" for trying again.
func (t *timing) reached(now time.Time) Reason {
	switch {
	case !t.expire.IsZero() && !now.Before(t.expire):
		return Expired
	case !now.Before(t.renew):
		return Renewed
	case !t.again.IsZero() && !now.Before(t.again):
		return ""
	}
	t.beat = now.Add(beatEvery)
	return beating
}

// follow says what Open found, if that is not said yet, then applies what arrived, or repairs when something did not.
func (s *Stream) follow(ctx context.Context, signals []signal, behind bool) error {
	if err := s.first(ctx); err != nil {
		return err
	}
	if behind {
		s.hub.queue.poke("")
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
	case sig.place != nil:
		return s.queued(ctx, sig.place)
	case sig.board != nil:
		return s.say(ctx, *sig.board)
	case sig.heads != nil:
		return s.compare(ctx, sig.heads)
	}
	switch e := sig.event; e.Kind {
	case models.KindChange:
		return s.changed(ctx, e.Change, sig.shared)
	case models.KindRecheck:
		return s.recheck(ctx, e.Recheck.Chats)
	case models.KindErased:
		return s.erased(ctx, e.Erased)
	case models.KindTyping:
		if s.known.mark(e.Typing.ChatID).Status == models.Active {
			return s.say(ctx, Typing{*e.Typing})
		}
	case models.KindPresence:
		if s.to.Actor.IsAgent() || s.isServedBy(e.Presence.ServiceID) {
			return s.presence(ctx, Presence{PresenceChange: *e.Presence, Agent: e.Agent, Shared: sig.shared})
		}
	}
	return nil
}

// endings says, of what arrived together with the end of the stream, which chats have ended.
func (s *Stream) endings(ctx context.Context, signals []signal) error {
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
	if s.to.View == House || len(item.ChatIDs) == 0 {
		return nil
	}
	return s.say(ctx, item)
}

func (s *Stream) isServedBy(agentID string) bool {
	for i := range s.known {
		if k := &s.known[i]; k.Status == models.Active && k.AgentID == agentID {
			return true
		}
	}
	return false
}

func (s *Stream) presence(ctx context.Context, p Presence) error {
	if p.House = s.to.View == House; p.House {
		s.load(p.PresenceChange)
	}
	return s.say(ctx, p)
}

func (s *Stream) load(p models.PresenceChange) {
	if s.loads == nil {
		s.loads = map[string]models.PresenceChange{}
	}
	s.loads[p.ServiceID] = p
}

func (s *Stream) queued(ctx context.Context, p *place) error {
	before := s.place
	same := before.Position == p.status.Position && before.Estimate == p.status.Estimate && before.ChatID == p.status.ChatID
	if s.known.mark(p.status.ChatID).Status != models.Waiting || same {
		return nil
	}
	item := Queued{Status: p.status, Before: before}
	if before.ChatID == p.status.ChatID && before.Position > 0 {
		item.Previous, item.Cause = before.Position, explain(before, p.status, p.causes)
	}
	if err := s.say(ctx, item); err != nil {
		return err
	}
	s.place = p.status
	return nil
}

// say renders an item that no cursor speaks of.
func (s *Stream) say(ctx context.Context, item Item) error {
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
	if err := s.say(ctx, Closing{why}); err != nil {
		return err
	}
	return s.out.Flush()
}
