package models

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// forecastWeeks is how many earlier weeks an hour is forecast from, and fewestWeeks of how many there must be figures.
	forecastWeeks, fewestWeeks = 8, 4
	// countedShare is how many minutes of an hour must have been counted for it to be one of these.
	countedShare = 55
	// The figures of today count once so many chats were expected by now, and at most change the forecast by these factors.
	fewestExpected        = 10
	lowFactor, highFactor = 0.5, 2.0
	forecastHours         = 7 * 24
	forecastBin           = 15 * time.Minute // offsets of time zones are multiples of it
	binsPerHour           = int(time.Hour / forecastBin)
)

// Forecast is what the next week may bring to a department, and what its numbers rest on.
type Forecast struct {
	Department  string
	At          time.Time
	Hours       []ForecastHour // hour by hour in the time zone, from the present one
	TodayFactor *float64       // today's arrivals ÷ those expected by now, from 0.5 to 2; nil while it is too early to tell

	Online, OnlineSlots int // agents who are online now and serve the department, and their capacity

	// The assumptions.
	Handling         time.Duration // mean time that a chat takes
	AbandonRate      float64       // of users who wait, per second
	CapacityPerAgent float64       // mean of the agents who serve the department; 0 if there is none
	ServiceLevel     float64       // the share of chats that are to be served …
	ServiceWait      time.Duration // … within this time
}

// ForecastHour is one hour of a forecast.
type ForecastHour struct {
	At       time.Time
	Weeks    int      // of how many earlier weeks there are figures of this hour
	Arrivals *float64 // chats expected; nil with figures of fewer than 4 weeks
	Agents   *int     // needed for the service level; nil if Arrivals is, or no agent serves the department
	Served   *float64 // share of chats served in time with the agents who are online now; nil if Arrivals is
}

// Forecast returns the expected arrivals of a department, "" for all chats, in each hour of the next 7 days, and how many
// agents they need. An unknown department is validation_failed.
//
// Expected is the median of the arrivals in the same hour of the same weekday in the last 8 weeks, in the time zone; today
// it is multiplied by how many more or fewer chats than expected came so far. The agents are computed by [Staffing]: an
// agent is as many slots as the mean capacity.
func (d *Desk) Forecast(ctx context.Context, department string, zone *time.Location) (*Forecast, error) {
	if err := d.checkDepartment(ctx, department); err != nil {
		return nil, err
	}
	e, err := d.estimator(ctx, ``, nil)
	if err != nil {
		return nil, translate(err)
	}
	s := d.Settings()
	f := &Forecast{
		Department: department, At: e.now, ServiceLevel: float64(s.ServiceLevel) / 100, ServiceWait: s.ServiceWait,
	}
	rates, own := e.rates[department]
	if !own {
		rates = e.rates[""]
	}
	f.Handling, f.AbandonRate = rates.handling, rates.abandonRate
	group := &department
	if department == "" {
		group = nil
	}
	now := e.staffing(group)
	f.Online, f.OnlineSlots = now.agents, now.capacity
	if f.CapacityPerAgent, err = d.meanCapacity(ctx, department); err != nil {
		return nil, err
	}
	past, err := d.pastArrivals(ctx, department, e.now)
	if err != nil {
		return nil, err
	}
	f.expect(past, e.now.In(zone))
	f.staff()
	return f, nil
}

// meanCapacity returns the mean capacity of the agents of a department: of those with the role agent, else of all of them, else 0.
func (d *Desk) meanCapacity(ctx context.Context, department string) (mean float64, err error) {
	err = d.db.NewRaw(`SELECT coalesce(avg(max_concurrent) FILTER (WHERE role = 'agent'), avg(max_concurrent), 0)::float8 FROM agents a WHERE disabled_at IS NULL AND max_concurrent > 0
		AND (?0 = '' OR EXISTS (SELECT FROM agent_departments ad WHERE ad.agent_id = a.id AND ad.department = ?0))`, department).
		Scan(ctx, &mean)
	return mean, translate(err)
}

// lookAhead is how many hours [Forecast.Shortfall] looks at.
const lookAhead = 12

// Shortfall returns the first of the next 12 hours that needs more agents than are online now, nil if there is none or
// nothing is known of them.
func (f *Forecast) Shortfall() *ForecastHour { return f.ShortfallOf(f.At, f.Online) }

// ShortfallOf is [Forecast.Shortfall] of a forecast that was made earlier, with the agents who are online at a time.
func (f *Forecast) ShortfallOf(now time.Time, online int) *ForecastHour {
	for i := range f.Hours {
		h := &f.Hours[i]
		if !h.At.Before(now.Add(lookAhead * time.Hour)) {
			return nil
		}
		if now.Before(h.At.Add(time.Hour)) && h.Agents != nil && *h.Agents > online {
			return h
		}
	}
	return nil
}

// IsKnown reports whether the figures suffice for any hour.
func (f *Forecast) IsKnown() bool {
	return slices.ContainsFunc(f.Hours, func(h ForecastHour) bool { return h.Arrivals != nil })
}

// arrivals are the chats that began within a quarter of an hour, and how many of its minutes were counted.
type arrivals struct{ chats, minutes int }

// pastArrivals returns the arrivals of the weeks that a forecast rests on, by the time at which each quarter of an hour begins.
func (d *Desk) pastArrivals(ctx context.Context, department string, now time.Time) (map[int64]arrivals, error) {
	past := map[int64]arrivals{}
	err := d.queryPreparedRows(ctx, `SELECT (extract(epoch FROM minute)::bigint / 900) * 900, sum(arrivals), count(*) FROM minute_buckets
		WHERE department = $1 AND minute >= $2 AND is_counted GROUP BY 1`,
		[]any{department, now.AddDate(0, 0, -7*forecastWeeks-1)}, func(rows pgx.Rows) error {
			var at int64
			var a arrivals
			err := rows.Scan(&at, &a.chats, &a.minutes)
			past[at] = a
			return err
		})
	return past, translate(err)
}

// expect fills the hours from the past. now is in the time zone of the forecast.
func (f *Forecast) expect(past map[int64]arrivals, now time.Time) {
	begin := now.Truncate(forecastBin)
	for begin.Minute() != 0 {
		begin = begin.Add(-forecastBin)
	}
	for i := range forecastHours {
		at := begin.Add(time.Duration(i) * time.Hour)
		hour := ForecastHour{At: at}
		hour.Arrivals, hour.Weeks = usualArrivals(past, at)
		f.Hours = append(f.Hours, hour)
	}
	f.TodayFactor = todayFactor(past, now)
	if f.TodayFactor == nil {
		return
	}
	for i := range f.Hours {
		if h := &f.Hours[i]; h.Arrivals != nil && h.At.YearDay() == now.YearDay() {
			h.Arrivals = ptr(*h.Arrivals * *f.TodayFactor)
		}
	}
}

// usualArrivals returns the median of the arrivals in the same hour of the same weekday, as clocks show it, and of how many
// weeks there are figures. It is nil with too few. A week in which clocks skip the hour has none.
func usualArrivals(past map[int64]arrivals, at time.Time) (*float64, int) {
	var found []float64
	for week := 1; week <= forecastWeeks; week++ {
		begin := time.Date(at.Year(), at.Month(), at.Day()-7*week, at.Hour(), 0, 0, 0, at.Location())
		if begin.Hour() != at.Hour() {
			continue
		}
		var sum arrivals
		for i := range binsPerHour {
			bin := past[begin.Add(time.Duration(i)*forecastBin).Unix()]
			sum.chats += bin.chats
			sum.minutes += bin.minutes
		}
		if sum.minutes >= countedShare {
			found = append(found, float64(sum.chats))
		}
	}
	if len(found) < fewestWeeks {
		return nil, len(found)
	}
	slices.Sort(found)
	middle := len(found) / 2
	if len(found)%2 == 1 {
		return &found[middle], len(found)
	}
	return ptr((found[middle-1] + found[middle]) / 2), len(found)
}

// todayFactor returns how many times the expected chats came today, nil while too few were expected.
func todayFactor(past map[int64]arrivals, now time.Time) *float64 {
	var came, expected float64
	for at := dayStart(now); ; {
		usual, _ := usualArrivals(past, at)
		for range binsPerHour {
			if bin := past[at.Unix()]; usual != nil && bin.minutes == int(forecastBin/time.Minute) {
				came += float64(bin.chats)
				expected += *usual / float64(binsPerHour)
			}
			if at = at.Add(forecastBin); at.After(now) {
				if expected < fewestExpected {
					return nil
				}
				return ptr(min(highFactor, max(lowFactor, came/expected)))
			}
		}
	}
}

// staff computes the agents that each hour needs.
func (f *Forecast) staff() {
	for i := range f.Hours {
		h := &f.Hours[i]
		if h.Arrivals == nil {
			continue
		}
		s := Staffing{Arrivals: *h.Arrivals / 3600, Handling: f.Handling, AbandonRate: f.AbandonRate, Slots: f.OnlineSlots}
		h.Served = ptr(s.ServedWithin(f.ServiceWait))
		if slots, ok := s.SlotsFor(f.ServiceLevel, f.ServiceWait); ok && f.CapacityPerAgent > 0 {
			h.Agents = ptr(int(math.Ceil(float64(slots) / f.CapacityPerAgent)))
		}
	}
}
