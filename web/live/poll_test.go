package live

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/models"
)

// polling is a client that polls a stream which has begun and is parked.
type polling struct {
	t      *testing.T
	r      *Poller
	s      *Stream
	q      Poll
	cursor string
}

func newPolling(t *testing.T) *polling {
	t.Helper()
	h := newTestHub(unreachable(t))
	run(t, h.reapDisconnected)
	r := NewPoller(h, func(f func(context.Context)) { run(t, f) })
	p := &polling{t: t, r: r, q: Poll{Receiver: Receiver{Actor: models.UserActor("u")}}}
	p.s = &Stream{hub: h, to: p.q.Receiver, state: stateLive}
	p.s.sub = h.subscribe(p.q.Receiver, userTopic("u"))
	p.s.chats.track("chat").Status = models.Active
	parked := r.park(p.s, p.q, "client", &client{connected: time.Now()})
	if err := parked.await(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	p.cursor = parked.take(pollCursor{client: "client"}).LastEventID
	return p
}

// poll returns the events, the time until the next poll, and how long the answer took.
func (p *polling) poll(wait time.Duration) (events string, after, took time.Duration) {
	p.t.Helper()
	began := time.Now()
	q := p.q
	q.Cursor, q.Wait = p.cursor, wait
	answer, err := p.r.Poll(p.t.Context(), q, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.cursor = answer.LastEventID
	var names []string
	for _, e := range answer.Events {
		names = append(names, e.Event)
	}
	return strings.Join(names, " "), answer.After, time.Since(began)
}

func (p *polling) typing() {
	p.s.sub.push(signal{event: &models.Event{Kind: models.KindTyping, Typing: &models.Typing{ChatID: "chat"}}})
	synctest.Wait()
}

func TestPollsSlowDownWhileNothingHappens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPolling(t)
		for _, want := range []time.Duration{2 * time.Second, 2500 * time.Millisecond, 3 * time.Second, 3 * time.Second} {
			if events, after, took := p.poll(0); events != "" || after != want || took > 0 {
				t.Errorf("%q, the next after %s, in %s; want one after %s", events, after, took, want)
			}
			pass(want)
		}
		p.typing()
		if events, after, _ := p.poll(0); events != "typing" || after != time.Second {
			t.Errorf("after an event: %q, the next after %s", events, after)
		}
	})
}

func TestAPollWaitsForAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPolling(t)
		if _, _, took := p.poll(7 * time.Second); took != 7*time.Second {
			t.Errorf("a poll that waits 7 s took %s", took)
		}
		if _, _, took := p.poll(time.Hour); took != MaxPollWait {
			t.Errorf("a poll that waits an hour took %s", took)
		}
		time.AfterFunc(3*time.Second, p.typing)
		if events, _, took := p.poll(MaxPollWait); events != "typing" || took != 3*time.Second {
			t.Errorf("%q in %s", events, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		q := p.q
		q.Cursor, q.Wait = p.cursor, MaxPollWait
		if _, err := p.r.Poll(ctx, q, nil); err == nil {
			t.Error("a poll whose request ended was answered")
		}
		p.typing()
		if events, _, took := p.poll(MaxPollWait); events != "typing" || took > 0 {
			t.Errorf("the poll after it: %q in %s", events, took)
		}
	})
}

// TestALargeBeginningIsKept parks a stream that begins with more than others may keep, and to which something comes before the poll is
// answered.
func TestALargeBeginningIsKept(t *testing.T) {
	t.Parallel()
	p := &parkedStream{arrived: make(chan struct{}, 1), begun: make(chan struct{}), ended: make(chan struct{}), polls: 1}
	send := func(size int) error {
		if err := p.Send(Frame{Event: "message", Data: make([]byte, size)}, "id"); err != nil {
			return err
		}
		return p.Flush()
	}
	for _, size := range []int{3 * maxParked, maxParked / 2} {
		if err := send(size); err != nil {
			t.Fatal(err)
		}
	}
	if answer := p.take(pollCursor{}); answer == nil || len(answer.Events) != 2 {
		t.Fatalf("the answer is %+v", answer)
	}
	if err := send(maxParked / 2); err != nil {
		t.Error(err)
	}
	if err := send(maxParked); err == nil {
		t.Error("more than a stream may keep was kept after its beginning")
	}
}

func TestAParkedStreamEndsWithItsClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPolling(t)
		for range 5 {
			pass(14 * time.Second)
			p.poll(MaxPollWait) // longer than parkFor, and yet the client is there
		}
		if len(p.r.parked) != 1 || p.r.hub.Streams(models.KindUser) != 1 {
			t.Fatal("it ended between two polls")
		}
		pass(parkFor)
		if p.r.hub.Streams(models.KindUser) != 1 {
			t.Error("it ended early")
		}
		p.typing()
		pass(2 * disconnectCheckEvery)
		if p.r.hub.Streams(models.KindUser) != 0 {
			t.Error("it is open though the client has not polled for 15 s")
		}
		if events, _, _ := p.poll(0); events != "typing" { // its last event is not lost
			t.Errorf("the last poll got %q", events)
		}
		pass(parkFor)
		if len(p.r.parked) != 0 {
			t.Error("a stream that ended is kept")
		}
	})
}
