package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// measureBoard measures what the live pages of many supervisors cost together while chats change: the readings of the board per tick, and
// the CPU time of the program per tick, without that of the messages that change the chats.
func measureBoard(ctx context.Context, b *bench) error {
	agentsN, active, waiting := b.opts.size(200, 10), b.opts.size(4000, 100), b.opts.size(1000, 20)
	perFilter := b.opts.size(10, 2)
	database, err := b.seeded(ctx, `INSERT INTO departments (slug, name) VALUES ('cards', 'Cards')`, users(active+waiting),
		agents(agentsN, active/agentsN, active/agentsN), supervisor, activeChats(1, active, agentsN, 12),
		waitingChats(active+1, waiting), endedChats(b.opts.size(10_000, 100), active, agentsN, "8 s"))
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database, noTimeouts...)
	if err != nil {
		return err
	}
	chat := 0 // the last one that a user wrote in
	messages, err := b.costOfMessages(ctx, server, &chat, active)
	if err != nil {
		return err
	}
	var streams []*stream
	for i := range 2 * perFilter {
		path := []string{"/supervisor/events", "/supervisor/events?department=cards"}[i%2]
		s, err := openStream(ctx, server.addr, request{"GET", path, agentToken(0)})
		if err != nil {
			return err
		}
		defer s.close()
		go s.read()
		streams = append(streams, s)
	}
	if err := waitQuiet(ctx, streams); err != nil {
		return err
	}
	var reads, cost, bytes []float64
	for n := range b.opts.rounds + 1 {
		before, err := b.boardFigures(ctx, server)
		if err != nil {
			return err
		}
		got := received(streams)
		if err := b.changeBoard(ctx, server.addr, &chat, active); err != nil {
			return err
		}
		after, err := b.boardFigures(ctx, server)
		if err != nil {
			return err
		}
		if ticks := after.ticks - before.ticks; n > 0 && ticks > 0 { // the first round is the warm-up
			reads = append(reads, (after.reads-before.reads)/ticks)
			cost = append(cost, milliseconds(after.used-before.used-messages)/ticks)
			bytes = append(bytes, float64(received(streams)-got)/ticks/float64(len(streams))/1024)
		}
	}
	note := fmt.Sprintf("%d supervisors, half of them with a filter; %d chats open, %d of them waiting, %d agents", len(streams),
		active+waiting, waiting, agentsN)
	b.table.atMost("readings of the board per tick, 2 filters", "", sampleOf(reads...), 2.1, note)
	b.table.atMost("a tick of all live pages, CPU of the program", "ms", sampleOf(cost...), 20,
		"without that of the messages, which was measured while no page was open; "+note)
	b.table.inform("a tick, sent to each live page", "KiB", sampleOf(bytes...), nil, "before compression")
	return nil
}

// costOfMessages returns the CPU time of the program for the messages of one round while no live page is open.
func (b *bench) costOfMessages(ctx context.Context, server *process, chat *int, active int) (time.Duration, error) {
	var used time.Duration
	for range 2 { // the first time is the warm-up
		before, err := b.boardFigures(ctx, server)
		if err != nil {
			return 0, err
		}
		if err := b.changeBoard(ctx, server.addr, chat, active); err != nil {
			return 0, err
		}
		after, err := b.boardFigures(ctx, server)
		if err != nil {
			return 0, err
		}
		used = after.used - before.used
	}
	return used, nil
}

// boardFigures are the counters of the board so far.
type boardFigures struct {
	ticks, reads float64
	used         time.Duration // CPU time of the program
}

func (b *bench) boardFigures(ctx context.Context, server *process) (f boardFigures, err error) {
	metrics, err := server.metrics(ctx)
	if err != nil {
		return f, err
	}
	f.ticks, f.reads = metrics["parley_board_ticks_total"], metrics["parley_board_reads_total"]
	used, err := b.used(server)
	f.used = used.server
	return f, err
}

// changeBoard sends a message every 50 ms for some seconds, each in the next chat, so that each tick of the board has changes: users who
// await a reply.
func (b *bench) changeBoard(ctx context.Context, addr string, chat *int, active int) error {
	c := &conn{addr: addr}
	defer c.close()
	for end := time.Now().Add(b.opts.span(4*time.Second, time.Second)); time.Now().Before(end); {
		n := *chat%active + 1
		*chat = n
		body := fmt.Sprintf(`{"content":"Where is my parcel?","client_message_id":"board-%d"}`, time.Now().UnixNano())
		raw := withBody(request{"POST", fmt.Sprintf("%s/chats/c%d/messages", ofUser, n), userToken(n)}.head(addr), []byte(body))
		status, answer, err := c.do(ctx, raw)
		if err != nil || status != http.StatusCreated {
			return fmt.Errorf("a message was answered %d %.200s: %w", status, answer, err)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
