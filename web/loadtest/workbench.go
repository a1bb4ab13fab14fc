package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// measureWorkbench measures what an open workbench costs per message in one of its agent's five chats: the additional statements compared
// with no open workbench, and the bytes sent to it.
func measureWorkbench(ctx context.Context, b *bench) error {
	agentsN, each := b.opts.size(8, 2), b.opts.size(20, 4)
	const chatsOfOne = 5
	chats := agentsN * chatsOfOne
	database, err := b.seeded(ctx, users(chats), agents(agentsN, chatsOfOne, chatsOfOne), activeChats(1, chats, agentsN, 12))
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database, noTimeouts...)
	if err != nil {
		return err
	}
	var closed, open, bytes []float64
	count := func(streams []*stream) (float64, error) {
		ran, err := b.statementsDuring(ctx, database, func() error {
			if err := exchangeInAllChats(ctx, server.addr, chats, agentsN, each); err != nil {
				return err
			}
			return waitQuiet(ctx, streams)
		})
		if err == nil && b.opts.verbose {
			for _, line := range ran.top(chats*each, 12) {
				b.log("    %s", line)
			}
		}
		return float64(ran.calls()) / float64(chats*each), err
	}
	for n := range b.opts.rounds + 1 {
		without, err := count(nil)
		if err != nil {
			return err
		}
		streams, err := openWorkbenches(ctx, server.addr, agentsN)
		if err != nil {
			return err
		}
		before := received(streams)
		with, err := count(streams)
		sent := received(streams) - before
		for _, s := range streams {
			s.close()
		}
		if err != nil {
			return err
		}
		if n > 0 { // the first round is the warm-up
			closed, open, bytes = append(closed, without), append(open, with-without), append(bytes, float64(sent)/float64(chats*each))
		}
	}
	note := fmt.Sprintf("%d agents with %d chats each, every message is typed, delivered and read; "+
		"%s statements while no workbench is open", agentsN, chatsOfOne, figure(sampleOf(closed...).Median))
	for i := range open {
		open[i] = perMessage(max(0, open[i]))
	}
	b.table.atMost("statements per message and open workbench", "", sampleOf(open...), 0.5, note)
	b.table.inform("an open workbench, sent per message", "bytes", sampleOf(bytes...), nil,
		"messages from both sides in turn, with their receipts and what else changes on the page")
	return nil
}

// openWorkbenches opens the workbench streams of agents a1 to an and waits until they have received their initial state.
func openWorkbenches(ctx context.Context, addr string, n int) ([]*stream, error) {
	var streams []*stream
	for i := range n {
		s, err := openStream(ctx, addr, request{"GET", "/workbench/events", agentToken(i + 1)})
		if err != nil {
			return streams, err
		}
		go s.read()
		streams = append(streams, s)
	}
	return streams, waitQuiet(ctx, streams)
}

// received returns the number of bytes received on all streams.
func received(streams []*stream) (n int64) {
	for _, s := range streams {
		n += s.bytes.Load()
	}
	return n
}

// waitQuiet returns once the streams have received nothing for 700 ms.
func waitQuiet(ctx context.Context, streams []*stream) error {
	for before := int64(-1); ; {
		now := received(streams)
		if now == before {
			return ctx.Err()
		}
		before = now
		if err := pause(ctx, 700*time.Millisecond); err != nil {
			return err
		}
	}
}

// exchangeInAllChats sends a number of messages in every chat, from user and agent in turn, each typed, delivered and read.
func exchangeInAllChats(ctx context.Context, addr string, chats, agents, each int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for n := 1; n <= chats; n++ {
		group.Go(func() error {
			c := &conn{addr: addr}
			defer c.close()
			user := request{"POST", fmt.Sprintf("%s/chats/c%d", ofUser, n), userToken(n)}
			agent := request{"POST", fmt.Sprintf("%s/chats/c%d", ofAgent, n), agentToken(n%agents + 1)}
			for m := range each {
				from, to := user, agent
				if m%2 == 1 {
					from, to = agent, user
				}
				if err := exchange(ctx, c, from, to, fmt.Sprint(time.Now().UnixNano())); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
