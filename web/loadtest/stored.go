package main

import (
	"context"
	"fmt"
	"time"
)

// measureStored measures two instances on one PostgreSQL and one Redis while the installation grows: messages a second of both together,
// as fast as they go, and the delivery at a fixed pace. The two sides of every chat are at different instances.
func measureStored(ctx context.Context, b *bench) error {
	open, crossing := b.opts.size(50_000, 40), b.opts.size(16, 4)
	millions := b.opts.size(1_000_000, 1000)
	agentsN := open / 10
	database, err := b.seeded(ctx, lastMonths(2), users(open), agents(agentsN, 10, 10), activeChats(1, open, agentsN, 4))
	if err != nil {
		return err
	}
	environ := append([]string{"RETENTION=10000h", "INACTIVE_AFTER=0"}, noTimeouts...)
	var servers [2]*process
	for i := range servers {
		if servers[i], err = b.serveProduct(ctx, database, environ...); err != nil {
			return err
		}
	}
	tokens, err := b.onlineAgents(ctx, servers[0].addr, database, crossing, 1)
	if err != nil {
		return err
	}
	c := &target{name: "two instances", server: servers[0]}
	defer c.close()
	for i := range crossing {
		opened, err := openAcross(ctx, servers[i%2].addr, servers[1-i%2].addr, i, tokens)
		if err != nil {
			return err
		}
		c.chats = append(c.chats, opened)
	}
	if err := c.openStreams(ctx); err != nil {
		return err
	}
	var first, last sizedInstances
	var total tally
	stored := 4 * open
	for _, n := range []int{1, 2, 4} {
		if err := b.seed(ctx, database, storedMessages(stored, n*millions, open, agentsN)); err != nil {
			return err
		}
		stored = n * millions
		at, err := b.measureCrossing(ctx, c, &total)
		if err != nil {
			return err
		}
		size := fmt.Sprintf(", %d million messages stored", n)
		b.table.inform("two instances, messages a second"+size, "/s", at.perSecond, nil, fmt.Sprintf("%d chats at a time", crossing))
		b.table.inform("two instances, delivery to the other one, p50"+size, "ms", at.p50, nil, "")
		b.table.inform("two instances, delivery to the other one, p99"+size, "ms", at.p99, nil, "")
		if last = at; n == 1 {
			first = at
		}
	}
	note := fmt.Sprintf("4 million stored messages against 1 million, with %d open chats", open)
	b.table.against("two instances, messages a second, growth", "/s", last.perSecond, first.perSecond, 0.75, true, note)
	b.table.against("two instances, delivery p50, growth", "ms", last.p50, first.p50, 1.5, false, note)
	wrong := total.lost + total.doubled + total.reordered
	b.table.atMost("lost, doubled or reordered, two instances", "", sampleOf(float64(wrong)), 0, total.String())
	return nil
}

// sizedInstances are the figures at one size.
type sizedInstances struct{ perSecond, p50, p99 Sample }

// measureCrossing measures messages between the instances as fast as they go and at a fixed pace, each after a warm-up.
func (b *bench) measureCrossing(ctx context.Context, c *target, total *tally) (at sizedInstances, err error) {
	span := b.opts.span(3*time.Second, 300*time.Millisecond)
	var rates []float64
	delays := newDelays()
	for n := range b.opts.rounds + 1 {
		began := time.Now()
		if err := c.sendClosedLoop(ctx, len(c.chats), span); err != nil {
			return at, err
		}
		end, err := c.waitDelivered(ctx)
		if err != nil {
			return at, err
		}
		sum, _ := c.collect()
		total.add(sum)
		due, err := c.sendOpenLoop(ctx, pace{50, span})
		if err != nil {
			return at, err
		}
		paced, reached := c.collect()
		total.add(paced)
		if n == 0 {
			continue
		}
		rates = append(rates, float64(sum.sent)/end.Sub(began).Seconds())
		for i := range reached { // both directions cross
			reached[i].from = 'u'
		}
		if err := delays.add(due, reached); err != nil {
			return at, err
		}
	}
	return sizedInstances{sampleOf(rates...), delays.at('u', 0.5), delays.at('u', 0.99)}, nil
}

// lastMonths gives the messages of a new database partitions for this month and the ones before it, as an installation has of that age.
func lastMonths(before int) string {
	return fmt.Sprintf(`DO $$ BEGIN
		PERFORM drop_message_partition('first');
		FOR n IN 0..%d LOOP
			PERFORM add_message_month((date_trunc('month', now()) - n * interval '1 month')::date);
		END LOOP;
	END $$`, before)
}

// storedMessages inserts ended chats of the last 30 days with 20 messages each, until there are as many messages as wanted.
func storedMessages(has, wanted, users, agents int) string {
	return fmt.Sprintf(
		`WITH made AS (INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, assigned_at, first_assigned_at,
				first_response_at, ended_at, ended_reason, ended_type, version, last_seq, total_messages, last_message_at, last_said_by)
			SELECT first_chat_id(at) || '-7000-8000-' || lpad(to_hex(n), 12, '0'), 'u' || n %% %d + 1, 'a' || n %% %d + 1, 'ended', at, at, at, at, at,
				at + interval '5 s', at + interval '8 min', 'user_ended', 'manual', 21, 20, 20, at + interval '8 min', 'customer_service'
			FROM (SELECT n, now() - interval '9 min' - (n * 7919 %% 2592000) * interval '1 s' AS at FROM generate_series(%d, %d) n) s
			RETURNING id, user_id, agent_id, created_at)
		INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, client_message_id, created_at)
		SELECT id, s, s, CASE s %% 2 WHEN 1 THEN 'user'::message_sender ELSE 'customer_service' END, CASE s %% 2 WHEN 1 THEN user_id ELSE agent_id END, 'text',
			%s, CASE s %% 2 WHEN 1 THEN 'k' || s END, created_at + s * interval '20 s'
		FROM made, generate_series(1, 20) s`,
		users,
		agents,
		has/20+1,
		wanted/20,
		pgQuote(messageText),
	)
}
