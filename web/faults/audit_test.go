package faults_test

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// row is a stored message.
type row struct {
	Chat, UserID, AgentID string
	ID                    int64
	Seq                   int
	Side, Sender          string
	Key, Content, Type    string
}

func (p *plant) rows() []row {
	p.t.Helper()
	conn, err := p.connect(p.t.Context())
	p.must(err)
	defer conn.Close(context.Background())
	found, err := conn.Query(p.t.Context(), `SELECT m.chat_id AS chat, c.user_id, coalesce(c.agent_id, '') AS agent_id, m.id, m.seq, m.sender_type AS side, m.sender_id AS sender,
		coalesce(m.client_message_id, '') AS key, m.content, m.message_type AS type FROM messages m JOIN chats c ON c.id = m.chat_id ORDER BY m.chat_id, m.id`)
	p.must(err)
	rows, err := pgx.CollectRows(found, pgx.RowToStructByName[row])
	p.must(err)
	return rows
}

// settle lets everybody stop talking, and waits until the streams have said all that is stored.
func (p *plant) settle() {
	p.t.Helper()
	p.rest()
	done := make(chan struct{})
	go func() { p.talking.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(2 * opPatience):
		p.t.Fatal("somebody still waits for an answer")
	}
	rows, began := p.rows(), time.Now()
	var missing string
	settled := eventually(p.t.Context(), 20*time.Second, func() bool {
		missing = ""
		for _, who := range p.people {
			if m := who.missing(rows); m != "" {
				missing = m
				return false
			}
		}
		return true
	})
	p.settled = time.Since(began)
	if !settled {
		p.t.Errorf("20 s after the last word: %s", missing)
	}
}

// mine are the stored messages that a person's stream must have brought: a user's all, an agent's those of the chats that are
// theirs or were when they ended.
func (who *person) mine(rows []row) map[string][]row {
	chats := map[string][]row{}
	for _, r := range rows {
		if who.side == byUser && r.UserID == who.id && r.Type != "note" || who.side == byAgent && r.AgentID == who.id {
			chats[r.Chat] = append(chats[r.Chat], r)
		}
	}
	return chats
}

// came are the ids that the stream brought, by chat, each once, in the order of their first coming.
func (who *person) came() map[string][]int64 {
	who.stream.mu.Lock()
	defer who.stream.mu.Unlock()
	chats, seen := map[string][]int64{}, map[int64]bool{}
	for _, h := range who.stream.messages {
		if !seen[h.id] {
			seen[h.id] = true
			chats[h.chat] = append(chats[h.chat], h.id)
		}
	}
	return chats
}

func ids(rows []row) []int64 {
	all := make([]int64, len(rows))
	for i, r := range rows {
		all[i] = r.ID
	}
	return all
}

func (who *person) missing(rows []row) string {
	came := who.came()
	for chat, stored := range who.mine(rows) {
		if have := len(came[chat]); have < len(stored) {
			return fmt.Sprintf("%s has %d of the %d messages of chat %s", who.name, have, len(stored), chat)
		}
	}
	return ""
}

// audit holds what everybody was told against what is stored. Call it after settle.
func (p *plant) audit() {
	p.t.Helper()
	rows := p.rows()
	p.auditAcks(rows)
	p.auditStreams(rows)
	p.auditTurns()
	for _, what := range p.seen.all() {
		p.t.Errorf("seen during the run: %s", what)
	}
	wrong := complaints{}
	for _, c := range p.ledger.during(span{}, "") {
		if c.failed() && (c.status != 503 || c.retryAfter == "") {
			wrong.add("%s: %d %s, Retry-After %q", c.kind, c.status, c.code, c.retryAfter)
		}
	}
	wrong.report(p.t)
	p.auditLogs()
	p.auditCheck()
	p.seen.mu.Lock()
	defer p.seen.mu.Unlock()
	p.t.Logf("%d requests, %d acknowledged sends, %d stored messages, %d looks; settled in %s",
		len(p.ledger.during(span{}, "")), len(p.ledger.allAcks()), len(rows), p.seen.looks, p.settled.Round(time.Millisecond))
}

// auditAcks: acknowledged = stored exactly once, and nothing is stored twice.
func (p *plant) auditAcks(rows []row) {
	p.t.Helper()
	type name struct{ sender, key string }
	stored := map[name][]row{}
	for _, r := range rows {
		if r.Key != "" {
			stored[name{r.Sender, r.Key}] = append(stored[name{r.Sender, r.Key}], r)
		}
	}
	wrong := complaints{}
	for n, all := range stored {
		if len(all) > 1 {
			wrong.add("%s is stored %d times", n.key, len(all))
		}
	}
	acks := p.ledger.allAcks()
	for _, a := range acks {
		got := stored[name{a.sender, a.key}]
		if len(got) == 0 || got[0].ID != a.id || got[0].Chat != a.chat || got[0].Content != a.content {
			wrong.add("acknowledged as message %d of chat %s, %q is stored as %+v", a.id, a.chat, a.key, got)
		}
	}
	wrong.report(p.t)
	if len(acks) == 0 {
		p.t.Error("nobody said anything")
	}
}

// auditStreams: every stream says, chat by chat, what the table holds, in its order, and never the same twice over one connection to a user.
func (p *plant) auditStreams(rows []row) {
	p.t.Helper()
	table := map[string][]row{}
	for _, r := range rows {
		table[r.Chat] = append(table[r.Chat], r)
	}
	wrong := complaints{}
	for _, who := range p.people {
		mine, came := who.mine(rows), who.came()
		for chat, got := range came {
			want := table[chat]
			if who.side == byUser {
				want = mine[chat]
			}
			all := ids(want)
			if len(got) > len(all) || !slices.Equal(got, all[:len(got)]) {
				wrong.add("%s heard %v in chat %s, the table has %v", who.name, got, chat, all)
			}
		}
		for chat, stored := range mine {
			if len(came[chat]) != len(stored) {
				wrong.add("%s heard %d of the %d messages of chat %s", who.name, len(came[chat]), len(stored), chat)
			}
		}
		who.stream.mu.Lock()
		for _, what := range who.stream.wrong {
			wrong.add("the stream of %s: %s", who.name, what)
		}
		last := map[string]int64{}
		for _, h := range who.stream.messages {
			place := fmt.Sprint(h.conn, " ", h.chat)
			if who.side == byUser && h.id <= last[place] {
				wrong.add("%s heard message %d after %d over one connection", who.name, h.id, last[place])
			}
			last[place] = h.id
		}
		who.stream.mu.Unlock()
	}
	wrong.report(p.t)
}

// auditTurns: first come, first served, among those who were never handed over.
func (p *plant) auditTurns() {
	p.t.Helper()
	conn, err := p.connect(p.t.Context())
	p.must(err)
	defer conn.Close(context.Background())
	found, err := conn.Query(p.t.Context(), `SELECT 'chat ' || late.id || ' of ' || late.queued_at || ' was served before ' || early.id || ' of ' || early.queued_at
		FROM chats early JOIN chats late ON (early.queued_at, early.queue_id) < (late.queued_at, late.queue_id)
			AND early.priority = late.priority AND early.department IS NOT DISTINCT FROM late.department
		WHERE late.first_assigned_at < coalesce(early.first_assigned_at, early.ended_at, 'infinity') AND early.ended_reason IS DISTINCT FROM 'cancelled' LIMIT 20`)
	p.must(err)
	overtaken, err := pgx.CollectRows(found, pgx.RowTo[string])
	p.must(err)
	for _, what := range overtaken {
		p.t.Error(what)
	}
}

// auditLogs: no message, token, address or SQL in the log.
func (p *plant) auditLogs() {
	p.t.Helper()
	for _, i := range p.instances {
		said := i.output.String()
		for _, never := range []string{secretWord, password, tokenSecret, "@example.com", " FROM ", " WHERE ", " VALUES ", "panic"} {
			if at := strings.Index(said, never); at >= 0 {
				p.t.Errorf("the log of instance %d has %q: %s", i.number, never, said[max(0, at-200):min(len(said), at+200)])
			}
		}
		for _, who := range p.people {
			if strings.Contains(said, who.token) {
				p.t.Errorf("the log of instance %d has the token of %s", i.number, who.name)
			}
		}
	}
}

// auditCheck: `parley check` finds nothing.
func (p *plant) auditCheck() {
	p.t.Helper()
	cmd := exec.Command(p.instances[0].binary, "check")
	cmd.Env = p.instances[0].environ
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Errorf("parley check: %v\n%s", err, out)
	}
}
