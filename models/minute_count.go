package models

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// countedAfter is how long after its end a minute is counted: what happened in it is committed by then.
	countedAfter = time.Minute
	// countedAtOnce is how many days of minutes one transaction counts after a pause, or after an upgrade.
	countedAtOnce = 7 * day
	// writtenAtOnce is how many rows one statement writes.
	writtenAtOnce = 2000
)

// CountMinutes counts the minutes that are over and were not counted yet, from the chats and the history of presence: the
// last one, those of a pause of Parley, and the first time as far back as there are chats. It may run at any time, on any
// machine, and several times at once.
func (d *Desk) CountMinutes(ctx context.Context) error {
	for {
		more, err := d.countNextMinutes(ctx)
		if err != nil || !more {
			return translate(err)
		}
	}
}

// countNextMinutes counts the first minutes that are due, and reports whether there may be more.
func (d *Desk) countNextMinutes(ctx context.Context) (more bool, err error) {
	var now time.Time
	var last, oldest *time.Time
	err = d.queryPrepared(ctx, `SELECT clock_timestamp(), (SELECT max(minute) FROM minute_buckets WHERE department = '' AND is_counted)`,
		nil, &now, &last)
	if err != nil {
		return false, err
	}
	to := now.Add(-countedAfter).UTC().Truncate(time.Minute)
	var from time.Time
	if last != nil {
		from = last.UTC().Add(time.Minute)
	} else {
		err := d.queryPrepared(
			ctx,
			`SELECT least((SELECT min(created_at) FROM chats), (SELECT min(minute) FROM minute_buckets))`,
			nil,
			&oldest,
		)
		if err != nil {
			return false, err
		}
		from = to.Add(-time.Minute)
		if oldest != nil {
			from = later(*oldest, now.Add(-d.Settings().MinutesRetention)).UTC().Truncate(time.Minute)
		}
	}
	if !from.Before(to) {
		return false, nil
	}
	if more = to.Sub(from) > countedAtOnce; more {
		to = from.Add(countedAtOnce)
	}
	return more, d.countBetween(ctx, from, to, nil)
}

// countBetween counts the minutes of a period; of these only the given ones, if any are given. Figures that are stored
// already are only raised, so a chat that was erased since stays counted, and samples stay as they are.
func (d *Desk) countBetween(ctx context.Context, from, to time.Time, only map[time.Time]bool) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SET LOCAL statement_timeout = '` + checkTimeout + `'`).Exec(ctx); err != nil {
			return err
		}
		var departments []string
		if err := t.NewRaw(`SELECT slug FROM departments ORDER BY slug`).Scan(ctx, &departments); err != nil {
			return err
		}
		sum := newMinuteTally(from, to, departments)
		if err := t.tallyChats(ctx, sum); err != nil {
			return err
		}
		if err := t.tallyPresence(ctx, d, sum); err != nil {
			return err
		}
		if err := t.tick(ctx); err != nil {
			return err
		}
		rows := sum.finish(t.now.Add(-presenceHistory))
		if only != nil {
			kept := rows[:0]
			for _, b := range rows {
				if only[b.Minute] {
					kept = append(kept, b)
				}
			}
			rows = kept
		}
		return t.writeCounted(ctx, rows)
	})
}

// arrivedAt is when a chat of people begins to be one: when a bot that had it first handed it over or a person took it from the bot. For
// chats that were taken before live_at was set then, it is the first assignment.
const arrivedAt = `CASE WHEN bot_id IS NULL THEN created_at ELSE coalesce(live_at, first_assigned_at, created_at) END`

// tallyChats adds the chats of people.
func (t *tx) tallyChats(ctx context.Context, sum *minuteTally) error {
	const columns = `SELECT coalesce(department, ''), greatest(queued_at, live_at), ` + arrivedAt + `, first_assigned_at, assigned_at, returned_at, ended_at,
		coalesce(ended_reason IN ('cancelled', 'abandoned'), false) FROM chats `
	return t.queryPreparedRows(
		ctx,
		columns+`WHERE channel = 'chat' AND status <> 'ended' AND created_at < $2 AND `+notWithBot+` UNION ALL `+
			columns+`WHERE channel = 'chat' AND status = 'ended' AND ended_at >= $1 AND created_at < $2 AND `+notWithBot,
		[]any{sum.from, sum.to},
		func(rows pgx.Rows) error {
			var c chatTimes
			err := rows.Scan(&c.department, &c.queued, &c.created, &c.firstAssigned, &c.assigned, &c.returned, &c.ended, &c.abandoned)
			sum.addChat(&c)
			return err
		},
	)
}

// tallyPresence adds when the agents were online, with the departments and capacities that they have now. What an agent
// was before the first change that is kept is what that change was from.
func (t *tx) tallyPresence(ctx context.Context, d *Desk, sum *minuteTally) error {
	agents, err := d.agents(ctx, t, ``)
	if err != nil {
		return err
	}
	type change struct {
		AgentID, FromPresence, ToPresence string
		At                                time.Time
	}
	var changes []change
	err = t.NewRaw(`SELECT agent_id, from_presence, to_presence, at FROM presence_changes WHERE at >= ? ORDER BY at, id`, sum.from).
		Scan(ctx, &changes)
	if err != nil {
		return err
	}
	of := map[string][]change{}
	for _, c := range changes {
		of[c.AgentID] = append(of[c.AgentID], c)
	}
	for i := range agents {
		a := &agents[i]
		begin, detail := later(a.CreatedAt, sum.from), string(a.Detail())
		if all := of[a.ID]; len(all) > 0 {
			detail = all[0].FromPresence
		}
		for _, c := range append(of[a.ID], change{At: sum.to}) {
			if detail == string(DetailOnline) {
				sum.addOnline(a.Departments, a.MaxConcurrent, begin, c.At)
			}
			begin, detail = c.At, c.ToPresence
		}
	}
	return nil
}

func (t *tx) writeCounted(ctx context.Context, rows []MinuteBucket) error {
	for len(rows) > 0 {
		batch := rows[:min(len(rows), writtenAtOnce)]
		rows = rows[len(batch):]
		insert := t.NewInsert().Model(&batch).On("CONFLICT (department, minute) DO UPDATE").Set("is_counted = true").
			Set("agents_online = coalesce(b.agents_online, excluded.agents_online)").Set("slots = coalesce(b.slots, excluded.slots)")
		for _, figure := range []string{
			"waiting", "longest_wait_seconds", "arrivals", "assignments", "ends", "abandonments", "load",
		} {
			insert = insert.Set(figure + " = greatest(b." + figure + ", excluded." + figure + ")")
		}
		if _, err := insert.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
