package live

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"time"
)

const (
	// parkFor is how long the stream behind a client's polls stays open after the last of them.
	parkFor = 15 * time.Second
	// maxParked is how many bytes of events wait for the next poll. A stream with more ends, and the next poll continues from
	// its cursor.
	maxParked = 1 << 20
	// maxClientName is the length of the longest client name that is accepted in a poll's cursor.
	maxClientName = 32

	pollMin = time.Second     // until the next poll after an event
	pollMax = 3 * time.Second // at most, while nothing happens

	// MaxPollWait is the longest time for which a poll may wait for an event.
	MaxPollWait = 20 * time.Second
)

// errBacklog ends a parked stream with more than maxParked bytes of events.
var errBacklog = errors.New("live: too many events wait for a poll")

// Poll is one request of a client that cannot receive a stream because a proxy on its path holds the body back.
type Poll struct {
	Receiver // its Cursor is the last_event_id of the poll before, or the last id of a stream
	// Scope names what the stream shows, and in which language. A poll with another scope gets another stream.
	Scope string
	// Wait is how long the answer waits for an event when there is none, at most MaxPollWait.
	Wait time.Duration
}

// PolledEvent is an event as a stream would have sent it.
type PolledEvent struct {
	ID    string // the cursor after this event, "" when it is that of the event before
	Event string
	Data  []byte
}

// PollAnswer is what happened since the poll before.
type PollAnswer struct {
	Events      []PolledEvent
	LastEventID string        // for the next poll; a stream accepts it too
	After       time.Duration // until the next poll
}

// Poller answers polls from streams that it keeps open between the polls of a client. The events and their order are those
// of any stream, and a poll that finds nothing new reads no database. A poll without such a stream, because it is the
// first or comes to another instance, opens one at its cursor.
type Poller struct {
	hub   *Hub
	start func(run func(context.Context))

	mu     sync.Mutex
	parked map[string]*parkedStream
}

// NewPoller returns a Poller. start must call run in a goroutine, with a context that ends when the instance stops.
func NewPoller(hub *Hub, start func(run func(context.Context))) *Poller {
	return &Poller{hub: hub, start: start, parked: map[string]*parkedStream{}}
}

// Poll returns the events since the poll before, or for the first poll what a stream begins with. It returns the error of
// PostgreSQL when that cannot be read, and the error of ctx when that ends before there is an answer; the events then
// stay for the next poll. When two polls have the same cursor, one gets the events and the other none: it then sends the
// same cursor again, and continues like after a lost answer.
func (r *Poller) Poll(ctx context.Context, q Poll, renderer Renderer) (*PollAnswer, error) {
	lastEventID := q.Cursor
	at := parsePollCursor(lastEventID)
	q.Cursor = at.cursor
	p := r.find(q, at)
	if p == nil {
		if at.client == "" {
			at.client = rand.Text()
		}
		var err error
		if p, err = r.open(ctx, q, at.client, renderer); err != nil {
			return nil, err
		}
		at.turn = ""
	}
	if err := p.await(ctx, q.Wait); err != nil {
		return nil, err
	}
	answer := p.take(at)
	if answer == nil {
		answer = &PollAnswer{LastEventID: lastEventID, After: pollMin}
	}
	return answer, nil
}

func parkedKey(q Poll, client string) string {
	return string(q.Actor.Kind) + ":" + q.Actor.ID + ":" + client
}

// find returns the parked stream of a client, nil when there is none that continues exactly after the poll before. One that
// does not continue there ends.
func (r *Poller) find(q Poll, at pollCursor) *parkedStream {
	if at.client == "" {
		return nil
	}
	r.mu.Lock()
	p := r.parked[parkedKey(q, at.client)]
	r.mu.Unlock()
	if p == nil || p.scope == q.Scope && string(p.session) == string(q.Session) && p.resume(at.turn) {
		return p
	}
	p.stream.sub.end(disconnected)
	return nil
}

func (r *Poller) open(ctx context.Context, q Poll, client string, renderer Renderer) (*parkedStream, error) {
	stream, err := r.hub.Open(ctx, q.Receiver)
	if err != nil {
		return nil, err
	}
	return r.park(stream, q, client, renderer), nil
}

// park runs a stream whose events wait for the polls of a client. The first of them is waiting already.
func (r *Poller) park(stream *Stream, q Poll, client string, renderer Renderer) *parkedStream {
	p := &parkedStream{
		stream: stream, scope: q.Scope, session: q.Session, cursor: q.Cursor, polledAt: time.Now(), polls: 1,
		arrived: make(chan struct{}, 1), begun: make(chan struct{}), ended: make(chan struct{}),
	}
	key := parkedKey(q, client)
	r.mu.Lock()
	r.parked[key] = p
	r.mu.Unlock()
	forget := func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.parked[key] == p {
			delete(r.parked, key)
		}
	}
	r.start(func(ctx context.Context) {
		defer time.AfterFunc(parkFor, forget) // the next poll still takes its last events
		defer close(p.ended)
		_ = stream.Run(ctx, renderer, p) // after any error the next poll opens another stream
	})
	return p
}

// parkedStream is a stream between two polls, and that stream's Transport.
type parkedStream struct {
	stream  *Stream
	scope   string
	session []byte
	arrived chan struct{} // holds at most one, after a flush with events
	begun   chan struct{} // closed when the stream has sent what it begins with
	ended   chan struct{} // closed when the stream has ended

	mu       sync.Mutex
	turn     string // names the last answer, "" before the first
	cursor   string
	events   []PolledEvent // for the next poll
	size     int           // of the events after the beginning, in bytes
	idle     int           // answers in a row without an event
	retry    time.Duration
	hasBegun bool
	failed   bool // an event was dropped
	polls    int  // that wait now
	polledAt time.Time
}

// resume begins a poll that follows the answer of that name. It returns false when that was not the last answer, or the
// stream has ended and nothing of it is left.
func (p *parkedStream) resume(turn string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.turn != turn || p.failed || p.hasEnded() && len(p.events) == 0 {
		return false
	}
	p.polls++
	return true
}

func (p *parkedStream) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// await returns once the stream has begun and has an event, or the wait has passed, or the stream has ended. It returns
// the error of ctx when that ends first.
func (p *parkedStream) await(ctx context.Context, wait time.Duration) error {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.polls--
		p.polledAt = time.Now()
	}()
	select {
	case <-p.begun:
	case <-p.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	timer := time.NewTimer(min(wait, MaxPollWait))
	defer timer.Stop()
	for !p.hasEvents() {
		select {
		case <-p.arrived:
		case <-p.ended:
			return nil
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (p *parkedStream) hasEvents() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.events) > 0 || p.failed
}

// take returns the events that wait, or nil when another poll took them.
func (p *parkedStream) take(at pollCursor) *PollAnswer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.turn != at.turn || p.failed {
		return nil
	}
	p.turn = rand.Text()[:10] // random, not a count: another instance may have answered as often
	if p.idle++; len(p.events) > 0 {
		p.idle = 0
	}
	at.cursor, at.turn = p.cursor, p.turn
	after := min(pollMin+time.Duration(p.idle)*pollMin/2, pollMax)
	answer := &PollAnswer{Events: p.events, LastEventID: at.String(), After: max(after, p.retry)}
	p.events, p.size = nil, 0
	return answer
}

// Send implements [Transport]. What a stream begins with may be larger than maxParked, and what comes after it has as much room.
func (p *parkedStream) Send(f Frame, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size += len(f.Event) + len(f.Data) + len(id)
	if p.hasBegun && p.size > maxParked {
		p.events, p.failed = nil, true
		return errBacklog
	}
	if id != "" {
		p.cursor = id
	}
	if f.Event != "" {
		p.events = append(p.events, PolledEvent{ID: id, Event: f.Event, Data: f.Data})
	}
	return nil
}

// Retry implements [Transport]: the answers that follow return it.
func (p *parkedStream) Retry(after time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retry = after
	return nil
}

// Heartbeat implements [Transport] and does nothing: each answer shows the client that the connection works.
func (p *parkedStream) Heartbeat() error { return nil }

// Flush implements [Transport]: it wakes a waiting poll.
func (p *parkedStream) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.hasBegun {
		p.hasBegun, p.size = true, 0
		close(p.begun)
	}
	if len(p.events) > 0 {
		select {
		case p.arrived <- struct{}{}:
		default:
		}
	}
	return nil
}

// Disconnected implements [Transport]: the client has not polled for parkFor.
func (p *parkedStream) Disconnected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.polls == 0 && time.Since(p.polledAt) > parkFor
}

// pollCursor is the last_event_id of a poll: a cursor, the name of the client, and the name of the answer. The last two
// find the parked stream and show whether the client received its last answer.
type pollCursor struct{ cursor, client, turn string }

const pollSeparator = "."

func (c pollCursor) String() string {
	return strings.Join([]string{c.cursor, c.client, c.turn}, pollSeparator)
}

// parsePollCursor reads the last_event_id of a poll. That of a stream, and one that cannot be read, has no client.
func parsePollCursor(id string) pollCursor {
	parts := strings.Split(id, pollSeparator)
	c := pollCursor{cursor: parts[0]}
	if len(parts) == 3 && parts[1] != "" && len(parts[1]) <= maxClientName && parts[2] != "" {
		c.client, c.turn = parts[1], parts[2]
	}
	return c
}
