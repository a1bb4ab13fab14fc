package models

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// ScoredWait is the shortest wait by which an estimate is scored: of shorter ones any estimate is far off in parts.
const ScoredWait = 20 * time.Second

// CalibrationTarget is the share of waits that should be inside the range that was shown: 10 % of them are shorter and
// 10 % longer.
const CalibrationTarget = 0.8

// maxCalibrationDays is the longest period that one reading covers.
const maxCalibrationDays = 92

// CalibrationGroup tells what came of the estimates that were made for one group of chats. Each chat is counted in Joined
// and in one of Served, Left, NotServed and Waiting.
type CalibrationGroup struct {
	Department string // slug, "" for chats that asked for none; of groups by department
	Hour       int    // 0 to 23, in the time zone of the period; of groups by hour

	Joined    int // chats that joined the queue; those that an agent took at once too
	Unknown   int // of these, without an estimate: no agent of the queue was online
	Served    int // by an agent
	Left      int // before the end of the range that was shown
	NotServed int // not served by the end of the range, or had no estimate and were not served: they left or still wait
	Waiting   int // not yet to the end of the range

	Scored int // served after at least ScoredWait, with an estimate
	Inside int // of these, in the range
	Below  int // of these, served earlier
	Above  int // of these, served later

	Error *float64 // median of |estimate − wait| ÷ wait of the scored, in steps of 1 %; nil without any
	Bias  *float64 // median of (estimate − wait) ÷ wait; above 0 when estimates are too long
}

// Share returns the share of the scored waits that were inside the range, and false when none was scored.
func (g *CalibrationGroup) Share() (share float64, scored bool) {
	if g.Scored == 0 {
		return 0, false
	}
	return float64(g.Inside) / float64(g.Scored), true
}

// Calibration is how good the estimates of a period were.
type Calibration struct {
	From, To     time.Time
	TimeZone     string
	All          CalibrationGroup
	ByDepartment []CalibrationGroup // of those with chats, by slug
	ByHour       []CalibrationGroup // of the day, of those with chats
}

// The outcomes by which calibrationCounts tells chats apart.
const (
	outcomeInside = iota // scored
	outcomeBelow         // scored
	outcomeAbove         // scored
	outcomeSoon          // served before ScoredWait
	outcomeLeft
	outcomeNotServed
	outcomeWaiting
	outcomeUnknownServed    // without an estimate
	outcomeUnknownNotServed // without an estimate
)

// calibrationCounts counts the chats that joined in a period, by department and by hour. Each is counted under 10 times a
// step plus its outcome. The step of a scored chat is the logarithm of estimate ÷ wait in steps of 1 %, from which medians are
// read. OFFSET 0 keeps PostgreSQL from estimating as many groups as chats, which it would sort for.
//
//	$1 from  $2 to  $3 time zone  $4 ScoredWait in seconds
const calibrationCounts = `SELECT grouping(department) = 0, coalesce(department, ''), coalesce(hour, 0), key, count(*)
	FROM (SELECT department, hour, CASE
			WHEN NOT known THEN CASE WHEN served THEN 7 ELSE 8 END
			WHEN served AND wait < $4::float8 THEN 3
			WHEN served THEN 10 * round(100 * ln(greatest(median, 0.5) / wait))::int
				+ CASE WHEN wait < low THEN 1 WHEN wait > high THEN 2 ELSE 0 END
			WHEN wait > high THEN 5
			WHEN is_left THEN 4
			ELSE 6 END AS key
		FROM (SELECT coalesce(predicted_department, '') AS department, date_part('hour', created_at AT TIME ZONE $3::text)::int AS hour,
				predicted_known AS known, first_assigned_at IS NOT NULL AS served, ended_at IS NOT NULL AS is_left,
				date_part('epoch', coalesce(first_assigned_at, ended_at, now()) - queued_at) AS wait,
				predicted_seconds::float8 AS median, predicted_low_seconds::float8 AS low, predicted_high_seconds::float8 AS high
			FROM chats WHERE channel = 'chat' AND predicted_known IS NOT NULL AND created_at >= $1 AND created_at < $2) joined OFFSET 0) outcome
	GROUP BY GROUPING SETS ((department, key), (hour, key))`

// Calibration returns how good the estimates were that were made in a period, from inclusive, to exclusive, with the hours
// of a time zone such as Europe/Berlin. Supervisors only. An empty period, one longer than 92 days and an unknown time zone are
// validation_failed.
func (d *Desk) Calibration(ctx context.Context, actor Actor, from, to time.Time, zone string) (*Calibration, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	return d.calibration(ctx, from, to, zone)
}

func (d *Desk) calibration(ctx context.Context, from, to time.Time, zone string) (*Calibration, error) {
	if err := checkPeriod(from, to, maxCalibrationDays*24*time.Hour); err != nil {
		return nil, err
	}
	zone = cmp.Or(zone, "UTC")
	if _, known := zoneOf(zone); !known {
		return nil, invalid("time_zone", fieldUnknown, "time_zone must be the name of a time zone, such as Europe/Berlin.")
	}
	c := &Calibration{From: from, To: to, TimeZone: zone}
	departments, hours, all := map[string]*calibrationSteps{}, map[int]*calibrationSteps{}, calibrationSteps{}
	err := d.queryPreparedRows(ctx, calibrationCounts, []any{from, to, zone, ScoredWait.Seconds()}, func(rows pgx.Rows) error {
		var byDepartment bool
		var department string
		var hour, key, n int
		if err := rows.Scan(&byDepartment, &department, &hour, &key, &n); err != nil {
			return err
		}
		if !byDepartment {
			groupOf(hours, hour).add(key, n)
			hours[hour].Hour = hour
			return nil
		}
		groupOf(departments, department).add(key, n)
		departments[department].Department = department
		all.add(key, n)
		return nil
	})
	if err != nil {
		return nil, translate(err)
	}
	c.All = all.result()
	for _, g := range departments {
		c.ByDepartment = append(c.ByDepartment, g.result())
	}
	for _, g := range hours {
		c.ByHour = append(c.ByHour, g.result())
	}
	slices.SortFunc(c.ByDepartment, func(a, b CalibrationGroup) int { return cmp.Compare(a.Department, b.Department) })
	slices.SortFunc(c.ByHour, func(a, b CalibrationGroup) int { return cmp.Compare(a.Hour, b.Hour) })
	return c, nil
}

// calibrationSteps adds up a group.
type calibrationSteps struct {
	CalibrationGroup

	steps map[int]int // scored chats, by ln(estimate ÷ wait) in steps of 1 %
}

func groupOf[K comparable](groups map[K]*calibrationSteps, key K) *calibrationSteps {
	if groups[key] == nil {
		groups[key] = &calibrationSteps{}
	}
	return groups[key]
}

// add adds n chats with a key of calibrationCounts.
func (s *calibrationSteps) add(key, n int) {
	outcome := (key%10 + 10) % 10
	s.Joined += n
	switch outcome {
	case outcomeInside, outcomeBelow, outcomeAbove:
		if s.steps == nil {
			s.steps = map[int]int{}
		}
		s.steps[(key-outcome)/10] += n
		s.Served += n
		s.Scored += n
	case outcomeSoon:
		s.Served += n
	case outcomeLeft:
		s.Left += n
	case outcomeNotServed:
		s.NotServed += n
	case outcomeWaiting:
		s.Waiting += n
	case outcomeUnknownServed:
		s.Unknown += n
		s.Served += n
	case outcomeUnknownNotServed:
		s.Unknown += n
		s.NotServed += n
	}
	switch outcome {
	case outcomeInside:
		s.Inside += n
	case outcomeBelow:
		s.Below += n
	case outcomeAbove:
		s.Above += n
	}
}

func (s *calibrationSteps) result() CalibrationGroup {
	if s.Scored > 0 {
		errors, biases := map[float64]int{}, map[float64]int{}
		for step, n := range s.steps {
			off := math.Exp(float64(step)/100) - 1
			errors[math.Abs(off)] += n
			biases[off] += n
		}
		s.Error, s.Bias = ptr(weightedMedian(errors)), ptr(weightedMedian(biases))
	}
	return s.CalibrationGroup
}

// weightedMedian returns the median of values that occur so many times each.
func weightedMedian(times map[float64]int) float64 {
	values, total := make([]float64, 0, len(times)), 0
	for v, n := range times {
		values = append(values, v)
		total += n
	}
	slices.Sort(values)
	passed := 0
	for i, v := range values {
		passed += times[v]
		switch {
		case 2*passed > total:
			return v
		case 2*passed == total:
			return (v + values[i+1]) / 2
		}
	}
	return 0
}
