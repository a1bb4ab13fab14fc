package main

import (
	"context"
	"fmt"
	"time"
)

// duel is the program and the bare handler side by side, on the same services.
type duel struct {
	database       string
	parley, bare   *contestant
	total, bareSum tally
}

func (b *bench) newDuel(ctx context.Context, chats int) (*duel, error) {
	database, err := b.newDatabase(ctx, template)
	if err != nil {
		return nil, err
	}
	d := &duel{database: database}
	if d.parley, err = b.talkers(ctx, database, chats); err != nil {
		return nil, err
	}
	d.bare, err = b.bareTalkers(ctx, chats)
	return d, err
}

func (d *duel) hangUp() {
	d.parley.hangUp()
	d.bare.hangUp()
}

// measureMessages: as many messages as go through, and what each one costs.
func measureMessages(ctx context.Context, b *bench) error {
	most := b.opts.size(64, 4)
	d, err := b.newDuel(ctx, most)
	if err != nil {
		return err
	}
	defer d.hangUp()
	// No checkpoint is due while it is measured. The full pages that follow one are written while it is warming up: in rounds of three
	// seconds they
	// would weigh many times what they do in the five minutes between two checkpoints.
	if _, err := b.services.admin.Exec(ctx, "CHECKPOINT"); err != nil {
		return err
	}
	warm := b.opts.span(2*time.Second, 200*time.Millisecond)
	for _, c := range []*contestant{d.parley, d.bare} {
		if err := c.sendClosedLoop(ctx, most, warm); err != nil {
			return err
		}
		if _, err := c.waitDelivered(ctx); err != nil {
			return err
		}
	}
	for _, users := range []int{b.opts.size(16, 2), most} {
		if err := b.closedLoopRounds(ctx, d, users); err != nil {
			return err
		}
	}
	if err := b.countStatements(ctx, d); err != nil {
		return err
	}
	d.report(b, "as fast as they go")
	return nil
}

// report adds the row of what was lost, doubled or reordered in all rounds. The bare handler keeps no order.
func (d *duel) report(b *bench, how string) {
	wrong := d.total.lost + d.total.doubled + d.total.reordered
	yardstick := sampleOf(float64(d.bareSum.lost + d.bareSum.doubled + d.bareSum.reordered))
	b.table.add(Row{Name: "lost, doubled or reordered, " + how, Measured: sampleOf(float64(wrong)), Yardstick: &yardstick, Bound: "0",
		OK:   wrong == 0,
		Note: d.total.String()})
}

func (b *bench) closedLoopRounds(ctx context.Context, d *duel, users int) error {
	span := b.opts.span(3*time.Second, 400*time.Millisecond)
	var parley, bare []round
	commits, err := b.commits(ctx, d.database)
	if err != nil {
		return err
	}
	one := func(c, other *contestant, database string, rounds *[]round, sum *tally) func() error {
		return func() error {
			if err := b.runAlone(ctx, c.server, other.server); err != nil {
				return err
			}
			r, err := b.measured(ctx, c, database, func(ctx context.Context) error { return c.sendClosedLoop(ctx, users, span) })
			*rounds = append(*rounds, r)
			sum.add(r.tally)
			return err
		}
	}
	err = alternate(b.opts.rounds, one(d.parley, d.bare, d.database, &parley, &d.total), one(d.bare, d.parley, "", &bare, &d.bareSum))
	if err != nil {
		return err
	}
	after, err := b.commits(ctx, d.database)
	if err != nil {
		return err
	}
	if err := b.runAlone(ctx, d.parley.server, d.bare.server); err != nil {
		return err
	}
	err = b.profiled(ctx, d.parley.server, fmt.Sprintf("messages-%d", users), span,
		func(ctx context.Context) error { return d.parley.sendClosedLoop(ctx, users, span) })
	if err != nil {
		return err
	}
	b.reportClosedLoop(users, parley, bare, after-commits)
	return nil
}

func (b *bench) reportClosedLoop(users int, parley, bare []round, commits int64) {
	at := fmt.Sprintf(", %d users", users)
	b.table.against("messages a second"+at, "/s", values(parley, round.perSecond), values(bare, round.perSecond), 0.6, true, "")
	b.table.against("CPU per message"+at, "ms", values(parley, round.cpu), values(bare, round.cpu), 2, false,
		processorShares(parley)+"; bare: "+processorShares(bare))
	sent := 0
	for _, r := range parley {
		sent += r.sent
	}
	if b.opts.verbose {
		last := parley[len(parley)-1]
		for _, line := range last.statements.top(last.sent, 12) {
			b.log("    %s", line)
		}
		for _, line := range last.records {
			b.log("    %s", line)
		}
	}
	if users < b.opts.size(64, 4) {
		rate := values(parley, round.perSecond)
		b.sent16 = &rate
		return
	}
	b.table.atMost("commits per message", "", sampleOf(perMessage(float64(commits)/float64(sent))), 1, "")
	wal := func(r round) float64 { return float64(r.wal) / float64(r.sent) }
	yardstick := values(bare, wal)
	r := Row{Name: "WAL per message", Unit: "bytes", Measured: values(parley, wal), Yardstick: &yardstick, Bound: "≤ 1200"}
	ratio := r.Measured.Median / yardstick.Median
	r.Ratio, r.OK = &ratio, r.Measured.Median <= 1200
	if pages := values(parley, func(r round) float64 { return float64(r.pages) / float64(r.sent) }); pages.Min >= 0 {
		r.Note = fmt.Sprintf("%s bytes of it are pages written whole; bare: %s", figure(pages.Median),
			figure(values(bare, func(r round) float64 { return float64(r.pages) / float64(r.sent) }).Median))
	}
	b.table.add(r)
}

// perMessage rounds a count per message. The house's own beat, a few statements a second whoever speaks, is in it.
func perMessage(v float64) float64 { return float64(int(v*10+0.5)) / 10 }

// processorShares tells who used the processor, over all rounds.
func processorShares(rounds []round) string {
	var sum usage
	sent := 0
	for _, r := range rounds {
		sum.server += r.used.server
		sum.postgres += r.used.postgres
		sum.redis += r.used.redis
		sent += r.sent
	}
	return sum.each(sent)
}

// countStatements sends in one direction at a time.
func (b *bench) countStatements(ctx context.Context, d *duel) error {
	for which, direction := range []string{"user → agent", "agent → user"} {
		r, err := b.measured(ctx, d.parley, d.database, func(ctx context.Context) error {
			return d.parley.sendOneSided(ctx, b.opts.size(16, 2), which, b.opts.size(60, 60))
		})
		if err != nil {
			return err
		}
		d.total.add(r.tally)
		b.table.atMost("statements per message, "+direction, "", sampleOf(perMessage(float64(r.statements.calls())/float64(r.sent))), 2, "")
		if b.opts.verbose {
			for _, line := range r.statements.top(r.sent, 8) {
				b.log("    %s", line)
			}
		}
	}
	return nil
}
