package models

import (
	"slices"
	"strconv"
	"time"
)

// The bounds of opening hours.
const (
	MaxIntervalsPerDay = 6
	MaxExceptions      = 400
	maxExceptionName   = 80
)

// Interval is a part of a day in which the desk is open, in minutes after 0:00 on the clock of the time zone. To is after
// From and at most 24 hours later, so one that ends on the next day is over 1,440.
type Interval struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// HoursException is a day with other hours than its weekday's, such as a holiday.
type HoursException struct {
	Day       Day        `json:"day"`
	IsYearly  bool       `json:"is_yearly"` // in every year, on this day and month
	Name      string     `json:"name"`
	Intervals []Interval `json:"intervals"` // none if the desk is closed
}

// OpeningHours are the hours of a department or, with Department "", those of all departments without hours of their own.
type OpeningHours struct {
	Department string           `json:"department"`
	TimeZone   string           `json:"time_zone"` // such as Europe/Berlin
	Week       [7][]Interval    `json:"week"`      // by time.Weekday
	Exceptions []HoursException `json:"exceptions"`
}

func (h *OpeningHours) zone() *time.Location {
	if zone, known := zoneOf(h.TimeZone); known {
		return zone
	}
	return time.UTC
}

// Day is a date without a time.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf returns the date of a time in its time zone.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day{y, m, d}
}

// ParseDay reads a date as in 2026-12-25.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	return DayOf(t), err
}

// String returns the date as in 2026-12-25.
func (d Day) String() string { return d.noonUTC().Format(time.DateOnly) }

// MarshalText returns the date as String does.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a date as [ParseDay] does.
func (d *Day) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDay(string(text))
	return err
}

func (d Day) midnightUTC() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func (d Day) noonUTC() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

func (d Day) add(days int) Day { return DayOf(d.noonUTC().AddDate(0, 0, days)) }

// at returns the instant at which a clock in zone shows the given minutes after 0:00 of the day. A time that the clock
// skips is the moment of the skip. Of a time that the clock shows twice, last selects the second one.
func (d Day) at(minutes int, zone *time.Location, last bool) time.Time {
	wall := time.Date(d.Year, d.Month, d.Day, 0, minutes, 0, 0, time.UTC)
	offset := func(t time.Time) time.Duration {
		_, seconds := t.In(zone).Zone()
		return time.Duration(seconds) * time.Second
	}
	// A day before and a day after, the clock has the offsets from before and from after any change.
	before, after := offset(wall.Add(-24*time.Hour)), offset(wall.Add(24*time.Hour))
	first, second := wall.Add(-before), wall.Add(-after)
	isFirst, isSecond := offset(first) == before, offset(second) == after
	switch {
	case isFirst && (!isSecond || !last):
		return first.In(zone)
	case isSecond:
		return second.In(zone)
	}
	skip, _ := first.In(zone).ZoneBounds()
	return skip
}

// intervalsOn returns the intervals that begin on a day.
func (h *OpeningHours) intervalsOn(day Day) []Interval {
	var yearly *HoursException
	for i := range h.Exceptions {
		switch e := &h.Exceptions[i]; {
		case !e.IsYearly && e.Day == day:
			return e.Intervals
		case e.IsYearly && e.Day.Month == day.Month && e.Day.Day == day.Day:
			yearly = e
		}
	}
	if yearly != nil {
		return yearly.Intervals
	}
	return h.Week[day.noonUTC().Weekday()]
}

// openSpan is a time in which the desk is open, from inclusive, to exclusive.
type openSpan struct{ from, to time.Time }

// spans returns the spans of the intervals that begin on a day, without those that a change of the clock leaves empty.
func (h *OpeningHours) spans(day Day) []openSpan {
	var spans []openSpan
	zone := h.zone()
	for _, i := range h.intervalsOn(day) {
		s := openSpan{from: day.at(i.From, zone, false), to: day.at(i.To, zone, true)}
		if s.from.Before(s.to) {
			spans = append(spans, s)
		}
	}
	return spans
}

// IsOpen reports whether the desk is open at a time.
func (h *OpeningHours) IsOpen(at time.Time) bool {
	today := DayOf(at.In(h.zone()))
	for _, day := range []Day{today.add(-1), today} { // what began yesterday may go on
		for _, s := range h.spans(day) {
			if !at.Before(s.from) && at.Before(s.to) {
				return true
			}
		}
	}
	return false
}

// longestOpenTime is over how many days opening hours are added up.
const longestOpenTime = 400

// OpenTime returns for how much of a period the desk is open, counting its first 400 days.
func (h *OpeningHours) OpenTime(from, to time.Time) time.Duration {
	var sum time.Duration
	day, counted := DayOf(from.In(h.zone())).add(-1), from // what began the day before may go on
	for range longestOpenTime {
		for _, s := range h.spans(day) {
			begins, ends := later(s.from, counted), s.to
			if ends.After(to) {
				ends = to
			}
			if ends.After(begins) {
				sum += ends.Sub(begins)
				counted = ends
			}
		}
		if day = day.add(1); day.at(0, h.zone(), false).After(to) {
			break
		}
	}
	return sum
}

// ReplyDebt returns for how long the user of a chat has awaited a reply, counting the opening hours of its department alone;
// 0 if the user does not.
func (d *Desk) ReplyDebt(c *Chat, now time.Time) time.Duration {
	if c.AwaitingReplySince == nil || !now.After(*c.AwaitingReplySince) {
		return 0
	}
	if hours := d.HoursOf(deref(c.Department)); hours != nil {
		return hours.OpenTime(*c.AwaitingReplySince, now)
	}
	return now.Sub(*c.AwaitingReplySince)
}

// furthestOpening is how many days ahead the next opening is looked for.
const furthestOpening = 366

// NextOpening returns when the desk opens next, false if it is open or does not open within a year.
func (h *OpeningHours) NextOpening(at time.Time) (time.Time, bool) {
	if h.IsOpen(at) {
		return time.Time{}, false
	}
	day := DayOf(at.In(h.zone()))
	for range furthestOpening {
		var next time.Time
		for _, s := range h.spans(day) {
			if s.from.After(at) && (next.IsZero() || s.from.Before(next)) {
				next = s.from
			}
		}
		if !next.IsZero() {
			return next, true
		}
		day = day.add(1)
	}
	return time.Time{}, false
}

// Closing returns when the desk closes, false if it is closed or does not close within a week.
func (h *OpeningHours) Closing(at time.Time) (time.Time, bool) {
	end, day := at, DayOf(at.In(h.zone())).add(-1)
	for range 9 {
		for _, s := range h.spans(day) { // ordered by from, since the intervals are
			if !end.Before(s.from) && end.Before(s.to) {
				end = s.to
			}
		}
		day = day.add(1)
	}
	return end, end.After(at) && !h.IsOpen(end)
}

// validate orders the intervals and refuses, as validation_failed: an unknown time zone, more than MaxIntervalsPerDay a
// day, intervals out of bounds or that overlap, more than MaxExceptions, days that do not exist or are listed twice, and
// long names.
func (h *OpeningHours) validate() error {
	if _, known := zoneOf(h.TimeZone); !known {
		return invalid("time_zone", fieldUnknown, "Choose a time zone such as Europe/Berlin.")
	}
	for weekday := range h.Week {
		if err := validateIntervals(weekdayFields[weekday], h.Week[weekday]); err != nil {
			return err
		}
	}
	if len(h.Exceptions) > MaxExceptions {
		return invalid("exceptions", fieldTooMany, "There can be at most "+strconv.Itoa(MaxExceptions)+" days with other hours.")
	}
	type key struct {
		day    Day
		yearly bool
	}
	seen := map[key]bool{}
	for i := range h.Exceptions {
		e := &h.Exceptions[i]
		if e.Day != e.Day.add(0) || e.Day.Year < 2000 || e.Day.Year > 2200 {
			return invalid("exceptions", fieldInvalid, "A day must be a date from 2000-01-01 to 2200-12-31, such as 2026-12-25.")
		}
		k := key{e.Day, e.IsYearly}
		if e.IsYearly {
			k.day.Year = 0
		}
		if seen[k] {
			return invalid("exceptions", fieldTaken, e.Day.String()+" is listed twice.")
		}
		seen[k] = true
		name, err := validateText("exceptions", oneLine(e.Name), 0, maxExceptionName)
		if err != nil {
			return err
		}
		e.Name = name
		if err := validateIntervals("exceptions", e.Intervals); err != nil {
			return err
		}
	}
	slices.SortFunc(h.Exceptions, func(a, b HoursException) int { return a.Day.noonUTC().Compare(b.Day.noonUTC()) })
	return nil
}

// weekdayFields are the names of the weekdays in requests, by time.Weekday.
var weekdayFields = [7]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// WeekdayField returns the name of a weekday in requests.
func WeekdayField(day time.Weekday) string { return weekdayFields[day] }

func validateIntervals(field string, intervals []Interval) error {
	if len(intervals) > MaxIntervalsPerDay {
		return invalid(field, fieldTooMany, "A day can have at most "+strconv.Itoa(MaxIntervalsPerDay)+" intervals.")
	}
	slices.SortFunc(intervals, func(a, b Interval) int { return a.From - b.From })
	for i, v := range intervals {
		if v.From < 0 || v.From >= minutesOfDay || v.To <= v.From || v.To > v.From+minutesOfDay {
			return invalid(field, fieldOutOfBounds, "An interval must begin between 00:00 and 23:59 and last at most 24 hours.")
		}
		if i > 0 && v.From < intervals[i-1].To {
			return invalid(field, fieldInvalid, "The intervals of a day must not overlap.")
		}
	}
	return nil
}
