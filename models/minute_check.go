package models

import (
	"context"
	"time"
)

// wrongMinutes finds minutes that are missing or count too few. One that counts more than there are chats is right: chats
// are deleted after RETENTION and when their users are erased, and what was counted of them stays.
const wrongMinutes = `WITH counted AS (SELECT max(minute) AS until,
		greatest(min(minute), CASE WHEN ?5 THEN date_trunc('minute', now()) - interval '` + lately + `' END) AS since
	FROM minute_buckets WHERE department = '' AND is_counted),
events AS (SELECT date_trunc('minute', e.at) AS minute, sum(e.arrivals) AS arrivals, sum(e.assignments) AS assignments, sum(e.ends) AS ends,
		sum(e.abandonments) AS abandonments
	FROM counted CROSS JOIN LATERAL (SELECT * FROM chats WHERE channel = 'chat' AND status <> 'ended' AND ` + notWithBot + `
			AND (NOT ?5 OR created_at >= since OR first_assigned_at >= since AND first_assigned_at IS NOT NULL) UNION ALL
		SELECT * FROM chats WHERE channel = 'chat' AND status = 'ended' AND ended_at >= since AND ` + notWithBot + `) c
	CROSS JOIN LATERAL (VALUES (` + arrivedAt + `, 1, 0, 0, 0), (c.first_assigned_at, 0, 1, 0, 0),
		(c.ended_at, 0, 0, 1, (c.ended_reason IN ('cancelled', 'abandoned'))::int)) e (at, arrivals, assignments, ends, abandonments)
	WHERE e.at >= since AND e.at < until + interval '1 minute' GROUP BY 1)
SELECT to_char(m.minute, 'YYYY-MM-DD"T"HH24:MI"Z"') AS subject, CASE WHEN b.is_counted
		THEN 'counted ' || b.arrivals || ' arrivals, ' || b.assignments || ' assignments, ' || b.ends
			|| ' ends, ' || b.abandonments || ' abandonments; '
			|| 'there are ' || e.arrivals || ', ' || e.assignments || ', ' || e.ends || ' and ' || e.abandonments
		ELSE 'not counted' END AS detail
	FROM counted CROSS JOIN LATERAL generate_series(since, until, interval '1 minute') m (minute)
	LEFT JOIN minute_buckets b ON b.department = '' AND b.minute = m.minute
	LEFT JOIN events e ON e.minute = m.minute
	WHERE b.is_counted IS NOT TRUE OR b.arrivals < e.arrivals OR b.assignments < e.assignments OR b.ends < e.ends
		OR b.abandonments < e.abandonments`

// recountMinutes counts the minutes that wrongMinutes finds, from the chats that are kept.
func recountMinutes(ctx context.Context, d *Desk) error {
	wrong := map[time.Time]bool{}
	var first, last time.Time
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SET LOCAL statement_timeout = '` + checkTimeout + `'`).Exec(ctx); err != nil {
			return err
		}
		var found []Finding
		if err := t.NewRaw(wrongMinutes+` ORDER BY 1`, 0, 0, 0, 0, 0, false).Scan(ctx, &found); err != nil {
			return err
		}
		for i, f := range found {
			minute, err := time.Parse("2006-01-02T15:04Z", f.Subject)
			if err != nil {
				return err
			}
			if i == 0 {
				first = minute
			}
			wrong[minute], last = true, minute
		}
		return nil
	})
	for from := first; err == nil && len(wrong) > 0 && !from.After(last); from = from.Add(countedAtOnce) {
		to := from.Add(countedAtOnce)
		if end := last.Add(time.Minute); end.Before(to) {
			to = end
		}
		err = d.countBetween(ctx, from, to, wrong)
	}
	return err
}
