package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// perDirection is how many messages a second go each way.
const perDirection = 50

// measureDelivery: how long a message takes to the other side when it was due at a fixed time, whatever happened to those before it.
func measureDelivery(ctx context.Context, b *bench) error {
	chats := b.opts.size(25, 4)
	d, err := b.newDuel(ctx, chats)
	if err != nil {
		return err
	}
	defer d.hangUp()
	span := b.opts.span(8*time.Second, 500*time.Millisecond)
	parley, bare := newDelays(), newDelays()
	one := func(c, other *contestant, delays *delays, sum *tally) func() error {
		return func() error {
			if err := b.runAlone(ctx, c.server, other.server); err != nil {
				return err
			}
			due, err := c.open(ctx, span)
			if err != nil {
				return err
			}
			t, reached := c.collect()
			sum.add(t)
			return delays.add(due, reached)
		}
	}
	warm := newDelays()
	if err := alternate(1, one(d.parley, d.bare, warm, &tally{}), one(d.bare, d.parley, warm, &tally{})); err != nil {
		return err
	}
	if err := alternate(b.opts.rounds, one(d.parley, d.bare, parley, &d.total), one(d.bare, d.parley, bare, &d.bareSum)); err != nil {
		return err
	}
	for _, from := range []byte{'u', 'a'} {
		direction := map[byte]string{'u': "user → agent", 'a': "agent → user"}[from]
		b.table.against("delivery "+direction+", p50", "ms", parley.at(from, 0.5), bare.at(from, 0.5), 1.5, false, "")
		b.table.against("delivery "+direction+", p99", "ms", parley.at(from, 0.99), bare.at(from, 0.99), 2, false, "")
	}
	d.report(b, "at a fixed pace")
	return nil
}

// open sends at a fixed pace, both ways, and returns when each message was due.
func (c *contestant) open(ctx context.Context, span time.Duration) (map[string]time.Time, error) {
	due := map[string]time.Time{}
	var sent sync.WaitGroup
	var failed firstError
	const step = time.Second / (2 * perDirection)
	begin := time.Now().Add(10 * time.Millisecond)
	for n := range int(span / step) {
		at := begin.Add(time.Duration(n) * step)
		sleepUntil(at)
		if ctx.Err() != nil {
			break
		}
		s := c.chats[n/2%len(c.chats)].sides[n%2]
		key := s.key()
		due[key] = at
		sent.Go(func() { failed.record(s.send(ctx, key)) })
	}
	sent.Wait()
	if _, err := c.waitDelivered(ctx); err != nil {
		return nil, err
	}
	return due, errors.Join(failed.err, ctx.Err())
}

type firstError struct {
	mu  sync.Mutex
	err error
}

func (f *firstError) record(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

// delays are those of each round, in milliseconds, by direction.
type delays struct{ rounds map[byte][][]float64 }

func newDelays() *delays { return &delays{map[byte][][]float64{}} }

func (d *delays) add(due map[string]time.Time, reached []delivered) error {
	round := map[byte][]float64{}
	for _, m := range reached {
		at, ok := due[m.key]
		if !ok {
			return fmt.Errorf("message %s came though it was not due in this round", m.key)
		}
		round[m.from] = append(round[m.from], milliseconds(m.at.Sub(at)))
	}
	for from, all := range round {
		d.rounds[from] = append(d.rounds[from], all)
	}
	return nil
}

func (d *delays) at(from byte, q float64) Sample {
	var all []float64
	for _, round := range d.rounds[from] {
		all = append(all, quantileOf(round, q))
	}
	return sampleOf(all...)
}
