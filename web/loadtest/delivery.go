package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// paces are how many messages a second are sent in each direction, and for how long in one round.
var paces = []pace{{50, 8 * time.Second}, {500, 3 * time.Second}}

type pace struct {
	perSecond int
	span      time.Duration
}

func (p pace) String() string { return fmt.Sprintf("%d/s", p.perSecond) }

// measureDelivery measures the time from when a message is due to its arrival at the other side. Messages are due at fixed times,
// independent of the progress of earlier ones.
func measureDelivery(ctx context.Context, b *bench) error {
	chats := b.opts.size(25, 4)
	d, err := b.newComparison(ctx, chats)
	if err != nil {
		return err
	}
	defer d.close()
	for _, p := range paces {
		if b.opts.quick && p.perSecond > paces[0].perSecond {
			continue // four chats cannot take as many
		}
		if err := b.deliveryRounds(ctx, d, p); err != nil {
			return err
		}
	}
	d.report(b, "at a fixed pace")
	return nil
}

func (b *bench) deliveryRounds(ctx context.Context, d *comparison, p pace) error {
	p.span = b.opts.span(p.span, 500*time.Millisecond)
	parley, bare := newDelays(), newDelays()
	one := func(c *target, delays *delays, sum *tally) func() error {
		return func() error {
			if err := d.takesTurn(ctx, b, c); err != nil {
				return err
			}
			due, err := c.sendOpenLoop(ctx, p)
			if err != nil {
				return err
			}
			t, reached := c.collect()
			sum.add(t)
			return delays.add(due, reached)
		}
	}
	warm := newDelays()
	if err := alternate(1, one(d.parley, warm, &tally{}), one(d.bare, warm, &tally{})); err != nil {
		return err
	}
	if err := alternate(b.opts.rounds, one(d.parley, parley, &d.total), one(d.bare, bare, &d.bareTotal)); err != nil {
		return err
	}
	for _, from := range []byte{'u', 'a'} {
		name := "delivery " + map[byte]string{'u': "user → agent", 'a': "agent → user"}[from]
		if p.perSecond != paces[0].perSecond {
			name += " at " + p.String()
		}
		b.table.against(name+", p50", "ms", parley.at(from, 0.5), bare.at(from, 0.5), 1.2, false, "")
		b.table.against(name+", p99", "ms", parley.at(from, 0.99), bare.at(from, 0.99), 1.5, false, "")
	}
	return nil
}

// sendOpenLoop sends at a fixed rate in both directions and returns the time at which each message was due.
func (c *target) sendOpenLoop(ctx context.Context, p pace) (map[string]time.Time, error) {
	due := map[string]time.Time{}
	var sent sync.WaitGroup
	var failed firstError
	step := time.Second / time.Duration(2*p.perSecond)
	begin := time.Now().Add(10 * time.Millisecond)
	for n := range int(p.span / step) {
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

// delays holds the delivery times of each round, in milliseconds, by the sender's role.
type delays struct{ rounds map[byte][][]float64 }

func newDelays() *delays { return &delays{map[byte][][]float64{}} }

func (d *delays) add(due map[string]time.Time, reached []delivered) error {
	round := map[byte][]float64{}
	for _, m := range reached {
		at, ok := due[m.key]
		if !ok {
			return fmt.Errorf("message %s arrived but was not sent in this round", m.key)
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
