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
	// maxParked is how many bytes of events wait for the next poll; a stream with more is ended, and the next poll goes on from its cursor.
	maxParked = 1 << 20

	pollSoon = time.Second     // after something happened
	pollLate = 3 * time.Second // at most, while nothing does

	// MaxPollWait is the longest time for which a poll may wait for an event.
	MaxPollWait = 20 * time.Second
)

var errBacklog = errors.New("live: too many events wait for a poll")

// Poll is one request of a client that cannot receive a stream because something on its path holds the body back.
type Poll struct {
	Receiver // its Cursor is the last_event_id of the poll before, or the last id of a stream
	// Scope names the address and the language of the stream: the polls of one stream have one scope.
	Scope string
	// Wait is how long the answer may wait for an event when there is none.
	Wait time.Duration
}

// PolledEvent is an event as a stream would have sent it.
type PolledEvent struct {
	ID    string // the cursor after this event, "" for the one before
	Event string
	Data  []byte
}

// PollAnswer is what happened since the poll before.
type PollAnswer struct {
	Events []PolledEvent
	// LastEventID is to be sent with the next poll. It is good for a stream, too.
	LastEventID string
	After       time.Duration // until the next poll
}

// Poller answers polls from streams that it keeps open between two polls of a client: the events, their order and the work for them are those of any
// stream, and a poll that finds nothing new asks no database. A poll that meets no such stream, because it is the first or comes to another
// instance, opens one at its cursor.
type Poller struct {
	hub   *Hub
	start func(run func(context.Context))

	mu     sync.Mutex
	parked map[string]*parked
}

// NewPoller returns a Poller. start runs a stream until it ends or the context given to it does.
func NewPoller(hub *Hub, start func(run func(context.Context))) *Poller {
	return &Poller{hub: hub, start: start, parked: map[string]*parked{}}
}

// Poll returns the events since the poll before; for the first one, what a stream begins with. It is refused when that cannot be read, and when ctx
// ends before there is an answer; the events then stay for the next poll.
func (r *Poller) Poll(ctx context.Context, q Poll, draw Renderer) (*PollAnswer, error) {
	asked := q.Cursor
	place := parsePollCursor(asked)
	q.Cursor = place.cursor
	p := r.find(q, place)
	if p == nil {
		if place.client == "" {
			place.client = rand.Text()
		}
		var err error
		if p, err = r.open(ctx, q, place.client, draw); err != nil {
			return nil, err
		}
		place.turn = ""
	}
	if err := p.await(ctx, q.Wait); err != nil {
		return nil, err
	}
	answer := p.take(place)
	if answer == nil { // another request with the same id was answered first
		answer = &PollAnswer{LastEventID: asked, After: pollSoon}
	}
	return answer, nil
}

func parkedKey(q Poll, client string) string {
	return string(q.Actor.Kind) + ":" + q.Actor.ID + ":" + client
}

// find returns the stream behind the polls of a client, nil when there is none that goes on exactly after the poll before.
func (r *Poller) find(q Poll, place pollCursor) *parked {
	if place.client == "" {
		return nil
	}
	r.mu.Lock()
	p := r.parked[parkedKey(q, place.client)]
	r.mu.Unlock()
	if p == nil || p.scope == q.Scope && string(p.session) == string(q.Session) && p.resume(place.turn) {
		return p
	}
	p.stream.sub.end(disconnected)
	return nil
}

func (r *Poller) open(ctx context.Context, q Poll, client string, draw Renderer) (*parked, error) {
	stream, err := r.hub.Open(ctx, q.Receiver)
	if err != nil {
		return nil, err
	}
	p := &parked{stream: stream, scope: q.Scope, session: q.Session, cursor: q.Cursor, polledAt: time.Now(), polls: 1,
		news: make(chan struct{}, 1), begun: make(chan struct{}), ended: make(chan struct{})}
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
		defer time.AfterFunc(parkFor, forget) // its last events may still be asked for
		defer close(p.ended)
		_ = stream.Run(ctx, draw, p) // whatever ended it, the next poll opens another
	})
	return p, nil
}

// parked is a stream between two polls. It is the stream's Sink.
type parked struct {
	stream  *Stream
	scope   string
	session []byte
	news    chan struct{} // holds at most one
	begun   chan struct{} // closed when the stream has said what it begins with
	ended   chan struct{} // closed when the stream has ended

	mu       sync.Mutex
	turn     string // names the last answer, "" before the first
	cursor   string
	events   []PolledEvent
	size     int
	idle     int // answers in a row without an event
	retry    time.Duration
	hasBegun bool
	failed   bool // an event was dropped
	polls    int  // that wait
	polledAt time.Time
}

// resume begins a poll that follows the answer of that name; it returns false when that was not the last one, or the stream is over.
func (p *parked) resume(turn string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.turn != turn || p.failed || p.isOver() && len(p.events) == 0 {
		return false
	}
	p.polls++
	return true
}

func (p *parked) isOver() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// await returns once the stream has begun and an event is there, or for has passed, or the stream has ended.
func (p *parked) await(ctx context.Context, long time.Duration) error {
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
	timer := time.NewTimer(min(long, MaxPollWait))
	defer timer.Stop()
	for !p.hasNews() {
		select {
		case <-p.news:
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

func (p *parked) hasNews() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.events) > 0 || p.failed
}

// take returns the events that wait, or nil when another poll took them.
func (p *parked) take(place pollCursor) *PollAnswer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.turn != place.turn || p.failed {
		return nil
	}
	p.turn = rand.Text()[:10] // not a number: another instance may have answered as often
	if p.idle++; len(p.events) > 0 {
		p.idle = 0
	}
	place.cursor, place.turn = p.cursor, p.turn
	after := min(pollSoon+time.Duration(p.idle)*pollSoon/2, pollLate)
	answer := &PollAnswer{Events: p.events, LastEventID: place.String(), After: max(after, p.retry)}
	p.events, p.size = nil, 0
	return answer
}

// Send is Sink.
func (p *parked) Send(f Frame, id string) error {
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

// Retry is Sink.
func (p *parked) Retry(after time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retry = after
	return nil
}

// Heartbeat is Sink. Each answer shows the client that the line lives.
func (p *parked) Heartbeat() error { return nil }

// Flush is Sink.
func (p *parked) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.hasBegun {
		p.hasBegun = true
		close(p.begun)
	}
	if len(p.events) > 0 {
		select {
		case p.news <- struct{}{}:
		default:
		}
	}
	return nil
}

// Disconnected is Sink: the client no longer polls.
func (p *parked) Disconnected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.polls == 0 && time.Since(p.polledAt) > parkFor
}

// pollCursor is a cursor with the name of the client's parked stream and of the answer.
type pollCursor struct{ cursor, client, turn string }

const pollMark = "."

func (c pollCursor) String() string {
	return strings.Join([]string{c.cursor, c.client, c.turn}, pollMark)
}

// parsePollCursor reads the last_event_id of a poll. One of a stream, and one that cannot be read, names no client.
func parsePollCursor(id string) pollCursor {
	parts := strings.Split(id, pollMark)
	c := pollCursor{cursor: parts[0]}
	if len(parts) == 3 && parts[1] != "" && len(parts[1]) <= 32 && parts[2] != "" {
		c.client, c.turn = parts[1], parts[2]
	}
	return c
}
