package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// queueSetup is a database with a queue of a given length and an instance of the program.
type queueSetup struct {
	length   int
	database string
	server   *process
	cpu, ms  []float64
}

// measurePosition compares the cost of a queue position request in a queue of 100,000 with that in a queue of 100.
func measurePosition(ctx context.Context, b *bench) error {
	long, err := b.newQueueSetup(ctx, b.opts.size(100_000, 1000))
	if err != nil {
		return err
	}
	short, err := b.newQueueSetup(ctx, 100)
	if err != nil {
		return err
	}
	one := func(l, other *queueSetup) func() error {
		return func() error {
			if err := b.runAlone(ctx, l.server, other.server); err != nil {
				return err
			}
			return b.requestPositions(ctx, l)
		}
	}
	if err := alternate(1, one(long, short), one(short, long)); err != nil { // warm-up, not measured
		return err
	}
	for _, l := range []*queueSetup{long, short} {
		l.cpu, l.ms = nil, nil
	}
	if err := alternate(b.opts.rounds, one(long, short), one(short, long)); err != nil {
		return err
	}
	name := fmt.Sprintf("one's place among %d against %d, ", long.length, short.length)
	b.table.against(name+"CPU", "ms", sampleOf(long.cpu...), sampleOf(short.cpu...), 1.5, false,
		"positions of a hundred users all over the queue, one request after the other; program and PostgreSQL")
	b.table.against(name+"answer", "ms", sampleOf(long.ms...), sampleOf(short.ms...), 1.5, false, "median of each round")
	if err := b.runAlone(ctx, long.server, short.server); err != nil {
		return err
	}
	return b.profiled(ctx, long.server, "position", 2*time.Second, func(ctx context.Context) error { return b.requestPositions(ctx, long) })
}

func (b *bench) newQueueSetup(ctx context.Context, length int) (*queueSetup, error) {
	database, err := b.seeded(ctx, users(length), waitingChats(1, length))
	if err != nil {
		return nil, err
	}
	server, err := b.serveProduct(ctx, database, noTimeouts...)
	return &queueSetup{length: length, database: database, server: server}, err
}

// requestPositions requests queue positions for a while, at random among a hundred users spread over the queue. With the same number of
// users in both queues, the session cache has the same hit rate.
func (b *bench) requestPositions(ctx context.Context, l *queueSetup) error {
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
			return fmt.Errorf("queue-status was answered %d %s: %w", status, answer, err)
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
