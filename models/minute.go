package models

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
)

// MinuteSample is the state of the queue and of the online agents in one minute: the highest of each figure.
type MinuteSample struct {
	Minute             time.Time
	Waiting            int
	LongestWaitSeconds int
	AgentsOnline       int
	Load               int
	Capacity           int `bun:"slots"`
}

// MinuteBucket holds the figures of one minute, of a department or of all chats together. Department is the one that a chat
// had when the minute was counted; a chat without one counts in all alone.
type MinuteBucket struct {
	bun.BaseModel `bun:"table:minute_buckets,alias:b"`

	Department         string // "" for all chats
	Minute             time.Time
	Waiting            int // most chats that waited at one time
	LongestWaitSeconds int
	Arrivals           int  // chats that began
	Assignments        int  // chats that got their first agent
	Ends               int  // chats that ended
	Abandonments       int  // of those, by a user who left while waiting
	Load               int  // most active chats at one time
	AgentsOnline       *int // most at one time, of those who serve the department; nil if it is not known
	Capacity           *int `bun:"slots"` // of those agents; nil if it is not known
	IsCounted          bool // the minute is over and was counted from the chats
}

// maxMinutes is the longest period of which minutes are read.
const maxMinutes = 7 * day

// Day returns the samples of all chats in a period of at most 7 days, oldest first; 0 is also what is not known.
func (d *Desk) Day(ctx context.Context, from, to time.Time) ([]MinuteSample, error) {
	buckets, err := d.Minutes(ctx, "", from, to)
	if err != nil {
		return nil, err
	}
	samples := make([]MinuteSample, 0, len(buckets))
	for _, b := range buckets {
		samples = append(samples, MinuteSample{
			b.Minute, b.Waiting, b.LongestWaitSeconds, deref(b.AgentsOnline), b.Load, deref(b.Capacity),
		})
	}
	return samples, nil
}

// Minutes returns the figures of a department, "" for all chats, in a period of at most 7 days, from inclusive, to
// exclusive, oldest first. The latest two minutes may not be counted yet, and minutes before the first one that was are
// missing. An empty or longer period and an unknown department are validation_failed.
func (d *Desk) Minutes(ctx context.Context, department string, from, to time.Time) ([]MinuteBucket, error) {
	if err := checkPeriod(from, to, maxMinutes); err != nil {
		return nil, err
	}
	if err := d.checkDepartment(ctx, department); err != nil {
		return nil, err
	}
	var buckets []MinuteBucket
	read := func(ctx context.Context) error {
		buckets = []MinuteBucket{}
		return d.queryPreparedRows(
			ctx,
			`SELECT department, minute, waiting, longest_wait_seconds, arrivals, assignments, ends, abandonments,
			load, agents_online, slots, is_counted
		FROM minute_buckets WHERE department = $1 AND minute >= $2 AND minute < $3 ORDER BY minute`,
			[]any{department, from, to},
			func(rows pgx.Rows) error {
				var b MinuteBucket
				err := rows.Scan(&b.Department, &b.Minute, &b.Waiting, &b.LongestWaitSeconds, &b.Arrivals, &b.Assignments, &b.Ends,
					&b.Abandonments, &b.Load, &b.AgentsOnline, &b.Capacity, &b.IsCounted)
				buckets = append(buckets, b)
				return err
			},
		)
	}
	// Charts of the present show the latest minute.
	if time.Since(to) < MaxReplicaLag+2*time.Minute {
		return buckets, translate(read(ctx))
	}
	return buckets, translate(d.fromReplica(ctx, read))
}

// checkDepartment refuses a department that does not exist with validation_failed. "" is all departments.
func (d *Desk) checkDepartment(ctx context.Context, slug string) error {
	if slug == "" {
		return nil
	}
	departments, err := d.Departments(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(departments, func(known Department) bool { return known.Slug == slug }) {
		return invalid("department", fieldUnknown, "This department does not exist.")
	}
	return nil
}

// openByDepartment are the open chats of each department and of all together, in arrays.
const openByDepartment = `, array_agg(slug), array_agg(waiting), array_agg(longest), array_agg(active)
	FROM (SELECT s.slug, coalesce(sum(o.waiting), 0)::int AS waiting, coalesce(max(o.longest), 0)::int AS longest,
			coalesce(sum(o.active), 0)::int AS active
		FROM (SELECT '' AS slug UNION ALL SELECT slug FROM departments) s
		LEFT JOIN (SELECT department, count(*) FILTER (WHERE status = 'waiting') AS waiting, count(*) FILTER (WHERE status = 'active') AS active,
				greatest(0, extract(epoch FROM clock_timestamp() - min(greatest(queued_at, live_at)) FILTER (WHERE status = 'waiting'))) AS longest
			FROM chats WHERE channel = 'chat' AND status <> 'ended' AND ` + notWithBot + ` GROUP BY department) o ON s.slug = '' OR o.department = s.slug
		GROUP BY s.slug) open`

// Sample stores the state of the present minute, of each department and of all chats. It may run several times a minute and
// on several machines: the highest figures are kept.
func (d *Desk) Sample(ctx context.Context) error {
	var slugs []string
	var waiting, longest, active []int
	e, err := d.estimator(ctx, openByDepartment, nil, &slugs, &waiting, &longest, &active)
	if err != nil {
		return translate(err)
	}
	rows := make([]MinuteBucket, len(slugs))
	for i, slug := range slugs {
		department := &slug
		if slug == "" {
			department = nil
		}
		staff := e.staffing(department)
		rows[i] = MinuteBucket{
			Department: slug, Minute: e.now.Truncate(time.Minute), Waiting: waiting[i], LongestWaitSeconds: longest[i], Load: active[i],
			AgentsOnline: &staff.agents, Capacity: &staff.capacity,
		}
	}
	slices.SortFunc(rows, inWritingOrder)
	_, err = d.db.NewInsert().Model(&rows).On("CONFLICT (department, minute) DO UPDATE").
		Set("waiting = greatest(b.waiting, excluded.waiting)").
		Set("longest_wait_seconds = greatest(b.longest_wait_seconds, excluded.longest_wait_seconds)").
		Set("load = greatest(b.load, excluded.load)").
		Set("agents_online = greatest(b.agents_online, excluded.agents_online)").
		Set("slots = greatest(b.slots, excluded.slots)").Exec(ctx)
	return translate(err)
}

// inWritingOrder is the order in which every writer of minutes locks them.
func inWritingOrder(a, b MinuteBucket) int {
	if c := a.Minute.Compare(b.Minute); c != 0 {
		return c
	}
	switch {
	case a.Department < b.Department:
		return -1
	case a.Department > b.Department:
		return 1
	}
	return 0
}
