package models_test

import (
	"testing"
	"time"

	"parley/models"
)

// week returns the same intervals for the given weekdays.
func week(intervals []models.Interval, days ...time.Weekday) (w [7][]models.Interval) {
	for _, day := range days {
		w[day] = intervals
	}
	return w
}

var workdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestOpeningHours checks when hours open and close, in three time zones and over both changes of the clock.
func TestOpeningHours(t *testing.T) {
	t.Parallel()
	day := func(text string) models.Day {
		d, err := models.ParseDay(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	everyDay := []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	nineToFive := []models.Interval{{From: 9 * 60, To: 17 * 60}}
	night := []models.Interval{{From: 22 * 60, To: 26 * 60}}
	earlyMorning := []models.Interval{{From: 2*60 + 30, To: 4 * 60}}
	office := models.OpeningHours{TimeZone: "Europe/Berlin", Week: week(nineToFive, workdays...), Exceptions: []models.HoursException{
		{Day: day("2024-12-25"), IsYearly: true},
		{Day: day("2026-12-24"), Intervals: []models.Interval{{From: 9 * 60, To: 12 * 60}}},
	}}
	berlin := models.OpeningHours{TimeZone: "Europe/Berlin", Week: week(earlyMorning, everyDay...)}
	newYork := models.OpeningHours{TimeZone: "America/New_York", Week: week(earlyMorning, everyDay...)}
	lordHowe := models.OpeningHours{TimeZone: "Australia/Lord_Howe", Week: week([]models.Interval{{From: 60, To: 135}}, everyDay...)}
	nights := models.OpeningHours{TimeZone: "America/New_York", Week: week(night, time.Saturday)}
	always := models.OpeningHours{TimeZone: "Asia/Shanghai", Week: week([]models.Interval{{From: 0, To: 1440}}, everyDay...)}
	for name, c := range map[string]struct {
		hours models.OpeningHours
		at    string
		open  bool
		next  string // opening, "" for none
		close string // "" for none
	}{
		"before work":                       {office, "2026-11-30T07:59:59Z", false, "2026-11-30T08:00:00Z", ""},
		"at work":                           {office, "2026-11-30T08:00:00Z", true, "", "2026-11-30T16:00:00Z"},
		"after work on Friday":              {office, "2026-11-27T16:00:00Z", false, "2026-11-30T08:00:00Z", ""},
		"a short day":                       {office, "2026-12-24T11:00:00Z", false, "2026-12-28T08:00:00Z", ""},
		"a yearly holiday":                  {office, "2028-12-25T10:00:00Z", false, "2028-12-26T08:00:00Z", ""},
		"Friday before clocks go forward":   {office, "2026-03-27T17:00:00Z", false, "2026-03-30T07:00:00Z", ""},
		"Friday before clocks go back":      {office, "2026-10-23T17:00:00Z", false, "2026-10-26T08:00:00Z", ""},
		"Berlin, opening in the gap":        {berlin, "2026-03-29T00:30:00Z", false, "2026-03-29T01:00:00Z", ""},
		"Berlin, opened after the gap":      {berlin, "2026-03-29T01:00:00Z", true, "", "2026-03-29T02:00:00Z"},
		"Berlin, first 2:30 of two":         {berlin, "2026-10-25T00:29:59Z", false, "2026-10-25T00:30:00Z", ""},
		"Berlin, second 2:30 of two":        {berlin, "2026-10-25T01:30:00Z", true, "", "2026-10-25T03:00:00Z"},
		"New York, opening in the gap":      {newYork, "2026-03-08T06:59:59Z", false, "2026-03-08T07:00:00Z", ""},
		"New York, clocks go back":          {newYork, "2026-11-01T07:29:59Z", false, "2026-11-01T07:30:00Z", ""},
		"Lord Howe, half an hour back":      {lordHowe, "2026-04-04T15:10:00Z", true, "", "2026-04-04T15:45:00Z"},
		"Lord Howe, half an hour forward":   {lordHowe, "2026-10-03T15:00:00Z", true, "", "2026-10-03T15:30:00Z"},
		"New York, a night":                 {nights, "2026-03-15T03:00:00Z", true, "", "2026-03-15T06:00:00Z"},
		"New York, a night of an hour less": {nights, "2026-03-08T04:00:00Z", true, "", "2026-03-08T07:00:00Z"},
		"New York, a night of an hour more": {nights, "2026-11-01T05:30:00Z", true, "", "2026-11-01T07:00:00Z"},
		"always":                            {always, "2026-11-30T07:59:59Z", true, "", ""},
		"never":                             {models.OpeningHours{TimeZone: "UTC"}, "2026-11-30T07:59:59Z", false, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := moment(t, c.at)
			text := func(at time.Time, ok bool) string {
				if !ok {
					return ""
				}
				return at.UTC().Format(time.RFC3339)
			}
			if open := c.hours.IsOpen(at); open != c.open {
				t.Errorf("open is %v", open)
			}
			if next := text(c.hours.NextOpening(at)); next != c.next {
				t.Errorf("opens at %q, not at %q", next, c.next)
			}
			if c.open {
				if closing := text(c.hours.Closing(at)); closing != c.close {
					t.Errorf("closes at %q, not at %q", closing, c.close)
				}
			}
		})
	}
}
