package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// rateLimit is the default limit of ratings per minute.
const rateLimit = 5

// measureInstances measures what a second instance costs: messages from users at one instance to agents at the other, and back, against
// both at one instance that runs alone. All of it is on one machine, so both instances share its cores.
func measureInstances(ctx context.Context, b *bench) error {
	database, err := b.newDatabase(ctx, template)
	if err != nil {
		return err
	}
	chats := b.opts.size(16, 4)
	alone, err := b.newProductTarget(ctx, database, chats)
	if err != nil {
		return err
	}
	defer alone.close()
	if err := b.waitUntilAlone(ctx, alone.server); err != nil {
		return err
	}
	var sum tally
	one, err := b.oneSidedRounds(ctx, alone, database, &sum)
	if err != nil {
		return err
	}
	second, err := b.serveProduct(ctx, database)
	if err != nil {
		return err
	}
	both := &target{name: "two instances", server: alone.server}
	for _, c := range alone.chats {
		users, agents := c.sides[0].at(alone.server.addr), c.sides[1].at(second.addr)
		both.chats = append(both.chats, &chat{number: c.number, sides: [2]*side{users, agents}})
	}
	alone.close() // so that only the streams of both are written
	if err := both.openStreams(ctx); err != nil {
		return err
	}
	defer both.close()
	two, err := b.oneSidedRounds(ctx, both, database, &sum)
	if err != nil {
		return err
	}
	for which, direction := range []string{"user → agent", "agent → user"} {
		b.table.against("messages a second between two instances, "+direction, "/s", values(two[which], round.perSecond),
			values(one[which], round.perSecond), 0.8, true, "the yardstick is one instance that runs alone")
	}
	granted, err := rateAtBoth(ctx, both.chats[0].sides[0].listen.token, alone.server.addr, second.addr)
	if err != nil {
		return err
	}
	b.table.add(Row{
		Name: "a limit of 5 at two instances, granted", Measured: sampleOf(float64(granted)), Bound: "5", OK: granted == rateLimit,
		Note: "of 40 requests at once, half of them at each",
	})
	wrong := sum.lost + sum.doubled + sum.reordered
	b.table.add(Row{
		Name:     "lost, doubled or reordered, between two instances",
		Measured: sampleOf(float64(wrong)),
		Bound:    "0",
		OK:       wrong == 0,
		Note:     sum.String(),
	})
	return nil
}

// oneSidedRounds sends messages from one side of all chats as fast as they go, and then from the other side, several times. It returns the
// rounds of each side.
func (b *bench) oneSidedRounds(ctx context.Context, c *target, database string, sum *tally) (rounds [2][]round, err error) {
	for n := range b.opts.rounds + 1 {
		for which := range rounds {
			r, err := b.measureRound(ctx, c, database, func(ctx context.Context) error {
				return c.sendOneSided(ctx, len(c.chats), which, b.opts.size(150, 10))
			})
			if err != nil {
				return rounds, err
			}
			if sum.add(r.tally); n > 0 { // the first one is the warm-up
				rounds[which] = append(rounds[which], r)
			}
		}
	}
	return rounds, nil
}

// rateAtBoth rates a chat that does not exist, at both instances at once, and returns how many requests passed the limiter.
func rateAtBoth(ctx context.Context, token string, addrs ...string) (granted int, err error) {
	var passed atomic.Int32
	var wrong sync.Map
	group, ctx := errgroup.WithContext(ctx)
	for n := range 40 {
		group.Go(func() error {
			addr := addrs[n%len(addrs)]
			c := &conn{addr: addr}
			defer c.close()
			status, _, err := c.do(ctx, withBody(request{"POST", ofUser + "/chats/none/rate", token}.head(addr), []byte(`{"rating":5}`)))
			switch {
			case err != nil:
				return err
			case status == http.StatusNotFound:
				passed.Add(1)
			case status != http.StatusTooManyRequests:
				wrong.Store(status, true)
			}
			return nil
		})
	}
	err = group.Wait()
	wrong.Range(func(status, _ any) bool { err = fmt.Errorf("a rating was answered %d", status); return false })
	return int(passed.Load()), err
}
