package main

import (
	"context"
	"fmt"
	"time"
)

// comparison is the program and the bare handler running on the same services.
type comparison struct {
	database         string
	parley, bare     *target
	sharing          *target // the bare handler, whose messages share commits
	total, bareTotal tally
}

func (b *bench) newComparison(ctx context.Context, chats int) (*comparison, error) {
	database, err := b.newDatabase(ctx, template)
	if err != nil {
		return nil, err
	}
	d := &comparison{database: database}
	if d.parley, err = b.newProductTarget(ctx, database, chats); err != nil {
		return nil, err
	}
	server, err := b.serveBareHandler(ctx)
	if err != nil {
		return nil, err
	}
	if d.bare, err = newBareTarget(ctx, server, chats, false); err != nil {
		return nil, err
	}
	if d.sharing, err = newBareTarget(ctx, server, chats, true); err != nil {
		return nil, err
	}
	return d, b.waitUntilAlone(ctx, d.parley.server)
}

// takesTurn suspends the bare handler while the program is measured, and resumes it for its own rounds. The program is never suspended:
// after that it would count rate limits in Redis for a minute, since it cannot know that no other instance came. So its idle work, a
// few statements a second, goes on while the bare handler is measured.
func (d *comparison) takesTurn(ctx context.Context, b *bench, c *target) error {
	turn := d.bare.server.suspend
	if c != d.parley {
		turn = d.bare.server.resume
	}
	if err := turn(); err != nil {
		return err
	}
	return pause(ctx, b.opts.span(300*time.Millisecond, 50*time.Millisecond))
}

func (d *comparison) close() {
	d.parley.close()
	d.bare.close()
	d.sharing.close()
}

// measureMessages measures the message throughput and the cost per message.
func measureMessages(ctx context.Context, b *bench) error {
	most := b.opts.size(64, 4)
	d, err := b.newComparison(ctx, most)
	if err != nil {
		return err
	}
	defer d.close()
	// The checkpoint before the warm-up ensures that none falls into the measured rounds. The full-page writes that follow a checkpoint
	// happen during the warm-up; in rounds of three seconds they would weigh far more than in the five minutes between two checkpoints.
	if _, err := b.services.admin.Exec(ctx, "CHECKPOINT"); err != nil {
		return err
	}
	warm := b.opts.span(2*time.Second, 200*time.Millisecond)
	for _, c := range []*target{d.parley, d.bare, d.sharing} {
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

// report adds the row of messages lost, doubled or reordered in all rounds. The bare handler does not guarantee order.
func (d *comparison) report(b *bench, how string) {
	wrong := d.total.lost + d.total.doubled + d.total.reordered
	yardstick := sampleOf(float64(d.bareTotal.lost + d.bareTotal.doubled + d.bareTotal.reordered))
	b.table.add(Row{
		Name: "lost, doubled or reordered, " + how, Measured: sampleOf(float64(wrong)), Yardstick: &yardstick, Bound: "0",
		OK:   wrong == 0,
		Note: d.total.String(),
	})
}

func (b *bench) closedLoopRounds(ctx context.Context, d *comparison, users int) error {
	span := b.opts.span(3*time.Second, 400*time.Millisecond)
	var parley, bare, sharing []round
	commits, err := b.commits(ctx, d.database)
	if err != nil {
		return err
	}
	one := func(c *target, database string, rounds *[]round, sum *tally) func() error {
		return func() error {
			if err := d.takesTurn(ctx, b, c); err != nil {
				return err
			}
			r, err := b.measureRound(ctx, c, database, func(ctx context.Context) error { return c.sendClosedLoop(ctx, users, span) })
			*rounds = append(*rounds, r)
			sum.add(r.tally)
			return err
		}
	}
	err = alternate(b.opts.rounds, one(d.parley, d.database, &parley, &d.total), one(d.bare, "", &bare, &d.bareTotal),
		one(d.sharing, "", &sharing, &d.bareTotal))
	if err != nil {
		return err
	}
	after, err := b.commits(ctx, d.database)
	if err != nil {
		return err
	}
	if err := d.takesTurn(ctx, b, d.parley); err != nil {
		return err
	}
	err = b.profiled(ctx, d.parley.server, fmt.Sprintf("messages-%d", users), span,
		func(ctx context.Context) error { return d.parley.sendClosedLoop(ctx, users, span) })
	if err != nil {
		return err
	}
	b.reportClosedLoop(users, parley, bare, sharing, after-commits)
	return nil
}

func (b *bench) reportClosedLoop(users int, parley, bare, sharing []round, commits int64) {
	at := fmt.Sprintf(", %d users", users)
	rate, cpu := 0.95, 1.0
	if users > 16 {
		rate, cpu = 1.25, 0.7
	}
	b.table.against("messages a second"+at, "/s", values(parley, round.perSecond), values(bare, round.perSecond), rate, true, "")
	b.table.against("CPU per message"+at, "ms", values(parley, round.cpu), values(bare, round.cpu), cpu, false,
		processorShares(parley)+"; bare: "+processorShares(bare))
	shared, sharedCPU := values(sharing, round.perSecond), values(sharing, round.cpu)
	const why = "the yardstick shares commits as the program does"
	b.table.inform("messages a second"+at+", against shared commits", "/s", values(parley, round.perSecond), &shared, why)
	b.table.inform("CPU per message"+at+", against shared commits", "ms", values(parley, round.cpu), &sharedCPU, why)
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

// perMessage rounds a count per message to one decimal, because the count includes the few periodic statements that the program executes
// each second regardless of messages.
func perMessage(v float64) float64 { return float64(int(v*10+0.5)) / 10 }

// processorShares formats the CPU time per message of the program, PostgreSQL and Redis over all rounds.
func processorShares(rounds []round) string {
	var sum usage
	sent := 0
	for _, r := range rounds {
		sum.server += r.used.server
		sum.postgres += r.used.postgres
		sum.redis += r.used.redis
		sent += r.sent
	}
	return sum.perItem(sent)
}

// countStatements counts the statements per message, one direction at a time.
func (b *bench) countStatements(ctx context.Context, d *comparison) error {
	for which, direction := range []string{"user → agent", "agent → user"} {
		r, err := b.measureRound(ctx, d.parley, d.database, func(ctx context.Context) error {
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
