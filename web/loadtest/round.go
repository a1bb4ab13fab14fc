package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// round is what one contestant did in one round.
type round struct {
	tally
	reached    []delivered
	took       time.Duration // until the last message had reached everybody
	used       usage
	statements statements
	wal        int64
	pages      int64    // of that, pages written whole; -1 for unknown
	records    []string // what else, when more is to be told
}

func (r round) perSecond() float64 { return float64(r.sent) / r.took.Seconds() }

func (r round) cpu() float64 { return milliseconds(r.used.total()) / float64(r.sent) }

// measured runs a round between two looks at everything that counts.
func (b *bench) measured(ctx context.Context, c *contestant, database string, load func(context.Context) error) (round, error) {
	var r round
	c.collect()
	before, err := b.readCounters(ctx, c, database)
	if err != nil {
		return r, err
	}
	began := time.Now()
	if err := load(ctx); err != nil {
		return r, err
	}
	last, err := c.waitDelivered(ctx)
	if err != nil {
		return r, err
	}
	r.took = last.Sub(began)
	after, err := b.readCounters(ctx, c, database)
	if err != nil {
		return r, err
	}
	r.used, r.statements, r.wal = after.used.since(before.used), after.statements.since(before.statements), after.wal-before.wal
	r.pages = b.fullPages(ctx, before.wal, after.wal)
	if b.opts.verbose {
		r.records = b.walRecords(ctx, before.wal, after.wal)
	}
	if r.tally, r.reached = c.collect(); r.sent == 0 {
		return r, fmt.Errorf("%s took no message", c.name)
	}
	return r, nil
}

// counters is what stands at one moment.
type counters struct {
	used       usage
	statements statements
	wal        int64
}

func (b *bench) readCounters(ctx context.Context, c *contestant, database string) (g counters, err error) {
	if g.used, err = b.used(c.server); err != nil {
		return g, err
	}
	if g.wal, err = b.position(ctx); err != nil || database == "" {
		return g, err
	}
	g.statements, err = b.statementsOf(ctx, database)
	return g, err
}

// sendClosedLoop lets some chats talk for a while, as fast as they are answered: the user says something, and once that is taken the
// agent does.
func (c *contestant) sendClosedLoop(ctx context.Context, chats int, span time.Duration) error {
	end := time.Now().Add(span)
	group, ctx := errgroup.WithContext(ctx)
	for _, each := range c.chats[:chats] {
		group.Go(func() error {
			for time.Now().Before(end) {
				for _, s := range each.sides {
					if err := s.send(ctx, s.key()); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// sendOneSided lets one side of some chats say so many messages each.
func (c *contestant) sendOneSided(ctx context.Context, chats, which, messages int) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, each := range c.chats[:chats] {
		s := each.sides[which]
		group.Go(func() error {
			for range messages {
				if err := s.send(ctx, s.key()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// runAlone stops the clock of the other process, whose idle work would count as this one's, lets this one go on, and gives it time to do
// what it put off.
func (b *bench) runAlone(ctx context.Context, p, other *process) error {
	if err := other.suspend(); err != nil {
		return err
	}
	if err := p.resume(); err != nil {
		return err
	}
	return pause(ctx, b.opts.span(300*time.Millisecond, 50*time.Millisecond))
}

// alternate runs rounds of both, each time the other one first, so that a machine that grows slower or faster treats them alike.
func alternate(rounds int, first, second func() error) error {
	for n := range rounds {
		pair := []func() error{first, second}
		if n%2 == 1 {
			pair[0], pair[1] = second, first
		}
		for _, run := range pair {
			if err := run(); err != nil {
				return err
			}
		}
	}
	return nil
}

// values are one figure of every round.
func values(rounds []round, of func(round) float64) Sample {
	all := make([]float64, 0, len(rounds))
	for _, r := range rounds {
		all = append(all, of(r))
	}
	return sampleOf(all...)
}
