package main

import (
	"context"
	"fmt"
	"time"

	"parley/models"
)

// growth is an installation of one size.
type growth struct{ open, ended int }

func (g growth) String() string { return fmt.Sprintf("%d open and %d ended chats", g.open, g.ended) }

// grown are the medians of one figure at each size.
type grown struct {
	name  string
	bound float64 // in milliseconds, at the largest size; 0 for none
	why   string  // why it grows by more than half
	at    []Sample
}

// measureGrowth measures what supervisors and the scheduled work read, in three installations: each figure at the largest one is
// compared with the smallest one.
func measureGrowth(ctx context.Context, b *bench) error {
	sizes := []growth{{1000, 10_000}, {10_000, 60_000}, {50_000, 300_000}}
	if b.opts.quick {
		sizes = []growth{{40, 200}, {60, 400}, {80, 600}}
	}
	const perAgent = "it looks at every agent"
	figures := []*grown{
		{name: "sweep with nothing due", bound: 1, why: perAgent},
		{name: "check of the invariants, per second", bound: 50, why: "a pass looks at every open chat"},
		{name: "flags with nothing to raise", why: "it looks at every active chat, every 5 s: a message must not change an index"},
		{name: "alerts", why: "they look at every open chat, every 5 s: a message must not change an index"},
		{name: "statistics of a day", why: "they read every open chat of the period, whose figures change with each message"},
		{name: "statistics of 30 days", bound: 50, why: "as of a day"},
		{
			name: "load of the agents",
			why:  "it reads every active chat: a message must not change an index, so when a user began to wait is in none",
		},
		{name: "first page of the queue", why: "the estimate reads every agent who is online"},
		{name: "/metrics"},
	}
	for _, size := range sizes {
		if err := b.measureSize(ctx, size, figures); err != nil {
			return fmt.Errorf("%s: %w", size, err)
		}
	}
	for _, f := range figures {
		first, last := f.at[0], f.at[len(f.at)-1]
		note := fmt.Sprintf("%s against %s; %s: %s ms", sizes[2], sizes[0], sizes[1], figure(f.at[1].Median))
		name := f.name + ", growth"
		if f.why != "" {
			b.table.inform(name, "ms", last, &first, note+"; "+f.why)
		} else {
			b.table.against(name, "ms", last, first, 1.5, false, note)
		}
		if f.bound > 0 {
			b.table.atMost(f.name, "ms", last, f.bound, sizes[2].String())
		}
	}
	return nil
}

// measureSize adds the figures of an installation in which every agent has up to 10 chats and a fifth of the open chats wait.
func (b *bench) measureSize(ctx context.Context, size growth, figures []*grown) error {
	waiting := size.open / 5
	active := size.open - waiting
	agentsN := max(10, active/10)
	database, err := b.seeded(ctx, users(size.open), agents(agentsN, 10, active/agentsN), supervisor, activeChats(1, active, agentsN, 4),
		waitingChats(active+1, waiting), chatsOverDays(size.ended, size.open, agentsN, 30), dueQuarters)
	if err != nil {
		return err
	}
	if _, err := b.countReports(ctx, database); err != nil {
		return err
	}
	settings := models.DefaultSettings()
	settings.IdleWarning, settings.IdleTimeout, settings.QueueGrace = 12*time.Hour, 24*time.Hour, 12*time.Hour
	settings.PresenceTimeout, settings.InactiveAfter = time.Hour, 0
	desk, closeDesk, err := b.openDesk(ctx, database, settings)
	if err != nil {
		return err
	}
	defer closeDesk()
	sweep, err := b.timed(func() error { _, err := desk.Sweep(ctx); return err })
	if err != nil {
		return err
	}
	check, err := checkPass(ctx, desk)
	if err != nil {
		return err
	}
	if err := desk.RaiseFlags(ctx); err != nil { // those of the chats that were just written
		return err
	}
	flags, err := b.timed(func() error { return desk.RaiseFlags(ctx) })
	if err != nil {
		return err
	}
	alerts, err := b.timed(func() error { return desk.EvaluateAlerts(ctx) })
	if err != nil {
		return err
	}
	b.log("    a pass of checks over %s takes %d calls", size, check.Rounds)
	for i, s := range []Sample{sweep, check, flags, alerts} {
		figures[i].at = append(figures[i].at, s)
	}
	server, err := b.serveProduct(ctx, database, append([]string{"RETENTION=10000h", "INACTIVE_AFTER=0"}, noTimeouts...)...)
	if err != nil {
		return err
	}
	defer func() { _ = server.stop() }()
	now := time.Now().UTC()
	since := func(days int) string {
		return "?from=" + now.AddDate(0, 0, -days).Format(time.RFC3339) + "&to=" + now.Format(time.RFC3339)
	}
	c := &conn{addr: server.addr}
	defer c.close()
	for i, path := range []string{
		"/api/supervisor/stats" + since(1), "/api/supervisor/stats" + since(30), "/api/supervisor/load",
		"/api/supervisor/queue?limit=50", "/metrics",
	} {
		raw := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", path, server.addr, agentToken(0))
		took, err := b.timed(func() error {
			status, body, err := c.do(ctx, raw)
			if err != nil || status != 200 {
				return fmt.Errorf("%s was answered %d: %w %.200s", path, status, err, body)
			}
			return nil
		})
		if err != nil {
			return err
		}
		figures[4+i].at = append(figures[4+i].at, took)
	}
	return nil
}

// timed repeats an action and returns its times in milliseconds, without the first ones.
func (b *bench) timed(do func() error) (Sample, error) {
	var took []float64
	for n := range 8 * b.opts.rounds {
		once, err := timeOf(do)
		if err != nil {
			return Sample{}, err
		}
		if n >= b.opts.rounds { // the first ones are the warm-up
			took = append(took, once)
		}
	}
	return sampleOf(took...), nil
}

// timeOf returns how many milliseconds an action takes.
func timeOf(do func() error) (float64, error) {
	began := time.Now()
	err := do()
	return milliseconds(time.Since(began)), err
}

// checkPass checks the invariants until a pass is complete, and returns how many milliseconds of each second the calls of it
// take: the worker makes one every five seconds.
func checkPass(ctx context.Context, desk *models.Desk) (Sample, error) {
	var took []float64
	for {
		began := time.Now()
		if err := desk.CheckInvariants(ctx); err != nil {
			return Sample{}, err
		}
		took = append(took, milliseconds(time.Since(began))/5)
		if last, err := desk.LastCheck(ctx); err != nil || last != nil {
			return sampleOf(took...), err
		}
	}
}
