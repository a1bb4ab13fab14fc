package faulttest_test

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
	found, err := conn.Query(
		p.t.Context(),
		`SELECT m.chat_id AS chat, c.user_id, coalesce(c.agent_id, '') AS agent_id, m.id, m.seq, m.sender_type AS side, m.sender_id AS sender,
		coalesce(m.client_message_id, '') AS key, m.content, m.message_type AS type FROM messages m JOIN chats c ON c.id = m.chat_id ORDER BY m.chat_id, m.id`,
	)
	p.must(err)
	rows, err := pgx.CollectRows(found, pgx.RowToStructByName[row])
	p.must(err)
	return rows
}

// assignments is when each chat was assigned to the agent who had it last. The clock of PostgreSQL is that of the test.
type assignments map[string]time.Time

func (p *plant) assignments() assignments {
	p.t.Helper()
	conn, err := p.connect(p.t.Context())
	p.must(err)
	defer conn.Close(context.Background())
	rows, err := conn.Query(p.t.Context(), `SELECT id, assigned_at FROM chats WHERE assigned_at IS NOT NULL`)
	p.must(err)
	all := assignments{}
	var id string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error { all[id] = at; return nil })
	p.must(err)
	return all
}

// dueAt returns from when a message is due on the streams of a side: from its acknowledgement, on that of the agent not before the chat
// was assigned. An agent does not hear what the user says in the queue.
func (s assignments) dueAt(a ack, side string) time.Time {
	if at := s[a.chat]; side == byAgent && at.After(a.at) {
		return at
	}
	return a.at
}

// settle ends all conversations and waits until the streams have delivered all stored messages.
func (p *plant) settle() {
	p.t.Helper()
	p.rest()
	done := make(chan struct{})
	go func() { p.talking.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(2 * opPatience):
		p.t.Fatal("a user still awaits a reply")
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

// mine returns the stored messages that a stream must have delivered: for a user all, for an agent those of the agent's current and ended
// chats.
func (who *person) mine(rows []row) map[string][]row {
	chats := map[string][]row{}
	for _, r := range rows {
		if who.side == byUser && r.UserID == who.id && r.Type != "note" || who.side == byAgent && r.AgentID == who.id {
			chats[r.Chat] = append(chats[r.Chat], r)
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
	for chat, stored := range who.mine(rows) {
		for _, l := range who.streams() {
			if have := len(l.came()[chat]); have < len(stored) {
				return fmt.Sprintf("%s has %d of the %d messages of chat %s", l.name, have, len(stored), chat)
			}
		}
	}
	return ""
}

// audit compares what all clients received with what is stored. Call it after settle.
func (p *plant) audit() {
	p.t.Helper()
	rows := p.rows()
	p.auditAcks(rows)
	p.auditStreams(rows)
	p.auditVersions()
	if !p.moved {
		p.auditTurns()
	}
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

// auditAcks checks that each acknowledged message is stored exactly once and that no message is stored twice.
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
		p.t.Error("no message was sent")
	}
}

// auditStreams checks that every stream delivers the stored messages of each chat in order, and to a user never twice over one connection.
func (p *plant) auditStreams(rows []row) {
	p.t.Helper()
	table := map[string][]row{}
	for _, r := range rows {
		table[r.Chat] = append(table[r.Chat], r)
	}
	wrong := complaints{}
	for _, who := range p.people {
		mine := who.mine(rows)
		for _, l := range who.streams() {
			came := l.came()
			for chat, got := range came {
				want := ids(table[chat])
				if who.side == byUser {
					want = ids(mine[chat])
				}
				if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
					wrong.add("%s heard %v in chat %s, the table has %v", l.name, got, chat, want)
				}
			}
			for chat, stored := range mine {
				if len(came[chat]) != len(stored) {
					wrong.add("%s heard %d of the %d messages of chat %s", l.name, len(came[chat]), len(stored), chat)
				}
			}
			l.audit(who.side, wrong)
		}
	}
	wrong.report(p.t)
}

func (l *listener) audit(side string, wrong complaints) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, what := range l.wrong {
		wrong.add("the stream of %s: %s", l.name, what)
	}
	last := map[string]int64{}
	for _, h := range l.messages {
		place := fmt.Sprint(h.conn, " ", h.chat)
		if side == byUser && h.id <= last[place] {
			wrong.add("%s heard message %d after %d over one connection", l.name, h.id, last[place])
		}
		last[place] = h.id
	}
}

// auditVersions checks that the changes of a chat have distinct versions and that an ended chat has no later messages.
func (p *plant) auditVersions() {
	p.t.Helper()
	p.none(`WITH chats AS (SELECT * FROM chats WHERE created_at > '` + p.began.UTC().Format(time.RFC3339Nano) + `'),
			messages AS (SELECT * FROM messages WHERE chat_id IN (SELECT id FROM chats))
		SELECT 'change ' || m.version || ' of chat ' || m.chat_id || ' is a message and a confirmation' FROM messages m
			JOIN message_status_changes s ON s.chat_id = m.chat_id AND s.version = m.version
		UNION SELECT 'change ' || version || ' of chat ' || chat_id || ' is ' || count(*) || ' messages' FROM messages WHERE message_type = 'text'
			GROUP BY chat_id, version HAVING count(*) > 1
		UNION SELECT 'message ' || m.id || ' came after the end of chat ' || c.id FROM messages m JOIN chats c ON c.id = m.chat_id
			WHERE m.created_at > c.ended_at`)
}

// none runs a statement that returns violations and fails for each row.
func (p *plant) none(query string) {
	p.t.Helper()
	conn, err := p.connect(p.t.Context())
	p.must(err)
	defer conn.Close(context.Background())
	found, err := conn.Query(p.t.Context(), query)
	p.must(err)
	all, err := pgx.CollectRows(found, pgx.RowTo[string])
	p.must(err)
	wrong := complaints{}
	for _, what := range all {
		wrong.add("%s", what)
	}
	wrong.report(p.t)
}

// auditTurns checks that the queue is served in order, unless chats are assigned by hand.
func (p *plant) auditTurns() {
	p.t.Helper()
	p.none(`SELECT 'chat ' || late.id || ' of ' || late.queued_at || ' was served before ' || early.id || ' of ' || early.queued_at
		FROM chats early JOIN chats late ON (early.queued_at, early.queue_id) < (late.queued_at, late.queue_id)
			AND early.priority = late.priority AND early.department IS NOT DISTINCT FROM late.department
		WHERE late.first_assigned_at < coalesce(early.first_assigned_at, early.ended_at, 'infinity') AND early.ended_reason IS DISTINCT FROM 'cancelled'`)
}

// auditLogs checks that the log contains no message, token, address or SQL.
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

// auditCheck checks that `parley check` finds nothing.
func (p *plant) auditCheck() {
	p.t.Helper()
	cmd := exec.Command(p.instances[0].binary, "check")
	cmd.Env = p.instances[0].environ
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Errorf("parley check: %v\n%s", err, out)
	}
}
