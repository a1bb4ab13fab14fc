package models

import "context"

// checkedSince is since when quarters are compared with their chats, and checkedDays which days with their quarters. bun writes ?5 into the
// statement, so that PostgreSQL finds the rows by an index.
const (
	checkedSince = `CASE WHEN ?5 THEN date_bin('15 minutes', now() - interval '2 hours', '2000-01-01Z') ELSE '2000-01-01Z' END`
	checkedDays  = `b.starts_at >= CASE WHEN ?5 THEN date_bin('1 day', now() - interval '2 hours', '2000-01-01Z') ELSE '2000-01-01Z' END
		AND (NOT ?5 OR b.kind = 'all')`
)

// reportsDiffer returns a row for each quarter whose buckets differ from its chats, and for each hour or day that
// differs from its quarters; when ?5 is set, of the last hours alone. Those that are due are left to the periodic task.
// Sites are not compared, since their list may have changed after a quarter was made.
const reportsDiffer = `WITH facts AS (SELECT f.* FROM report_facts f WHERE NOT f.is_bot_only AND f.created_at >= ` + checkedSince + `),
		named AS (SELECT f.*, k.kind, k.name FROM facts f CROSS JOIN LATERAL (VALUES ('all', ''), ('department', coalesce(f.department, '')),
			('agent', f.agent_id), ('outcome', f.outcome)) k (kind, name) WHERE k.name IS NOT NULL
			UNION ALL SELECT f.*, 'tag', tag FROM facts f CROSS JOIN LATERAL unnest(f.tags) tag),
		counted AS (SELECT kind, name, starts_at, count(*) AS chats, count(*) FILTER (WHERE is_answered) AS answered, count(rating) AS ratings,
			coalesce(sum(greatest(wait, 0)), 0) AS wait_sum, coalesce(sum(rating), 0) AS rating_sum,
			coalesce(sum(greatest(wrap_up, 0)), 0) AS wrap_up_sum FROM named GROUP BY 1, 2, 3),
		stored AS (SELECT b.* FROM report_buckets b WHERE b.kind IN ('all', 'agent', 'department', 'outcome', 'tag') AND b.grain = 900
			AND b.chats > 0 AND NOT b.is_kept AND b.starts_at >= ` + checkedSince + `),
		quarters AS (SELECT starts_at, kind || ' ' || name || ': chats ' || coalesce(c.chats, 0) || ', counted ' || coalesce(s.chats, 0) AS detail
			FROM counted c FULL JOIN stored s USING (kind, name, starts_at)
			WHERE (c.chats, c.answered, c.ratings) IS DISTINCT FROM (s.chats::bigint, s.answered::bigint, s.ratings::bigint)
				OR abs(c.wait_sum - s.wait_sum) > 0.01
				OR abs(c.rating_sum - s.rating_sum) > 0.01 OR abs(c.wrap_up_sum - s.wrap_up_sum) > 0.01),
		messages AS (SELECT starts_at, 'messages ' || coalesce(c.n, 0) || ', counted ' || coalesce(s.messages_left, 0) AS detail
			FROM (SELECT starts_at, count(*) AS n, count(first_response_at) AS answered FROM report_messages f
				WHERE f.created_at >= ` + checkedSince + ` GROUP BY 1) c
			FULL JOIN (SELECT b.* FROM report_buckets b WHERE b.kind = 'all' AND b.grain = 900 AND b.messages_left > 0 AND NOT b.is_kept
				AND b.starts_at >= ` + checkedSince + `) s USING (starts_at)
			WHERE (c.n, c.answered) IS DISTINCT FROM (s.messages_left::bigint, s.messages_answered::bigint)),
		sums AS (SELECT kind, name, date_bin('1 day', b.starts_at, '2000-01-01Z') AS starts_at, sum(chats) AS chats, sum(wait_sum) AS wait_sum
			FROM report_buckets b WHERE ` + checkedDays + ` AND grain = 900 GROUP BY 1, 2, 3),
		days AS (SELECT starts_at, 'day of ' || kind || ' ' || name || ': quarters ' || coalesce(q.chats, 0) || ', counted ' || coalesce(d.chats, 0) AS detail
			FROM sums q FULL JOIN (SELECT b.* FROM report_buckets b WHERE ` + checkedDays + ` AND grain = 86400) d USING (kind, name, starts_at)
			WHERE q.chats IS DISTINCT FROM d.chats::bigint OR abs(q.wait_sum - d.wait_sum) > 0.01)
	SELECT to_char(starts_at, 'YYYY-MM-DD"T"HH24:MI"Z"') AS subject, detail FROM (SELECT * FROM quarters UNION ALL SELECT * FROM messages
		UNION ALL SELECT * FROM days) f
	WHERE NOT EXISTS (SELECT FROM report_due due WHERE due.starts_at = f.starts_at)`

// recountReports makes the quarters again that differ from their chats, and every one of days that differ from their quarters.
func recountReports(ctx context.Context, d *Desk) error {
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SET LOCAL statement_timeout = '` + checkTimeout + `'`).Exec(ctx); err != nil {
			return err
		}
		_, err := t.NewRaw(`INSERT INTO report_due (starts_at) SELECT DISTINCT coalesce(b.starts_at, wrong.at) FROM
				(SELECT subject::timestamptz AS at, detail LIKE 'day of %' AS is_day FROM (`+reportsDiffer+`) differ) wrong
			LEFT JOIN report_buckets b ON wrong.is_day AND b.grain = 900 AND b.starts_at >= wrong.at AND b.starts_at < wrong.at + interval '1 day'
			ORDER BY 1`, 0, 0, 0, 0, 0, false).Exec(ctx)
		return err
	})
	for n := 1; err == nil && n > 0; {
		n, err = d.CountReports(ctx)
	}
	return err
}
