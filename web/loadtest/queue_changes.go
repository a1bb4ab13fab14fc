package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// measureQueueChanges measures how long it takes until every waiting user has received the new position after the first user has left the
// queue. The users who leave have no stream.
func measureQueueChanges(ctx context.Context, b *bench) error {
	userCount, leavers := b.opts.size(10_000, 200), b.opts.rounds+5
	database, err := b.seeded(ctx, users(userCount+leavers), waitingChats(1, userCount+leavers))
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database, noTimeouts...)
	if err != nil {
		return err
	}
	next := 0
	leave := func() error {
		next++
		return callAPI(ctx, server.addr, request{"POST", ofUser + "/queue/cancel", userToken(next)}, nil, nil)
	}
	alone, err := b.statementsDuring(ctx, database, func() error { return errors.Join(leave(), leave(), leave(), leave()) })
	if err != nil {
		return err
	}
	pool, err := b.openStreamPool(streamPoolPlan{
		Addr: server.addr, Paths: repeat(ofUser+"/events", userCount),
		Tokens: userTokens(userCount + leavers)[leavers:],
	})
	if err != nil {
		return err
	}
	if err := b.waitIdle(ctx, database); err != nil {
		return err
	}
	began := time.Now()
	idle, err := b.statementsDuring(ctx, database, func() error { return pause(ctx, b.opts.span(5*time.Second, 500*time.Millisecond)) })
	if err != nil {
		return err
	}
	quiet := time.Since(began)
	var lasts, firsts []float64
	began = time.Now()
	ran, err := b.statementsDuring(ctx, database, func() error {
		for range b.opts.rounds {
			first, last, err := pool.timeDelivery("queue", userCount, leave)
			if err != nil {
				return err
			}
			firsts, lasts = append(firsts, milliseconds(first)), append(lasts, milliseconds(last))
			if err := pause(ctx, 500*time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.table.atMost(fmt.Sprintf("new places for %d waiting, until the last", userCount), "ms", sampleOf(lasts...), 1000,
		fmt.Sprintf("from the request of the user who left; the first update arrived after %s ms", figure(sampleOf(firsts...).Median)))
	b.reportPass(ran, alone, idle, float64(time.Since(began))/float64(quiet))
	return b.profiled(ctx, server, "places", 2*time.Second, func(context.Context) error {
		_, _, err := pool.timeDelivery("queue", userCount, leave)
		return err
	})
}

// reportPass adds the row with the statements of one pass. alone holds the statements of four users leaving, idle those of an idle period;
// both are subtracted. stretch is the length of the measured period relative to the idle one.
func (b *bench) reportPass(ran, alone, idle statements, stretch float64) {
	sum := 0
	for id, s := range ran {
		if transactionControl.MatchString(s.text) {
			continue
		}
		each := (float64(s.calls)-float64(idle[id].calls)*stretch)/float64(b.opts.rounds) - float64(alone[id].calls)/4
		if b.opts.verbose && each > 0.1 {
			b.log("    %5.2f × %s", each, s)
		}
		sum += max(0, int(each+0.25)) // rounded down: periodic statements do not occur in every pass
	}
	b.table.atMost("statements for one pass of new places", "", sampleOf(float64(sum)), 1, "")
}

// statementsDuring returns the statements executed on a database while do runs.
func (b *bench) statementsDuring(ctx context.Context, database string, do func() error) (statements, error) {
	before, err := b.statementsOf(ctx, database)
	if err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return nil, err
	}
	after, err := b.statementsOf(ctx, database)
	return after.since(before), err
}

// waitIdle waits until the database executes fewer than 50 statements a second. It returns an error if that takes more than 40 seconds.
func (b *bench) waitIdle(ctx context.Context, database string) error {
	for range 40 {
		ran, err := b.statementsDuring(ctx, database, func() error { return pause(ctx, b.opts.span(time.Second, 300*time.Millisecond)) })
		if err != nil || ran.calls() < 50 {
			return err
		}
	}
	return errors.New("the program does not become idle")
}
