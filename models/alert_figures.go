package models

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// alertFigure is the present value of what a rule watches.
type alertFigure struct {
	value      int
	isBreached bool
}

// alertFigures are what all rules are evaluated by, read at one time. Maps are by department, "" for chats of none.
type alertFigures struct {
	estimator   *estimator
	queues      map[string]queueFigures
	ended       map[int]map[string]endedFigures // by window in minutes first
	calibration map[int]*Calibration            // by window in minutes
}

type queueFigures struct{ waiting, longest, unanswered int }

type endedFigures struct{ ended, left int }

// openFigures reads the queue of each department and the longest time without a reply, in seconds. Times before Parley came
// back from its last outage do not count: no chat could be assigned or answered in it.
const openFigures = `SELECT coalesce(department, ''), count(*) FILTER (WHERE status = 'waiting'),
		coalesce(extract(epoch FROM clock_timestamp() - min(greatest(queued_at, live_at, resumed_at)) FILTER (WHERE status = 'waiting')), 0)::int,
		coalesce(extract(epoch FROM clock_timestamp() - min(greatest(awaiting_since, resumed_at))
			FILTER (WHERE status = 'active' AND awaiting_since IS NOT NULL)), 0)::int
	FROM chats CROSS JOIN pulse WHERE channel = 'chat' AND status IN ('waiting', 'active') AND ` + notWithBot + ` GROUP BY 1`

// recentlyEnded counts the chats that ended in the last minutes, and those of them whose user left the queue.
const recentlyEnded = `SELECT coalesce(department, ''), count(*), count(*) FILTER (WHERE ended_reason IN ('cancelled', 'abandoned'))
	FROM chats WHERE channel = 'chat' AND status = 'ended' AND ` + notWithBot + ` AND ended_at > statement_timestamp() - make_interval(mins => $1) GROUP BY 1`

func (d *Desk) readAlertFigures(ctx context.Context, rules []evaluatedRule) (*alertFigures, error) {
	f := &alertFigures{queues: map[string]queueFigures{}, ended: map[int]map[string]endedFigures{}, calibration: map[int]*Calibration{}}
	var err error
	if f.estimator, err = d.estimator(ctx, "", nil); err != nil {
		return nil, err
	}
	err = d.queryPreparedRows(ctx, openFigures, nil, func(rows pgx.Rows) error {
		var department string
		var q queueFigures
		err := rows.Scan(&department, &q.waiting, &q.longest, &q.unanswered)
		f.queues[department] = q
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range rules {
		window := rules[i].WindowMinutes
		switch {
		case rules[i].Kind == AlertMiscalibrated && f.calibration[window] == nil:
			if f.calibration[window], err = d.RecentCalibration(ctx, time.Duration(window)*time.Minute); err != nil {
				return nil, err
			}
		case rules[i].Kind.HasWindow() && rules[i].Kind != AlertMiscalibrated && f.ended[window] == nil:
			f.ended[window] = map[string]endedFigures{}
			err := d.queryPreparedRows(ctx, recentlyEnded, []any{window}, func(rows pgx.Rows) error {
				var department string
				var e endedFigures
				err := rows.Scan(&department, &e.ended, &e.left)
				f.ended[window][department] = e
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

// of returns the figure of a rule, and whether it is beyond the threshold.
func (f *alertFigures) of(r *AlertRule) alertFigure {
	var q queueFigures
	for department, one := range f.queues {
		if r.Department == nil || *r.Department == department {
			q.waiting += one.waiting
			q.longest, q.unanswered = max(q.longest, one.longest), max(q.unanswered, one.unanswered)
		}
	}
	var e endedFigures
	for department, one := range f.ended[r.WindowMinutes] {
		if r.Department == nil || *r.Department == department {
			e.ended += one.ended
			e.left += one.left
		}
	}
	over := func(value int) alertFigure { return alertFigure{value, value > r.Threshold} }
	switch r.Kind {
	case AlertQueueLength:
		return over(q.waiting)
	case AlertLongestWait:
		return over(q.longest)
	case AlertUnanswered:
		return over(q.unanswered)
	case AlertAbandonedCount:
		return over(e.left)
	case AlertAbandonedShare:
		if e.ended < fewestForAlert {
			return alertFigure{}
		}
		return over(int(math.Round(100 * float64(e.left) / float64(e.ended))))
	case AlertNobodyOnline:
		return alertFigure{q.waiting, f.estimator.staffing(r.Department).agents == 0 && q.waiting >= r.Threshold}
	}
	share, scored := f.calibration[r.WindowMinutes].of(r.Department)
	if scored < fewestForAlert {
		return alertFigure{}
	}
	percent := int(math.Round(100 * share))
	return alertFigure{percent, percent < r.Threshold}
}

// of returns the share of waits inside the range of a department, or of all for nil, and of how many waits it is.
func (c *Calibration) of(department *string) (share float64, scored int) {
	g := &c.All
	if department != nil {
		g = &CalibrationGroup{}
		for i := range c.ByDepartment {
			if c.ByDepartment[i].Department == *department {
				g = &c.ByDepartment[i]
			}
		}
	}
	share, _ = g.Share()
	return share, g.Scored
}

// calibrationFresh is how old a [Desk.RecentCalibration] may be.
const calibrationFresh = time.Minute

// calibrationCache holds the calibration of the time until now, by its length.
type calibrationCache struct {
	mu     sync.Mutex
	latest map[time.Duration]*Calibration
}

// RecentCalibration returns how good the estimates of the time until now were, with hours in UTC, up to a minute old. It
// is for metrics and alerts, which ask often.
func (d *Desk) RecentCalibration(ctx context.Context, window time.Duration) (*Calibration, error) {
	c := &d.calibrationCache
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if known := c.latest[window]; known != nil && now.Sub(known.To).Abs() < calibrationFresh {
		return known, nil
	}
	read, err := d.calibration(ctx, now.Add(-window), now, "UTC")
	if err != nil {
		return nil, err
	}
	if c.latest == nil {
		c.latest = map[time.Duration]*Calibration{}
	}
	c.latest[window] = read
	return read, nil
}
