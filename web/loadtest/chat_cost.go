package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// messagesPerChat is the number of messages in a whole chat, half of them from each side.
const messagesPerChat = 20

// measureChatCost measures what one whole chat costs, from the arrival of a new user to the rating. docs/scaling.md uses the result.
func measureChatCost(ctx context.Context, b *bench) error {
	workers := b.opts.size(8, 2)
	database, err := b.newDatabase(ctx, template)
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database)
	if err != nil {
		return err
	}
	agents, err := b.onlineAgents(ctx, server.addr, database, workers, 2)
	if err != nil {
		return err
	}
	for _, token := range agents {
		s, err := openStream(ctx, server.addr, request{"GET", ofAgent + "/events", token})
		if err != nil {
			return err
		}
		defer s.close()
		go s.read()
	}
	if err := runChats(ctx, server.addr, workers, 2, agents); err != nil { // warms up
		return err
	}
	each := b.opts.size(12, 2)
	rounds := func() (all []chatCost, err error) {
		for range b.opts.rounds {
			l, err := b.measureChats(ctx, server, database, workers*each,
				func() error { return runChats(ctx, server.addr, workers, each, agents) })
			if err != nil {
				return nil, err
			}
			all = append(all, l)
		}
		return all, nil
	}
	shared, err := rounds() // in the first minute, as beside another instance
	if err != nil {
		return err
	}
	tooSlow, err := server.decidesAlone(ctx)
	if err != nil {
		return err
	}
	if tooSlow {
		b.log("    the first minute was over before the rounds with limits counted in Redis")
		shared = nil
	}
	if err := b.waitUntilAlone(ctx, server); err != nil {
		return err
	}
	alone, err := rounds()
	if err != nil {
		return err
	}
	b.reportChats(alone, shared, workers)
	return b.profiled(ctx, server, "life", 0, func(ctx context.Context) error { return runChats(ctx, server.addr, workers, each, agents) })
}

// chatCost is the cost of the chats of one round: the CPU time of all of them, the other values per chat.
type chatCost struct {
	cpu        usage // of all chats together
	chats      int
	wal, disk  float64 // KiB
	statements float64
}

func (b *bench) measureChats(ctx context.Context, server *process, database string, chats int, do func() error) (chatCost, error) {
	l := chatCost{chats: chats}
	c := &target{server: server}
	before, err := b.readCounters(ctx, c, database)
	if err != nil {
		return l, err
	}
	size, err := b.databaseSize(ctx, database)
	if err != nil {
		return l, err
	}
	if err := do(); err != nil {
		return l, err
	}
	after, err := b.readCounters(ctx, c, database)
	if err != nil {
		return l, err
	}
	grown, err := b.databaseSize(ctx, database)
	n := float64(chats)
	l.cpu, l.wal, l.disk = after.used.since(before.used), float64(after.wal-before.wal)/1024/n, float64(grown-size)/1024/n
	ran := after.statements.since(before.statements)
	l.statements = float64(ran.calls()) / n
	if b.opts.verbose {
		for _, line := range ran.top(chats, 12) {
			b.log("    %s", line)
		}
	}
	return l, err
}

func (b *bench) reportChats(alone, shared []chatCost, workers int) {
	var wal, disk, statements []float64
	for _, l := range alone {
		wal, disk, statements = append(wal, l.wal), append(disk, l.disk), append(statements, l.statements)
	}
	cpu, perChat := cpuOfChats(alone)
	b.table.atMost("one whole chat, CPU", "ms", cpu, 60,
		fmt.Sprintf("a new user, a stream, a request for an agent, %d messages, each typed, delivered "+
			"and read, the end, a rating; %d at once; %s", messagesPerChat, workers, perChat))
	if len(shared) > 0 {
		cpu, perChat = cpuOfChats(shared)
		b.table.inform("one whole chat, CPU, limits counted in Redis", "ms", cpu, nil, "as with several instances; "+perChat)
	}
	b.table.inform("one whole chat, statements", "", sampleOf(statements...), nil, "")
	b.table.inform("one whole chat, WAL", "KiB", sampleOf(wal...), nil, "")
	b.table.inform("one whole chat, on disk", "KiB", sampleOf(disk...), nil, "growth of the files of tables and indexes")
}

// cpuOfChats returns the milliseconds of CPU per chat, and how the program, PostgreSQL and Redis share them.
func cpuOfChats(rounds []chatCost) (s Sample, perChat string) {
	var cpu []float64
	var sum usage
	chats := 0
	for _, l := range rounds {
		cpu = append(cpu, milliseconds(l.cpu.total())/float64(l.chats))
		sum, chats = usage{sum.server + l.cpu.server, sum.postgres + l.cpu.postgres, sum.redis + l.cpu.redis}, chats+l.chats
	}
	return sampleOf(cpu...), sum.perItem(chats)
}

// databaseSize returns the size of a database on disk, in bytes.
func (b *bench) databaseSize(ctx context.Context, database string) (n int64, err error) {
	err = b.services.admin.QueryRow(ctx, `SELECT pg_database_size($1)`, database).Scan(&n)
	return n, err
}

// runChats runs a number of chats on each of several concurrent workers. Each chat has a new user.
func runChats(ctx context.Context, addr string, workers, each int, agents map[string]string) error {
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			c := &conn{addr: addr}
			defer c.close()
			for range each {
				if err := runChat(ctx, c, agents); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// runChat runs one whole chat.
func runChat(ctx context.Context, c *conn, agents map[string]string) error {
	var session struct{ Token string }
	if err := callAPIOn(ctx, c, request{"POST", "/api/user/session", ""}, nil, &session); err != nil {
		return err
	}
	stream, err := openStream(ctx, c.addr, request{"GET", ofUser + "/events", session.Token})
	if err != nil {
		return err
	}
	defer stream.close()
	go stream.read()
	var got struct {
		Chat struct {
			ID      string `json:"chat_id"`
			AgentID string `json:"service_id"`
		}
	}
	if err := callAPIOn(ctx, c, request{"POST", ofUser + "/assign", session.Token}, nil, &got); err != nil {
		return err
	}
	if agents[got.Chat.AgentID] == "" {
		return errors.New("a user waits although an agent has free capacity")
	}
	user, agent := ofUser+"/chats/"+got.Chat.ID, ofAgent+"/chats/"+got.Chat.ID
	for n := range messagesPerChat {
		from, to := request{"POST", user, session.Token}, request{"POST", agent, agents[got.Chat.AgentID]}
		if n%2 == 1 {
			from, to = to, from
		}
		if err := exchange(ctx, c, from, to, fmt.Sprint("m", n)); err != nil {
			return err
		}
	}
	if err := callAPIOn(ctx, c, request{"POST", user + "/end", session.Token}, nil, nil); err != nil {
		return err
	}
	return callAPIOn(ctx, c, request{"POST", user + "/rate", session.Token}, map[string]any{"rating": 4.5, "comment": "thank you"}, nil)
}

// exchange sends one message: it is typed, sent, delivered and read. from and to hold the path of the chat and the token of the sender
// and of the recipient.
func exchange(ctx context.Context, c *conn, from, to request, key string) error {
	at := func(r request, what string) request { return request{r.method, r.path + what, r.token} }
	if err := callAPIOn(ctx, c, at(from, "/typing"), nil, nil); err != nil {
		return err
	}
	var m struct{ ID int64 }
	if err := callAPIOn(ctx, c, at(from, "/messages"), map[string]any{"content": messageText, "client_message_id": key}, &m); err != nil {
		return err
	}
	for _, what := range []string{"/mark-delivered", "/mark-read"} {
		if err := callAPIOn(ctx, c, at(to, what), map[string]any{"up_to": m.ID}, nil); err != nil {
			return err
		}
	}
	return nil
}
