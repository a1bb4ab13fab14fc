package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// longQueue is a queue of some length, with an instance that is asked for places in it.
type longQueue struct {
	length   int
	database string
	server   *process
	cpu, ms  []float64
}

// measurePosition: what it costs to tell one of a hundred thousand who wait where they stand, against one of a hundred.
func measurePosition(ctx context.Context, b *bench) error {
	long, err := b.newLongQueue(ctx, b.opts.size(100_000, 1000))
	if err != nil {
		return err
	}
	short, err := b.newLongQueue(ctx, 100)
	if err != nil {
		return err
	}
	one := func(l, other *longQueue) func() error {
		return func() error {
			if err := b.runAlone(ctx, l.server, other.server); err != nil {
				return err
			}
			return b.askPositions(ctx, l)
		}
	}
	if err := alternate(1, one(long, short), one(short, long)); err != nil { // unmeasured, to warm up
		return err
	}
	for _, l := range []*longQueue{long, short} {
		l.cpu, l.ms = nil, nil
	}
	if err := alternate(b.opts.rounds, one(long, short), one(short, long)); err != nil {
		return err
	}
	name := fmt.Sprintf("one's place among %d against %d, ", long.length, short.length)
	b.table.against(name+"CPU", "ms", sampleOf(long.cpu...), sampleOf(short.cpu...), 1.5, false,
		"places of a hundred users all over the line, one request after the other; program and PostgreSQL")
	b.table.against(name+"answer", "ms", sampleOf(long.ms...), sampleOf(short.ms...), 1.5, false, "median of each round")
	if err := b.runAlone(ctx, long.server, short.server); err != nil {
		return err
	}
	return b.profiled(ctx, long.server, "position", 2*time.Second, func(ctx context.Context) error { return b.askPositions(ctx, long) })
}

func (b *bench) newLongQueue(ctx context.Context, length int) (*longQueue, error) {
	database, err := b.seeded(ctx, users(length), waitingChats(1, length))
	if err != nil {
		return nil, err
	}
	server, err := b.serveProduct(ctx, database, noTimeouts...)
	return &longQueue{length: length, database: database, server: server}, err
}

// askPositions asks for random places for a while: those of a hundred users spread over the line, so that both lines know the sessions
// of those who ask.
func (b *bench) askPositions(ctx context.Context, l *longQueue) error {
	c := &conn{addr: l.server.addr}
	defer c.close()
	before, err := b.used(l.server)
	if err != nil {
		return err
	}
	var took []float64
	for end := time.Now().Add(b.opts.span(1500*time.Millisecond, 200*time.Millisecond)); time.Now().Before(end); {
		r := request{"GET", ofUser + "/queue-status", userToken(1 + rand.IntN(100)*l.length/100)}
		began := time.Now()
		status, answer, err := c.do(ctx, withBody(r.head(l.server.addr), nil))
		if err != nil || status != 200 || numberAfter(answer, []byte(`"position":`)) == 0 {
			return fmt.Errorf("a place was answered %d %s: %w", status, answer, err)
		}
		took = append(took, milliseconds(time.Since(began)))
	}
	after, err := b.used(l.server)
	if err != nil {
		return err
	}
	u := after.since(before)
	l.cpu = append(l.cpu, milliseconds(u.server+u.postgres)/float64(len(took)))
	l.ms = append(l.ms, quantileOf(took, 0.5))
	return nil
}
