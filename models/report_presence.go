package models

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// agentTime is how long an agent was present in a quarter, or with the agent "" how long all together were.
type agentTime struct{ online, away, onBreak, slots float64 }

type agentTimeKey struct {
	agent    string
	startsAt time.Time
}

// countAgentTime stores the time of agents in the quarters that have passed since the last call, from the history of
// their presence. It may run again for the same quarters.
func (d *Desk) countAgentTime(ctx context.Context) error {
	// A quarter can be counted once it is over.
	isCounted, err := d.isAny(
		ctx,
		`SELECT FROM report_agent_time WHERE grain = 900 AND starts_at > statement_timestamp() - make_interval(secs => ?)`,
		(2 * quarter).Seconds(),
	)
	if err != nil || isCounted {
		return err
	}
	for hasMore := true; hasMore; {
		hasMore = false
		err := d.withReportLock(ctx, func(ctx context.Context, t *tx) error {
			hasMore = false
			var last, first *time.Time
			err := t.NewRaw(`SELECT (SELECT max(starts_at) FROM report_agent_time WHERE grain = 900), (SELECT min(at) FROM presence_changes)`).
				Scan(ctx, &last, &first)
			if err != nil {
				return err
			}
			if err := t.tick(ctx); err != nil {
				return err
			}
			from, now := t.now.Truncate(quarter), t.now.Truncate(quarter)
			switch {
			case last != nil:
				from = last.Add(quarter)
			case first != nil:
				from = first.Truncate(quarter)
			default:
				from = from.Add(-quarter)
			}
			to := from.Add(24 * time.Hour).Truncate(24 * time.Hour)
			if !now.After(from) {
				return nil
			}
			if to.After(now) {
				to = now
			}
			hasMore = to.Before(now)
			times, err := d.agentTimes(ctx, t, from, to)
			if err != nil {
				return err
			}
			return storeAgentTimes(ctx, t, times, from)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// agentTimes returns the times of a period of whole quarters. Quarters in which no agent was present have a row for all.
func (d *Desk) agentTimes(ctx context.Context, t *tx, from, to time.Time) (map[agentTimeKey]*agentTime, error) {
	agents, err := d.agents(ctx, t, `ORDER BY a.id`)
	if err != nil {
		return nil, err
	}
	before := map[string]PresenceDetail{}
	err = t.queryPreparedRows(ctx, `SELECT a.id, coalesce((SELECT to_presence FROM presence_changes WHERE agent_id = a.id AND at < $1
			ORDER BY at DESC, id DESC LIMIT 1), (SELECT from_presence FROM presence_changes WHERE agent_id = a.id AND at >= $1
			ORDER BY at, id LIMIT 1), '') FROM agents a`, []any{from}, func(rows pgx.Rows) error {
		var id string
		var detail PresenceDetail
		err := rows.Scan(&id, &detail)
		before[id] = detail
		return err
	})
	if err != nil {
		return nil, err
	}
	type change struct {
		to PresenceDetail
		at time.Time
	}
	changes := map[string][]change{}
	err = t.queryPreparedRows(ctx, `SELECT agent_id, to_presence, at FROM presence_changes WHERE at >= $1 AND at < $2 ORDER BY at, id`,
		[]any{from, to}, func(rows pgx.Rows) error {
			var id string
			var c change
			err := rows.Scan(&id, &c.to, &c.at)
			changes[id] = append(changes[id], c)
			return err
		})
	if err != nil {
		return nil, err
	}
	times := map[agentTimeKey]*agentTime{}
	for at := from; at.Before(to); at = at.Add(quarter) {
		times[agentTimeKey{"", at}] = new(agentTime)
	}
	for i := range agents {
		a := &agents[i]
		detail, since := before[a.ID], from
		if detail == "" {
			detail = a.Detail() // never changed
		}
		if a.CreatedAt.After(since) {
			since = a.CreatedAt
		}
		for _, c := range append(changes[a.ID], change{"", to}) {
			addPresence(times, a, detail, since, c.at)
			if detail = c.to; c.at.After(since) {
				since = c.at
			}
		}
	}
	return times, nil
}

// addPresence adds a span of an agent's presence to the quarters that it touches.
func addPresence(times map[agentTimeKey]*agentTime, a *Agent, detail PresenceDetail, from, to time.Time) {
	if detail == DetailOffline || detail == DetailLostContact {
		return
	}
	for at := from.Truncate(quarter); at.Before(to); at = at.Add(quarter) {
		start, end := at, at.Add(quarter)
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		seconds := end.Sub(start).Seconds()
		key := agentTimeKey{a.ID, at}
		if times[key] == nil {
			times[key] = new(agentTime)
		}
		for _, sum := range []*agentTime{times[key], times[agentTimeKey{"", at}]} {
			if sum == nil || seconds <= 0 {
				continue
			}
			switch detail {
			case DetailOnline:
				sum.online += seconds
				sum.slots += seconds * float64(a.MaxConcurrent)
			case DetailBreak:
				sum.onBreak += seconds
			default:
				sum.away += seconds
			}
		}
	}
}

// storeAgentTimes stores times of quarters, and makes those of their days from them.
func storeAgentTimes(ctx context.Context, t *tx, times map[agentTimeKey]*agentTime, from time.Time) error {
	var agents []string
	var starts []time.Time
	var online, away, breaks, slots []int
	for key, v := range times {
		agents, starts = append(agents, key.agent), append(starts, key.startsAt)
		online, away = append(online, int(v.online+0.5)), append(away, int(v.away+0.5))
		breaks, slots = append(breaks, int(v.onBreak+0.5)), append(slots, int(v.slots+0.5))
	}
	const replace = ` ON CONFLICT (agent_id, grain, starts_at) DO UPDATE SET online_seconds = excluded.online_seconds,
		away_seconds = excluded.away_seconds, break_seconds = excluded.break_seconds, slot_seconds = excluded.slot_seconds`
	none := func(pgx.Rows) error { return nil }
	err := t.queryPreparedRows(ctx, `INSERT INTO report_agent_time SELECT agent_id, 900, starts_at, online, away, breaks, slots FROM
		unnest($1::text[], $2::timestamptz[], $3::int[], $4::int[], $5::int[], $6::int[])
			v (agent_id, starts_at, online, away, breaks, slots)`+
		replace, []any{agents, starts, online, away, breaks, slots}, none)
	if err != nil {
		return err
	}
	return t.queryPreparedRows(ctx, `INSERT INTO report_agent_time SELECT agent_id, 86400, $1, sum(online_seconds), sum(away_seconds),
			sum(break_seconds), sum(slot_seconds) FROM report_agent_time
		WHERE grain = 900 AND starts_at >= $1 AND starts_at < $1::timestamptz + interval '1 day' GROUP BY agent_id`+replace,
		[]any{from.Truncate(24 * time.Hour)}, none)
}
