package models

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// countPeriod is how long one call of CountReports works at most, so that a large backlog leaves PostgreSQL time for
// others.
const countPeriod = 5 * time.Second

// CountReports sums up ended chats for reports, and again the quarters of an hour whose chats have changed since, the
// latest ones first; and the time of agents up to now. It returns how many quarters it has made. It stops after 5 s and
// then returns with work left for the next call; of several calls at once, on any number of machines, one works and the
// others return at once.
func (d *Desk) CountReports(ctx context.Context) (int, error) {
	done := 0
	for until := time.Now().Add(countPeriod); time.Now().Before(until); {
		n, err := d.countQuarters(ctx)
		if done += n; err != nil {
			return done, err
		}
		if n < maxQuarter {
			if more, err := d.countAgain(ctx); err != nil || !more {
				if err != nil {
					return done, err
				}
				break
			}
		}
	}
	return done, d.countAgentTime(ctx)
}

// isWithoutEstimates is the condition on a bucket that is a quarter of all chats and was made by the previous release.
const isWithoutEstimates = `kind = 'all' AND name = '' AND grain = 900 AND NOT is_kept AND chats > 0 AND estimated IS NULL`

// countAgain makes quarters due that the previous release has made, which stores no estimates, the latest first. It returns
// false when there are none, or another call is at work.
func (d *Desk) countAgain(ctx context.Context) (more bool, err error) {
	const isOld = `SELECT starts_at FROM report_buckets WHERE ` + isWithoutEstimates
	if found, err := d.isAny(ctx, isOld); err != nil || !found {
		return false, err
	}
	err = d.withReportLock(ctx, func(ctx context.Context, t *tx) error {
		more = false
		made, err := t.NewRaw(`INSERT INTO report_due (starts_at) `+isOld+` ORDER BY starts_at DESC LIMIT ?`, maxQuarter).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := made.RowsAffected()
		more = n > 0
		return err
	})
	return more, err
}

// withReportLock runs f in a transaction unless another one sums up at this moment.
func (d *Desk) withReportLock(ctx context.Context, f func(ctx context.Context, t *tx) error) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var isFree bool
		if err := t.NewRaw(`SELECT pg_try_advisory_xact_lock(?)`, reportLock).Scan(ctx, &isFree); err != nil || !isFree {
			return err
		}
		// Its statements find few rows by their keys, also where PostgreSQL guesses the sizes of arrays and of young tables wrong.
		_, err := t.NewRaw(`SET LOCAL statement_timeout = '60s'; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;
			SET LOCAL enable_mergejoin = off; SET LOCAL synchronous_commit = off`).Exec(ctx)
		if err != nil {
			return err
		}
		return f(ctx, t)
	})
}

// countQuarters makes the buckets of the latest quarters that are due, and returns how many.
func (d *Desk) countQuarters(ctx context.Context) (int, error) {
	made := 0
	if isDue, err := d.isAny(ctx, `SELECT FROM report_due`); err != nil || !isDue {
		return 0, err
	}
	err := d.withReportLock(ctx, func(ctx context.Context, t *tx) error {
		// What is committed after this statement has a row of its own, which is left for the next call.
		var quarters []time.Time
		seen := map[time.Time]bool{}
		err := t.queryPreparedRows(ctx, `DELETE FROM report_due WHERE starts_at IN (SELECT DISTINCT starts_at FROM
				(SELECT starts_at FROM report_due ORDER BY id DESC LIMIT 5000) latest ORDER BY starts_at DESC LIMIT $1) RETURNING starts_at`,
			[]any{maxQuarter}, func(rows pgx.Rows) error {
				var at time.Time
				err := rows.Scan(&at)
				if !seen[at] {
					seen[at], quarters = true, append(quarters, at)
				}
				return err
			})
		if made = len(quarters); err != nil || made == 0 {
			return err
		}
		return d.makeBuckets(ctx, t, quarters)
	})
	return made, err
}

// makeBuckets makes the buckets of quarters from their chats, and those of the hours and days that contain them.
func (d *Desk) makeBuckets(ctx context.Context, t *tx, quarters []time.Time) error {
	k, err := newSketcher()
	if err != nil {
		return err
	}
	sites := map[string]bool{}
	for _, s := range d.AllowedOrigins() {
		sites[s] = true
	}
	tallies := map[bucketKey]*reportTally{}
	isChanged := map[bucketKey]bool{} // hours and days
	touch := func(kind, name string, at time.Time) {
		if kind == reportAll {
			isChanged[bucketKey{kind, name, grainHour, at.Truncate(time.Hour), false}] = true
		}
		isChanged[bucketKey{kind, name, grainDay, at.Truncate(24 * time.Hour), false}] = true
	}
	hasKept := false
	each := func(f *reportFact, add func(*reportTally)) {
		hasKept = hasKept || f.isKept
		for _, key := range f.keys(sites) {
			if tallies[key] == nil {
				tallies[key] = new(reportTally)
			}
			add(tallies[key])
			touch(key.kind, key.name, key.startsAt)
		}
	}
	err = t.queryPreparedRows(ctx, `WITH gone AS (DELETE FROM report_gone WHERE starts_at = ANY($1) RETURNING *)
		SELECT true, `+factColumns+` FROM gone
		UNION ALL SELECT false, `+factColumns+` FROM unnest($1::timestamptz[]) q (at) CROSS JOIN LATERAL (
			SELECT * FROM report_facts WHERE created_at >= q.at AND created_at < q.at + interval '15 minutes' OFFSET 0) f`,
		[]any{quarters}, func(rows pgx.Rows) error {
			var f reportFact
			if err := rows.Scan(f.targets()...); err != nil {
				return err
			}
			each(&f, func(sum *reportTally) { sum.add(&f) })
			return nil
		})
	if err != nil {
		return err
	}
	err = t.readLeft(ctx, quarters, func(f *leftFact) {
		hours := d.HoursOf(deref(f.department))
		each(&f.reportFact, func(sum *reportTally) { sum.addLeft(f, hours) })
	})
	if err != nil {
		return err
	}
	// The rows of quarters are replaced. Kept parts grow: their chats are gone, so what is stored is all there is.
	parts := []bool{false}
	if hasKept {
		parts = append(parts, true)
	}
	err = t.queryPreparedRows(
		ctx,
		`DELETE FROM report_buckets WHERE kind = ANY($1) AND grain = $2 AND starts_at = ANY($3) AND is_kept = ANY($4)
		RETURNING kind, name, starts_at, is_kept, `+storedColumns,
		[]any{reportKinds, grainQ, quarters, parts},
		func(rows pgx.Rows) error {
			key, old := bucketKey{grain: grainQ}, new(reportTally)
			if err := rows.Scan(append([]any{&key.kind, &key.name, &key.startsAt, &key.isKept}, old.targets()...)...); err != nil {
				return err
			}
			touch(key.kind, key.name, key.startsAt)
			if key.isKept {
				tallies[key] = old.plus(tallies[key])
			}
			return nil
		},
	)
	if err != nil {
		return err
	}
	if err := storeBuckets(ctx, t, k, tallies); err != nil {
		return err
	}
	return sumBuckets(ctx, t, k, isChanged)
}

// sumBuckets makes the buckets of hours and days from those of their quarters.
func sumBuckets(ctx context.Context, t *tx, k *sketcher, isChanged map[bucketKey]bool) error {
	var kinds, names []string
	var grains []int
	var starts []time.Time
	for key := range isChanged {
		kinds, names = append(kinds, key.kind), append(names, key.name)
		grains, starts = append(grains, key.grain), append(starts, key.startsAt)
	}
	args := []any{kinds, names, grains, starts}
	const wanted = ` unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[]) p (kind, name, grain, starts_at) `
	err := t.queryPreparedRows(ctx, `DELETE FROM report_buckets b USING `+wanted+`
		WHERE b.kind = p.kind AND b.name = p.name AND b.grain = p.grain AND b.starts_at = p.starts_at AND NOT b.is_kept`, args,
		func(pgx.Rows) error { return nil })
	if err != nil {
		return err
	}
	sums := map[bucketKey]*reportTally{}
	err = t.queryPreparedRows(ctx, `SELECT p.kind, p.name, p.grain, p.starts_at, b.* FROM `+wanted+`
		CROSS JOIN LATERAL (SELECT `+summedColumns+` FROM report_buckets b WHERE b.kind = p.kind AND b.name = p.name AND b.grain = 900
			AND b.starts_at >= p.starts_at AND b.starts_at < p.starts_at + make_interval(secs => p.grain)) b
		WHERE b.chats + b.messages_left + coalesce(b.bot_only, 0) > 0`, args,
		func(rows pgx.Rows) error {
			var key bucketKey
			sum := new(reportTally)
			err := rows.Scan(append([]any{&key.kind, &key.name, &key.grain, &key.startsAt}, sum.targets()...)...)
			sums[key] = sum
			return err
		})
	if err != nil {
		return err
	}
	return storeBuckets(ctx, t, k, sums)
}

// storeBuckets inserts buckets, whose keys must be free.
func storeBuckets(ctx context.Context, t *tx, k *sketcher, tallies map[bucketKey]*reportTally) error {
	rows := make([][]any, 0, len(tallies))
	for key, sum := range tallies {
		if err := sum.encode(k); err != nil {
			return err
		}
		row := append([]any{key.kind, key.name, key.grain, key.startsAt, key.isKept}, sum.numbers()...)
		for _, s := range sum.sketches {
			row = append(row, s)
		}
		rows = append(rows, row)
	}
	columns := append([]string{"kind", "name", "grain", "starts_at", "is_kept"}, tallyColumns...)
	return t.conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return errors.New("the connection is not one of pgx")
		}
		_, err := c.Conn().CopyFrom(ctx, pgx.Identifier{"report_buckets"}, append(columns, sketchColumns...), pgx.CopyFromRows(rows))
		return err
	})
}
