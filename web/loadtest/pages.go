package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// supervisor inserts the supervisor s1 with the session token agentToken(0).
const supervisor = `WITH made AS (INSERT INTO agents (id, email, name, role, password_hash, choice) VALUES ('s1', 'ruth@example.com', 'Ruth', 'supervisor', 'none', 'online'))
	INSERT INTO sessions (token_hash, agent_id, expires_at) VALUES (sha256(convert_to('token-of-agent-0', 'UTF8')), 's1', now() + interval '1 day')`

// endedChats returns a statement that inserts ended chats without messages, of users u1 to un and agents a1 to an in turn. One ended every
// interval, the most recent one an interval ago.
func endedChats(chats, users, agents int, interval string) string {
	return fmt.Sprintf(
		`INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, assigned_at, first_assigned_at, first_response_at,
			ended_at, ended_reason, ended_type, version, rating, rated_at)
		SELECT 'e' || n, 'u' || n %% %d + 1, 'a' || n %% %d + 1, 'ended', at - interval '6 min', at, at - interval '6 min', at - interval '5 min', at - interval '5 min',
			at - interval '4 min', at, 'user_ended', 'manual', 3, CASE WHEN n %% 3 = 0 THEN 1 + n %% 5 END, CASE WHEN n %% 3 = 0 THEN at END
		FROM (SELECT n, now() - n * interval '%s' AS at FROM generate_series(1, %d) n) ended`,
		users,
		agents,
		interval,
		chats,
	)
}

// cannedReplies inserts shared replies with a body of 480 characters each.
func cannedReplies(n int) string {
	return fmt.Sprintf(`INSERT INTO canned_replies (id, shortcut, title, body)
		SELECT 'r' || n, 'reply-' || n, 'Reply number ' || n, repeat('Cards and transfers ', 24) FROM generate_series(1, %d) n`, n)
}

// measurePages measures the response time of the workbench and supervisor pages under a full load of chats.
func measurePages(ctx context.Context, b *bench) error {
	agentsN, active, waiting := b.opts.size(200, 10), b.opts.size(4000, 100), b.opts.size(1000, 20)
	database, err := b.seeded(ctx, users(active+waiting), agents(agentsN, active/agentsN, active/agentsN), supervisor,
		activeChats(1, active, agentsN, 12),
		waitingChats(active+1, waiting), endedChats(b.opts.size(10_000, 100), active, agentsN, "8 s"), cannedReplies(b.opts.size(2000, 20)))
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database, noTimeouts...)
	if err != nil {
		return err
	}
	load := fmt.Sprintf("%d chats open, %d of them waiting, %d agents", active+waiting, waiting, agentsN)
	for _, page := range []struct {
		name, path, token string
		bound             float64
	}{
		{"workbench page", "/workbench", agentToken(2), 20},
		{"workbench page with a chat", fmt.Sprintf("/workbench/chats/c%d", agentsN+1), agentToken(2), 20},
		{"supervisor page", "/supervisor", agentToken(0), 20},
		{"list of 2,000 canned replies", "/api/canned-replies?usable=1", agentToken(2), 40},
	} {
		var medians []float64
		size := 0
		for n := range b.opts.rounds + 1 {
			median, bytes, err := b.getPage(ctx, server.addr, page.path, page.token)
			if err != nil {
				return err
			}
			if size = bytes; n > 0 { // the first round is the warm-up
				medians = append(medians, median)
			}
		}
		b.table.atMost(page.name, "ms", sampleOf(medians...), page.bound, fmt.Sprintf("median of each round; %s; %d KiB", load, size>>10))
		if b.opts.verbose {
			ran, err := b.statementsDuring(ctx, database, func() error {
				_, _,
					err := b.getPage(ctx, server.addr, page.path, page.token)
				return err
			})
			if err != nil {
				return err
			}
			for _, line := range ran.top(b.opts.size(20, 3), 12) {
				b.log("    %s", line)
			}
		}
		err := b.profiled(ctx, server, strings.ReplaceAll(page.name, " ", "-"), 2*time.Second, func(ctx context.Context) error {
			for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
				if _, _, err := b.getPage(ctx, server.addr, page.path, page.token); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// getPage requests a page repeatedly and returns the median response time in milliseconds and the size in bytes.
func (b *bench) getPage(ctx context.Context, addr, path, token string) (median float64, size int, err error) {
	c := &conn{addr: addr}
	defer c.close()
	raw := []byte(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nCookie: parley_session=%s\r\nAccept: text/html\r\n\r\n", path, addr, token))
	var took []float64
	for range b.opts.size(20, 3) {
		began := time.Now()
		status, page, err := c.do(ctx, raw)
		if err != nil || status != 200 {
			return 0, 0, fmt.Errorf("%s was answered %d: %w", path, status, err)
		}
		took = append(took, milliseconds(time.Since(began)))
		size = len(page)
	}
	return quantileOf(took, 0.5), size, nil
}
