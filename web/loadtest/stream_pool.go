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

// A stream pool is a process that holds many streams. The benchmark needs ten thousand streams to the program and as many to the bare
// handler, which exceeds the open file limit of one process on many machines.

// streamPoolPlan is the first message to a stream pool: the streams to open. Paths and Tokens have one entry per stream; Tokens may be
// empty.
type streamPoolPlan struct {
	Addr   string   `json:"addr"`
	Paths  []string `json:"paths"`
	Tokens []string `json:"tokens"`
}

// streamPoolOrder tells a stream pool to wait until a number of streams have received a new event of this type.
type streamPoolOrder struct {
	Event  string        `json:"event"`
	Count  int           `json:"count"`
	Within time.Duration `json:"within"`
}

// streamPoolAnswer is a reply of a stream pool: the number of open streams, the confirmation of an order, or its result, which is the
// number of streams that received the event and the times of the first and the last one.
type streamPoolAnswer struct {
	Open  int       `json:"open"`
	Ready bool      `json:"ready"`
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Error string    `json:"error,omitempty"`
}

// watch is the event that the streams of a pool wait for.
type watch struct {
	event   string
	want    int64
	count   atomic.Int64
	first   atomic.Int64 // Unix nanoseconds
	last    atomic.Int64
	reached chan struct{}
}

// streamPool is the state of a stream pool process.
type streamPool struct {
	watch atomic.Pointer[watch]
	ended atomic.Int64
}

// runStreamPool is the main function of a stream pool process. It ends when its standard input closes or ctx ends.
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
			return nil //nolint:nilerr // the parent has closed the pipe
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
			for try := range 5 { // the server may refuse some of many simultaneous connections
				if s, err = openStream(
					ctx,
					plan.Addr,
					request{"GET", path, token},
				); err == nil ||
					pause(ctx, time.Duration(1+try)*time.Second) != nil {
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

// read reads a stream to its end and counts it once for each watch.
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
		w.last.Store(now) // concurrent stores differ by microseconds, so the order does not matter
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

// streamPoolProcess controls a stream pool from the benchmark.
type streamPoolProcess struct {
	*process
	mu  sync.Mutex
	in  *json.Encoder
	out *json.Decoder
}

// openStreamPool starts a stream pool and returns when all streams of the plan are open.
func (b *bench) openStreamPool(plan streamPoolPlan) (*streamPoolProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, in, out, err := b.helper("stream-pool", self)
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

// deliveryTimeout limits how long an event may take to reach all streams. If it takes longer, this value is recorded.
const deliveryTimeout = 20 * time.Second

// timeDelivery calls do and returns the time until the first and until the last of count streams received the event. It returns an error
// if no stream received it.
func (c *streamPoolProcess) timeDelivery(event string, count int, do func() error) (first, last time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.in.Encode(streamPoolOrder{Event: event, Count: count, Within: deliveryTimeout}); err != nil {
		return 0, 0, err
	}
	var a streamPoolAnswer
	if err := c.out.Decode(&a); err != nil || !a.Ready {
		return 0, 0, errors.Join(err, errors.New("the stream pool did not confirm the order"))
	}
	began := time.Now()
	done := do()
	if err := errors.Join(done, c.out.Decode(&a)); err != nil {
		return 0, 0, err
	}
	if a.Error != "" || a.Count == 0 {
		return 0, 0, fmt.Errorf("%d of %d streams received %s in %s; %s", a.Count, count, event, deliveryTimeout, a.Error)
	}
	if a.Count < count {
		return a.First.Sub(began), deliveryTimeout, nil
	}
	return a.First.Sub(began), a.Last.Sub(began), nil
}
