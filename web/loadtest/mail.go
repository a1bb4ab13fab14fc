package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// mailEnvironment switches e-mail on. No mail is sent while the statements are counted: answers wait a minute for others.
var mailEnvironment = []string{
	"SMTP_URL=smtp://127.0.0.1:1?tls=off", "PUBLIC_URL=https://chat.example.com", "MAIL_FROM=support@example.com",
	"MAIL_REPLY_ADDRESS=support+{token}@example.com",
}

// measureMail measures what e-mail costs an agent who sends: the statements of an answer in a live chat and of one to a message, one after
// the other, with e-mail on and off.
func measureMail(ctx context.Context, b *bench) error {
	perSend := map[string]float64{}
	for _, mail := range []string{"off", "on"} {
		environ := []string{}
		if mail == "on" {
			environ = mailEnvironment
		}
		for _, channel := range []string{"live chat", "message"} {
			n, err := b.statementsPerAnswer(ctx, channel, environ)
			if err != nil {
				return err
			}
			perSend[channel+" "+mail] = n
		}
	}
	for _, channel := range []string{"live chat", "message"} {
		off, on := perSend[channel+" off"], perSend[channel+" on"]
		b.table.atMost(fmt.Sprintf("statements that e-mail adds to a send, %s", channel), "", sampleOf(perMessage(max(0, on-off))), 1,
			fmt.Sprintf("%.2f with e-mail, %.2f without", on, off))
	}
	return nil
}

// statementsPerAnswer returns how many statements each send of an agent executes in one chat, whose user has an open stream.
func (b *bench) statementsPerAnswer(ctx context.Context, channel string, environ []string) (float64, error) {
	database, err := b.newDatabase(ctx, template)
	if err != nil {
		return 0, err
	}
	server, err := b.serveProduct(ctx, database, environ...)
	if err != nil {
		return 0, err
	}
	c := &target{name: "parley", server: server}
	defer c.close()
	agents, err := b.onlineAgents(ctx, server.addr, database, 1, 1)
	if err != nil {
		return 0, err
	}
	open := openChat
	if channel == "message" {
		open = leaveMessage
	}
	opened, err := open(ctx, server.addr, 0, agents)
	if err != nil {
		return 0, err
	}
	c.chats = append(c.chats, opened)
	if err := c.openStreams(ctx); err != nil {
		return 0, err
	}
	if err := c.sendOneSided(ctx, 1, agentSide, b.opts.size(50, 10)); err != nil { // prepares the statements
		return 0, err
	}
	if _, err := c.waitDelivered(ctx); err != nil {
		return 0, err
	}
	var all []round
	for range b.opts.rounds {
		r, err := b.measureRound(ctx, c, database, func(ctx context.Context) error {
			return c.sendOneSided(ctx, 1, agentSide, b.opts.size(500, 100))
		})
		if err != nil {
			return 0, err
		}
		all = append(all, r)
	}
	if last := all[len(all)-1]; b.opts.verbose {
		for _, line := range last.statements.top(last.sent, 6) {
			b.log("    %s", line)
		}
	}
	if err := b.wantsMail(ctx, database, channel == "message" && len(environ) > 0); err != nil {
		return 0, err
	}
	each := values(all, func(r round) float64 { return float64(r.statements.calls()) / float64(r.sent) })
	return each.Median, server.stop()
}

// agentSide is the agent among the sides of a chat.
const agentSide = 1

// wantsMail checks that the answers are in the outbox, or that nothing is.
func (b *bench) wantsMail(ctx context.Context, database string, wanted bool) error {
	conn, err := pgx.Connect(ctx, b.databaseURL(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var n int
	if err := conn.QueryRow(ctx, `SELECT count(*) FROM outgoing_mails WHERE kind = 'answer'`).Scan(&n); err != nil {
		return err
	}
	if wanted != (n > 0) {
		return fmt.Errorf("the outbox has %d answers", n)
	}
	return nil
}
