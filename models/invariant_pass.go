package models

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

const (
	// passPause is how long after a complete pass the next one begins.
	passPause = 3 * time.Minute
	// passBudget is how long one call of CheckInvariants works, every 5 s: a pass takes its time, and PostgreSQL hardly notices it.
	passBudget = 150 * time.Millisecond
	// chatsAtOnce and agentsAtOnce are how many rows one slice has.
	chatsAtOnce  = 1000
	agentsAtOnce = 50
)

// slice is what a check reads: the relations for {agents} and {chats}, and the bounds in them.
type slice struct {
	agents, chats string
	recent        bool
	after, upTo   string // ?6 and ?7
}

var allRows = slice{agents: "agents", chats: "chats"}

// recentRows are the open chats and those that ended lately.
var recentRows = slice{agents: "agents", recent: true, chats: `(SELECT * FROM chats WHERE status <> 'ended'
	UNION ALL SELECT * FROM chats WHERE status = 'ended' AND ended_at > now() - interval '` + lately + `')`}

// stage is a part of a pass: some invariants with the rows that are cut into slices for them. next selects where the
// slice after the position ?0 begins and ends and the number of its rows; "" is for one slice of everything.
type stage struct {
	invariants []*invariant
	rows       slice
	next       string
}

// stages are those of a pass in their order.
var stages = func() (all []stage) {
	agents := stage{
		rows: slice{agents: `(SELECT * FROM agents WHERE id > ?6 AND id <= ?7)`, chats: "chats", recent: true},
		next: fmt.Sprintf(
			`SELECT ?0::text, coalesce(max(id), ''), count(*) FROM (SELECT id FROM agents WHERE id > ?0 ORDER BY id LIMIT %d) s`,
			agentsAtOnce,
		),
	}
	// A user has one open chat, so the index for that lists all open chats.
	open := stage{
		rows: slice{
			agents: "agents",
			recent: true,
			chats:  `(SELECT * FROM chats WHERE status <> 'ended' AND user_id > ?6 AND user_id <= ?7)`,
		},
		next: fmt.Sprintf(
			`SELECT ?0::text, coalesce(max(user_id), ''), count(*) FROM (SELECT user_id FROM chats WHERE status <> 'ended' AND user_id > ?0
			ORDER BY user_id LIMIT %d) s`,
			chatsAtOnce,
		),
	}
	ended := stage{
		rows: slice{
			agents: "agents",
			recent: true,
			chats:  `(SELECT * FROM chats WHERE status = 'ended' AND ended_at > ?6 AND ended_at <= ?7)`,
		},
		next: fmt.Sprintf(`SELECT after::text, coalesce(max(ended_at)::text, ''), count(ended_at)
			FROM (SELECT coalesce(nullif(?0, '')::timestamptz, now() - interval '`+lately+`') AS after) p
			LEFT JOIN LATERAL (SELECT ended_at FROM chats WHERE status = 'ended' AND ended_at > after ORDER BY ended_at LIMIT %d) s ON true
			GROUP BY after`, chatsAtOnce),
	}
	for n := range invariants {
		i := &invariants[n]
		switch i.scope {
		case ofWhole:
			all = append(all, stage{invariants: []*invariant{i}, rows: slice{agents: "agents", chats: "chats", recent: true}})
		case ofAgents:
			agents.invariants = append(agents.invariants, i)
		case ofChats:
			ended.invariants = append(ended.invariants, i)
			fallthrough
		case ofOpenChats:
			open.invariants = append(open.invariants, i)
		}
	}
	return append(all, agents, open, ended)
}()

// pass is how far a check of all invariants has come: a row of invariant_checks.
type pass struct {
	BeganAt  *time.Time
	Stage    int
	Position string
	Found    json.RawMessage `bun:"found,type:jsonb"`
	Now      time.Time

	found map[string][]Finding
}

// isPassDue is the condition on invariant_checks that there is something to check: a pass has begun, or the last one is long enough ago.
const isPassDue = `began_at IS NOT NULL OR checked_at IS NULL OR checked_at < statement_timestamp() - make_interval(secs => ?)`

// CheckInvariants checks every invariant against open chats and those that ended within the last hour, a slice at a time: one call
// works for about 150 ms, ends its slice and leaves the rest to the next one. A pass begins 3 minutes after the one before it has ended;
// [Desk.LastCheck] returns the result of the last complete one. It may run at any time, on any machine: of several calls at once one
// works and the others return at once.
func (d *Desk) CheckInvariants(ctx context.Context) error {
	if isDue, err := d.isAny(ctx, `SELECT FROM invariant_checks WHERE `+isPassDue, passPause.Seconds()); err != nil || !isDue {
		return err
	}
	var ended map[string][]Finding
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		ended = nil
		var rows []pass
		err := t.NewRaw(`SELECT began_at, stage, position, found, clock_timestamp() AS now FROM invariant_checks
			WHERE `+isPassDue+` FOR UPDATE SKIP LOCKED`, passPause.Seconds()).Scan(ctx, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		p := rows[0]
		if err := json.Unmarshal(p.Found, &p.found); err != nil {
			return err
		}
		if p.BeganAt == nil {
			p.BeganAt, p.Stage, p.Position, p.found = &p.Now, 0, "", map[string][]Finding{}
		}
		if _, err := t.NewRaw(`SET LOCAL statement_timeout = '25s'`).Exec(ctx); err != nil {
			return err
		}
		s := d.Settings()
		for until := time.Now().Add(passBudget); p.Stage < len(stages) && time.Now().Before(until); {
			if err := p.checkSlice(ctx, t, s); err != nil {
				return err
			}
		}
		found, err := json.Marshal(p.found)
		if err != nil {
			return err
		}
		if p.Stage < len(stages) {
			_, err = t.NewRaw(`UPDATE invariant_checks SET began_at = ?, stage = ?, position = ?, found = ?::jsonb`,
				p.BeganAt, p.Stage, p.Position, string(found)).Exec(ctx)
			return err
		}
		ended = p.found
		_, err = t.NewRaw(`UPDATE invariant_checks SET began_at = NULL, stage = 0, position = '', found = '{}',
			checked_at = clock_timestamp(), result = ?::jsonb`, string(found)).Exec(ctx)
		return err
	})
	for name, found := range ended {
		d.log.Error("invariant violated", "invariant", name, "findings", len(found), "first", found[0].Subject)
	}
	return err
}

// checkSlice checks the next slice and moves on.
func (p *pass) checkSlice(ctx context.Context, t *tx, s Settings) error {
	now, rows := stages[p.Stage], 1
	if now.next != "" {
		if err := t.NewRaw(now.next, p.Position).Scan(ctx, &now.rows.after, &now.rows.upTo, &rows); err != nil {
			return err
		}
	}
	if rows > 0 {
		for _, i := range now.invariants {
			found, err := i.find(ctx, t, s, now.rows)
			if err != nil {
				return err
			}
			if all := append(p.found[i.name], found...); len(all) > 0 {
				p.found[i.name] = all[:min(len(all), maxFindings)]
			}
		}
	}
	if p.Position = now.rows.upTo; now.next == "" || rows == 0 {
		p.Stage, p.Position = p.Stage+1, ""
	}
	return nil
}

// LastCheck is the result of the last complete pass of [Desk.CheckInvariants].
type LastCheck struct {
	Checked []Checked
	At      time.Time
	Age     time.Duration
}

// LastCheck returns the last result, nil before the first pass is complete.
func (d *Desk) LastCheck(ctx context.Context) (*LastCheck, error) {
	var rows []struct {
		CheckedAt time.Time
		Age       float64
		Result    json.RawMessage `bun:"result,type:jsonb"`
	}
	err := d.db.NewRaw(`SELECT checked_at, greatest(0, extract(epoch FROM clock_timestamp() - checked_at))::float8 AS age, result
		FROM invariant_checks WHERE checked_at IS NOT NULL`).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, translate(err)
	}
	var found map[string][]Finding
	if err := json.Unmarshal(rows[0].Result, &found); err != nil {
		return nil, translate(err)
	}
	last := &LastCheck{At: rows[0].CheckedAt, Age: time.Duration(rows[0].Age * float64(time.Second))}
	for i := range invariants {
		c := invariants[i].checked()
		if of := found[c.Invariant]; of != nil {
			c.Findings = of
		}
		last.Checked = append(last.Checked, c)
	}
	return last, nil
}

// checkAgain replaces the last findings of one invariant, after its repair, with those of this moment.
func (d *Desk) checkAgain(ctx context.Context, i *invariant) error {
	s := d.Settings()
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SELECT FROM invariant_checks FOR UPDATE`).Exec(ctx); err != nil {
			return err
		}
		found, err := i.find(ctx, t, s, recentRows)
		if err != nil {
			return err
		}
		stored, err := json.Marshal(map[string][]Finding{i.name: found})
		if err != nil {
			return err
		}
		change := `found = found - ?0, result = result - ?0`
		if len(found) > 0 {
			change += ` || ?1::jsonb`
		}
		_, err = t.NewRaw(`UPDATE invariant_checks SET `+change, i.name, string(stored)).Exec(ctx)
		return err
	})
}
