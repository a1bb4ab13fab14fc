package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// measureStreams measures the cost of many idle streams and how fast one event reaches all of them. Every user is in a chat with the same
// agent, far beyond the capacity of a real one, so that a change of the agent's presence is an event for every stream.
func measureStreams(ctx context.Context, b *bench) error {
	userCount, idle := b.opts.size(10_000, 200), b.opts.size(50, 5)
	database, err := b.seeded(ctx, users(userCount), agents(idle+1, 5, 0), activeChats(1, userCount, 1, 2),
		fmt.Sprintf("UPDATE agents SET load = %d WHERE id = 'a1'", userCount))
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database, noTimeouts...)
	if err != nil {
		return err
	}
	empty, err := b.memoryAfterGC(ctx, server)
	if err != nil {
		return err
	}
	for n := range idle {
		s, err := openStream(ctx, server.addr, request{"GET", ofAgent + "/events", agentToken(n + 2)})
		if err != nil {
			return err
		}
		defer s.close()
		go s.read()
	}
	began := time.Now()
	pool, err := b.openStreamPool(
		streamPoolPlan{Addr: server.addr, Paths: repeat(ofUser+"/events", userCount), Tokens: userTokens(userCount)},
	)
	if err != nil {
		return err
	}
	opened := time.Since(began)
	if err := b.idleWork(ctx, database, userCount, idle); err != nil {
		return err
	}
	fresh, err := server.resident()
	if err != nil {
		return err
	}
	full, err := b.memoryAfterGC(ctx, server)
	if err != nil {
		return err
	}
	each := func(bytes int64) float64 { return float64(bytes-empty) / 1024 / float64(userCount) }
	b.table.atMost("memory per idle connected user", "KiB", sampleOf(each(full)), 16,
		fmt.Sprintf("%d users in a chat and %d agents; %s KiB before the "+
			"garbage was collected; the program without streams %d MiB; they were opened in %s",
			userCount, idle, figure(each(fresh)), empty>>20,
			opened.Round(10*time.Millisecond)))
	if err := b.profiled(ctx, server, "streams-idle", 10*time.Second,
		func(ctx context.Context) error { return pause(ctx, 10*time.Second) }); err != nil {
		return err
	}
	return b.fanOut(ctx, server, pool, userCount)
}

// idleWork counts the statements executed while all streams are idle.
func (b *bench) idleWork(ctx context.Context, database string, userCount, idle int) error {
	span := b.opts.span(time.Minute, 2*time.Second)
	if err := b.waitIdle(ctx, database); err != nil {
		return err
	}
	before, err := b.statementsOf(ctx, database)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := pause(ctx, span); err != nil {
		return err
	}
	after, err := b.statementsOf(ctx, database)
	if err != nil {
		return err
	}
	ran := after.since(before)
	seconds := time.Since(began).Seconds()
	busy := 0.0
	for _, s := range ran {
		busy += s.ms
	}
	b.table.atMost("statements while all are idle", "/s", sampleOf(float64(ran.calls())/seconds), 5,
		fmt.Sprintf("%d users and %d agents connected; they take %s ms of PostgreSQL a second", userCount, idle, figure(busy/seconds)))
	if b.opts.verbose {
		for _, line := range ran.top(int(seconds), 12) {
			b.log("    %s", line)
		}
	}
	return nil
}

// fanOut measures one event to all streams: a presence change of the agent in the program, an announcement in the bare handler.
func (b *bench) fanOut(ctx context.Context, server *process, pool *streamPoolProcess, userCount int) error {
	bare, err := b.serveBareHandler(ctx)
	if err != nil {
		return err
	}
	paths := make([]string, userCount)
	for i := range paths {
		paths[i] = fmt.Sprintf("/chats/%d/events", i)
	}
	others, err := b.openStreamPool(streamPoolPlan{Addr: bare.addr, Paths: paths})
	if err != nil {
		return err
	}
	var parley, yardstick, goroutines []float64
	away := true
	leave := func() error {
		path := ofAgent + "/online"
		if away {
			path = ofAgent + "/away"
		}
		away = !away
		return callAPI(ctx, server.addr, request{"POST", path, agentToken(1)}, nil, nil)
	}
	announce := func(how string) func() error {
		return func() error { return callAPI(ctx, bare.addr, request{"POST", "/announce" + how, ""}, nil, nil) }
	}
	one := func(who *streamPoolProcess, own, other *process, do func() error, all *[]float64) func() error {
		return func() error {
			if err := b.runAlone(ctx, own, other); err != nil {
				return err
			}
			_, last, err := who.timeDelivery("presence", userCount, do)
			*all = append(*all, milliseconds(last))
			return err
		}
	}
	first, second := one(pool, server, bare, leave, &parley), one(others, bare, server, announce("?loop"), &yardstick)
	third := one(others, bare, server, announce(""), &goroutines)
	if err := alternate(1, first, second); err != nil { // warm-up, not measured
		return err
	}
	parley, yardstick, goroutines = nil, nil, nil
	if err := alternate(max(b.opts.rounds, b.opts.size(7, 1)), first, func() error { return errors.Join(second(), third()) }); err != nil {
		return err
	}
	b.table.against(
		fmt.Sprintf("one event to %d streams, until the last", userCount),
		"ms",
		sampleOf(parley...),
		sampleOf(yardstick...),
		1.3,
		false,
		fmt.Sprintf(
			"an agent's presence change, sent to every user in a chat with the agent; the yardstick writes in one loop, "+
				"with one goroutine per stream it takes %s ms",
			figure(sampleOf(goroutines...).Median),
		),
	)
	if err := b.runAlone(ctx, server, bare); err != nil {
		return err
	}
	return b.profiled(ctx, server, "streams-event", 3*time.Second, func(context.Context) error {
		for range 10 {
			if _, _, err := pool.timeDelivery("presence", userCount, leave); err != nil {
				return err
			}
		}
		return nil
	})
}

// memoryAfterGC returns the resident memory of a process after garbage collection, in bytes.
func (b *bench) memoryAfterGC(ctx context.Context, p *process) (int64, error) {
	for range 3 {
		if err := p.collectGarbage(ctx); err != nil {
			return 0, err
		}
		if err := pause(ctx, b.opts.span(2*time.Second, 100*time.Millisecond)); err != nil {
			return 0, err
		}
	}
	return p.resident()
}

// resident returns the resident memory of a process, in bytes.
func (p *process) resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid()))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return kib << 10, err
}

// repeat returns a slice with n copies of text.
func repeat(text string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = text
	}
	return all
}

// pause sleeps for d and returns the error of ctx if it ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
