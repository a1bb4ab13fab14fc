package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// drainSetup is a database with waiting chats and online agents with free capacity, and two instances of the program.
type drainSetup struct {
	agents, freeCapacity, waiting int
	database                      string
	db                            *pgx.Conn
	servers                       []*process
	perSecond, cpu, ms            []float64
}

// measureDrain measures how fast two instances assign a full queue once agents have free capacity.
func measureDrain(ctx context.Context, b *bench) error {
	waiting := b.opts.size(10_000, 300)
	large := &drainSetup{agents: b.opts.size(1000, 20), freeCapacity: 10, waiting: waiting}
	small := &drainSetup{agents: 10, freeCapacity: 100, waiting: waiting}
	for _, h := range []*drainSetup{small, large} {
		if err := b.prepareDrain(ctx, h); err != nil {
			return err
		}
		defer h.db.Close(context.WithoutCancel(ctx))
		for range b.opts.rounds {
			if err := b.drainOnce(ctx, h); err != nil {
				return fmt.Errorf("%d agents: %w", h.agents, err)
			}
		}
		if err := b.profileDrain(ctx, h); err != nil {
			return err
		}
		for _, p := range h.servers {
			if err := p.suspend(); err != nil {
				return err
			}
		}
	}
	b.table.atLeast(fmt.Sprintf("assignments a second, %d agents, %d waiting", large.agents, large.waiting), "/s",
		sampleOf(large.perSecond...), 1000, "two instances draining")
	name := fmt.Sprintf("one assignment among %d agents against %d, ", large.agents, small.agents)
	b.table.against(name+"CPU", "ms", sampleOf(large.cpu...), sampleOf(small.cpu...), 1.5, false, "both instances and PostgreSQL")
	b.table.against(name+"time", "ms", sampleOf(large.ms...), sampleOf(small.ms...), 1.5, false, "")
	return nil
}

// prepareDrain creates the database of a setup and starts its two instances.
func (b *bench) prepareDrain(ctx context.Context, h *drainSetup) (err error) {
	if h.database, err = b.seeded(ctx, users(h.waiting+2), agents(h.agents, h.freeCapacity, 0)); err != nil {
		return err
	}
	if h.db, err = pgx.Connect(ctx, b.databaseURL(h.database)); err != nil {
		return err
	}
	if _, err = h.db.Exec(ctx, "SET session_replication_role = replica"); err != nil {
		return err
	}
	for range 2 {
		p, err := b.serveProduct(ctx, h.database, noTimeouts...)
		if err != nil {
			return err
		}
		h.servers = append(h.servers, p)
	}
	return pause(ctx, b.opts.span(2*time.Second, 300*time.Millisecond))
}

// fillQueue puts all users into the queue except two, who are in a chat. When those two chats end, the drain starts.
func (h *drainSetup) fillQueue(ctx context.Context) error {
	tx, err := h.db.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	for _, s := range []string{
		"TRUNCATE chats CASCADE",
		"UPDATE agents SET load = CASE WHEN id IN ('a1', 'a2') THEN 1 ELSE 0 END",
		activeChats(1, 2, 2, 2),
		waitingChats(3, h.waiting),
		"ANALYZE chats", "ANALYZE agents",
	} {
		if _, err := tx.Exec(ctx, s); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

func (b *bench) drainOnce(ctx context.Context, h *drainSetup) error {
	before, err := b.used(h.servers...)
	if err != nil {
		return err
	}
	if err := h.fillQueue(ctx); err != nil {
		return err
	}
	filled, err := b.used(h.servers...)
	if err != nil {
		return err
	}
	ended := make(chan error, 2)
	for n, p := range h.servers {
		go func() {
			ended <- callAPI(ctx, p.addr, request{"POST", fmt.Sprintf("%s/chats/c%d/end", ofUser, n+1), userToken(n + 1)}, nil, nil)
		}()
	}
	if err := errors.Join(<-ended, <-ended); err != nil {
		return err
	}
	assigned, took, err := h.waitDrained(ctx)
	if err != nil {
		return err
	}
	after, err := b.used(h.servers...)
	if err != nil {
		return err
	}
	u := after.since(filled)
	if b.opts.verbose {
		b.log("    %d agents: %d in %s, %s each; filling took %s", h.agents, assigned, took.Round(time.Millisecond), u.perItem(assigned),
			filled.since(before).total())
	}
	h.perSecond = append(h.perSecond, float64(assigned)/took.Seconds())
	h.ms = append(h.ms, milliseconds(took)/float64(assigned))
	h.cpu = append(h.cpu, milliseconds(u.server+u.postgres)/float64(assigned))
	return nil
}

// drainTimeout is twice the time that the bound allows for a drain. A longer drain is measured by the chats it assigned until then.
const drainTimeout = 20 * time.Second

// waitDrained waits until the queue is empty or all agents are at capacity. It returns the number of assigned chats and the time between
// the first and the last assignment.
func (h *drainSetup) waitDrained(ctx context.Context) (n int, took time.Duration, err error) {
	want := min(h.waiting, h.agents*h.freeCapacity)
	for end := time.Now().Add(drainTimeout); n < want && time.Now().Before(end); {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return n, 0, err
		}
		var seconds float64
		err := h.db.QueryRow(ctx, `SELECT count(*), coalesce(extract(epoch FROM max(assigned_at) - min(assigned_at)), 0)::float8
			FROM chats WHERE status = 'active'`).Scan(&n, &seconds)
		if err != nil {
			return n, 0, err
		}
		took = time.Duration(seconds * float64(time.Second))
	}
	if took == 0 {
		return n, 0, fmt.Errorf("%d of %d chats were assigned in %s", n, want, drainTimeout)
	}
	return n, took, nil
}

func (b *bench) profileDrain(ctx context.Context, h *drainSetup) error {
	if b.opts.profile == "" {
		return nil
	}
	return b.profiled(ctx, h.servers[0], fmt.Sprintf("drain-%d", h.agents), 5*time.Second,
		func(ctx context.Context) error { return b.drainOnce(ctx, h) })
}
