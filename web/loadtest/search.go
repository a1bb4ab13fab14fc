package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// searchedMessages inserts a message into the latest ended chats, and into some of the others, so that results have texts to show.
func searchedMessages(latest int) string {
	return fmt.Sprintf(`WITH said AS (
			INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
			SELECT id, 1, 1, 'user', user_id, 'text', 'hello, word1 word2 rare 我想申请退款', ended_at FROM chats
			WHERE status = 'ended' AND (substr(id, 2)::int <= %d OR substr(id, 2)::int %% 1000 = 0) RETURNING chat_id)
		UPDATE chats SET last_seq = 1, total_messages = 1 FROM said WHERE id = chat_id`, latest)
}

// searchRows inserts what the chats of endedChats are found by, with words as frequent as in a language: word1 is in most chats, and word n
// in about one of n. Every chat has the word hello and the characters 申请退款, one of a hundred thousand the word rare.
const searchRows = `
	CREATE TEMPORARY TABLE phrases AS SELECT p, array_to_tsvector(array_agg(DISTINCT 'word' || floor(5000 ^ random())::int)) AS words
		FROM generate_series(0, 1999) p, generate_series(1, 10) GROUP BY p;
	CREATE INDEX ON phrases (p);
	DROP INDEX chat_search_words;
	INSERT INTO chat_search (chat_id, user_id, ended_at, agents, readers, words)
	SELECT id, user_id, ended_at, ARRAY[agent_id], ARRAY[agent_id], a.words || b.words || array_to_tsvector(ARRAY['hello', '申请', '请退', '退款',
			CASE WHEN n % 100000 = 7 THEN 'rare' ELSE 'usual' END, ':user:' || user_id, ':agent:' || agent_id, ':reader:' || agent_id,
			':day:1:' || day, ':day:8:' || day / 8, ':day:64:' || day / 64, ':day:512:' || day / 512])
		FROM (SELECT *, substr(id, 2)::int AS n, floor(extract(epoch FROM ended_at) / 86400)::bigint AS day FROM chats WHERE status = 'ended') c
		JOIN phrases a ON a.p = n % 2000 JOIN phrases b ON b.p = n / 7 % 2000 ORDER BY ended_at;
	SET maintenance_work_mem = '256MB';
	CREATE INDEX chat_search_words ON chat_search USING gin (words) WITH (fastupdate = off);
	DELETE FROM chat_search_due`

// measureSearch measures the endpoint of the search among many ended chats, for an agent with a part of them and for a supervisor.
func measureSearch(ctx context.Context, b *bench) error {
	const agentsN, supervisorsN, userCount = 100, 50, 100_000
	ended := b.opts.size(1_000_000, 2000)
	database, err := b.seeded(ctx, users(b.opts.size(userCount, 2000)), agents(agentsN+supervisorsN, 5, 0),
		fmt.Sprintf(`UPDATE agents SET role = 'supervisor' WHERE substr(id, 2)::int > %d`, agentsN),
		endedChats(ended, b.opts.size(userCount, 2000), agentsN, "2 s"), searchedMessages(b.opts.size(50_000, 2000)), searchRows)
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database, noTimeouts...)
	if err != nil {
		return err
	}
	for _, who := range []struct {
		name         string
		first, count int // of the agents who search in turn, since each may search only so often
	}{{"agent", 1, agentsN}, {"supervisor", agentsN + 1, supervisorsN}} {
		var slowest []float64
		var notes []string
		for n := range b.opts.rounds + 1 {
			worst := 0.0
			notes = notes[:0]
			for _, text := range []string{
				"hello", "word1", "word2 word3", "word300", "word4000", "wor", "word40", "rare", "absent", "退款", "申请退款",
			} {
				median, err := b.search(ctx, server.addr, text, who.first, who.count)
				if err != nil {
					return err
				}
				worst = max(worst, median)
				notes = append(notes, fmt.Sprintf("%s %.0f", text, median))
			}
			if n > 0 { // the first round is the warm-up
				slowest = append(slowest, worst)
			}
		}
		b.table.atMost("search among 1,000,000 ended chats, "+who.name, "ms", sampleOf(slowest...), 100,
			fmt.Sprintf("the slowest of these words, each the median of a round: %s; %d chats", strings.Join(notes, ", "), ended))
	}
	return nil
}

// search searches a few times as one agent after the other and returns the median time in milliseconds.
func (b *bench) search(ctx context.Context, addr, text string, first, count int) (float64, error) {
	c := &conn{addr: addr}
	defer c.close()
	var took []float64
	for i := range b.opts.size(15, 3) {
		raw := fmt.Appendf(nil, "GET /api/customer-service/search?q=%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n",
			url.QueryEscape(text), addr, agentToken(first+(i*7+len(text))%count))
		began := time.Now()
		status, body, err := c.do(ctx, raw)
		if err != nil || status != 200 {
			return 0, fmt.Errorf("search for %s was answered %d: %w %.200s", text, status, err, body)
		}
		took = append(took, milliseconds(time.Since(began)))
	}
	slices.Sort(took)
	return quantileOf(took, 0.5), nil
}
