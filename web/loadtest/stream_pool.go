package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A crowd is a process of its own that holds many streams: ten thousand of them for the program and as many for the bare handler are
// more files than one process may open everywhere.

// streamPoolPlan is what a crowd is told first. Paths and tokens are one for each stream.
type streamPoolPlan struct {
	Addr   string   `json:"addr"`
	Paths  []string `json:"paths"`
	Tokens []string `json:"tokens"`
}

// streamPoolOrder is what it is told then: to wait until so many streams have brought an event, of those that come from now on.
type streamPoolOrder struct {
	Event  string        `json:"event"`
	Count  int           `json:"count"`
	Within time.Duration `json:"within"`
}

// streamPoolAnswer says how many streams stand, that an order was heard, or how many streams brought the event and when the last one did.
type streamPoolAnswer struct {
	Open  int       `json:"open"`
	Ready bool      `json:"ready"`
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Error string    `json:"error,omitempty"`
}

// watch is what the streams of a crowd look out for.
type watch struct {
	event   string
	want    int64
	count   atomic.Int64
	first   atomic.Int64 // Unix nanoseconds
	last    atomic.Int64
	reached chan struct{}
}

type streamPool struct {
	watch atomic.Pointer[watch]
	ended atomic.Int64
}

// runStreamPool is the process of a crowd. It ends with its input, or when it is told to.
func runStreamPool(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { os.Exit(0) })()
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	var plan streamPoolPlan
	if err := in.Decode(&plan); err != nil {
		return err
	}
	c := &streamPool{}
	if err := c.open(ctx, plan); err != nil {
		return errors.Join(err, out.Encode(streamPoolAnswer{Error: err.Error()}))
	}
	if err := out.Encode(streamPoolAnswer{Open: len(plan.Paths)}); err != nil {
		return err
	}
	for {
		var order streamPoolOrder
		if err := in.Decode(&order); err != nil {
			return nil //nolint:nilerr // there is nobody left to hold streams for
		}
		w := &watch{event: order.Event, want: int64(order.Count), reached: make(chan struct{})}
		c.watch.Store(w)
		if err := out.Encode(streamPoolAnswer{Ready: true}); err != nil {
			return err
		}
		if err := out.Encode(c.wait(ctx, w, order.Within)); err != nil {
			return err
		}
	}
}

func (c *streamPool) open(ctx context.Context, plan streamPoolPlan) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i, path := range plan.Paths {
		group.Go(func() error {
			token := ""
			if len(plan.Tokens) > 0 {
				token = plan.Tokens[i]
			}
			var s *stream
			var err error
			for try := range 5 { // a crowd that comes at once may be told to come again
				if s, err = openStream(ctx, plan.Addr, request{"GET", path, token}); err == nil || pause(ctx, time.Duration(1+try)*time.Second) != nil {
					break
				}
			}
			if err != nil {
				return fmt.Errorf("stream %d of %d: %w", i, len(plan.Paths), err)
			}
			go c.read(s)
			return nil
		})
	}
	return group.Wait()
}

// read counts a stream once for each watch.
func (c *streamPool) read(s *stream) {
	var seen *watch
	_ = eachLine(s.r, func(field string, value []byte) {
		if field != "event" {
			return
		}
		w := c.watch.Load()
		if w == nil || w == seen || string(value) != w.event {
			return
		}
		seen = w
		now := time.Now().UnixNano()
		w.first.CompareAndSwap(0, now)
		w.last.Store(now) // that of the last one stands, or of one that came in the same moment
		if w.count.Add(1) == w.want {
			close(w.reached)
		}
	})
	c.ended.Add(1)
}

func (c *streamPool) wait(ctx context.Context, w *watch, within time.Duration) streamPoolAnswer {
	select {
	case <-w.reached:
	case <-ctx.Done():
	case <-time.After(within):
	}
	a := streamPoolAnswer{Count: int(w.count.Load()), First: time.Unix(0, w.first.Load()), Last: time.Unix(0, w.last.Load())}
	if n := c.ended.Load(); n > 0 {
		a.Error = fmt.Sprintf("%d streams have ended", n)
	}
	return a
}

// streamPoolProcess is a crowd as the load sees it.
type streamPoolProcess struct {
	*process
	mu  sync.Mutex
	in  *json.Encoder
	out *json.Decoder
}

// openStreamPool opens the streams of a plan and returns when all of them stand.
func (b *bench) openStreamPool(plan streamPoolPlan) (*streamPoolProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, in, out, err := b.helper("crowd", self)
	if err != nil {
		return nil, err
	}
	c := &streamPoolProcess{process: p, in: json.NewEncoder(in), out: json.NewDecoder(out)}
	if err := c.in.Encode(plan); err != nil {
		return nil, err
	}
	var a streamPoolAnswer
	if err := c.out.Decode(&a); err != nil || a.Error != "" {
		return nil, errors.Join(err, errors.New(a.Error+p.outputTail()))
	}
	return c, nil
}

// deliveryTimeout is how long an event may take to reach everybody; one that has not by then is taken to have taken that long.
const deliveryTimeout = 20 * time.Second

// timeEach does something and returns how long it took until the event had come over every stream, the first of them and the last.
func (c *streamPoolProcess) timeEach(event string, count int, do func() error) (first, last time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.in.Encode(streamPoolOrder{Event: event, Count: count, Within: deliveryTimeout}); err != nil {
		return 0, 0, err
	}
	var a streamPoolAnswer
	if err := c.out.Decode(&a); err != nil || !a.Ready {
		return 0, 0, errors.Join(err, errors.New("the crowd did not hear"))
	}
	began := time.Now()
	done := do()
	if err := errors.Join(done, c.out.Decode(&a)); err != nil {
		return 0, 0, err
	}
	if a.Error != "" || a.Count == 0 {
		return 0, 0, fmt.Errorf("%d of %d streams brought %s in %s; %s", a.Count, count, event, deliveryTimeout, a.Error)
	}
	if a.Count < count {
		return a.First.Sub(began), deliveryTimeout, nil
	}
	return a.First.Sub(began), a.Last.Sub(began), nil
}
