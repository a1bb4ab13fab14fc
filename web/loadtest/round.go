package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// round is the result of one target in one round.
type round struct {
	tally
	reached    []delivered
	took       time.Duration // until the last message had been delivered
	used       usage
	statements statements
	wal        int64
	pages      int64    // bytes of full-page images in the WAL; -1 if unknown
	records    []string // the largest WAL record types, in a verbose run
}

func (r round) perSecond() float64 { return float64(r.sent) / r.took.Seconds() }

func (r round) cpu() float64 { return milliseconds(r.used.total()) / float64(r.sent) }

// measureRound runs a load and returns the differences of all counters, with the messages delivered. Without a database, statements are
// not counted.
func (b *bench) measureRound(ctx context.Context, c *target, database string, load func(context.Context) error) (round, error) {
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
		return r, fmt.Errorf("%s accepted no message", c.name)
	}
	return r, nil
}

// counters holds the values of the counters at one moment.
type counters struct {
	used       usage
	statements statements
	wal        int64
}

func (b *bench) readCounters(ctx context.Context, c *target, database string) (g counters, err error) {
	if g.used, err = b.used(c.server); err != nil {
		return g, err
	}
	if g.wal, err = b.walPosition(ctx); err != nil || database == "" {
		return g, err
	}
	g.statements, err = b.statementsOf(ctx, database)
	return g, err
}

// sendClosedLoop sends messages in several chats for the given time, user and agent in turn, each as soon as the previous message has been
// acknowledged.
func (c *target) sendClosedLoop(ctx context.Context, chats int, span time.Duration) error {
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

// sendOneSided sends a number of messages from one side of several chats.
func (c *target) sendOneSided(ctx context.Context, chats, which, messages int) error {
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

// runAlone suspends the other process, whose idle work would be counted too, resumes this one, and gives it time to catch up.
func (b *bench) runAlone(ctx context.Context, p, other *process) error {
	if err := other.suspend(); err != nil {
		return err
	}
	if err := p.resume(); err != nil {
		return err
	}
	return pause(ctx, b.opts.span(300*time.Millisecond, 50*time.Millisecond))
}

// alternate runs rounds of all functions and begins each round with the next one, so that a machine that becomes slower or faster affects
// all equally.
func alternate(rounds int, turns ...func() error) error {
	for n := range rounds {
		for i := range turns {
			if err := turns[(n+i)%len(turns)](); err != nil {
				return err
			}
		}
	}
	return nil
}

// values returns the sample of one figure over all rounds.
func values(rounds []round, of func(round) float64) Sample {
	all := make([]float64, 0, len(rounds))
	for _, r := range rounds {
		all = append(all, of(r))
	}
	return sampleOf(all...)
}
