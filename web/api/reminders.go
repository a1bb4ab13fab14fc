package api

import (
	"fmt"
	"slices"
	"time"

	"parley/models"
)

// Reminders is how an agent is reminded of chats that were not opened.
type Reminders struct {
	IsRepeated   IntBool       `json:"is_repeated"`
	IsQuiet      IntBool       `json:"is_quiet"` // there are quiet hours; the next three are null otherwise
	QuietFrom    *string       `json:"quiet_from"`
	QuietUntil   *string       `json:"quiet_until"`
	QuietDays    []string      `json:"quiet_days"`
	TimeZone     string        `json:"time_zone"`
	QuietPeriods []QuietPeriod `json:"quiet_periods"` // of the next two days
}

// QuietPeriod are the quiet hours of one day.
type QuietPeriod struct {
	From  Time `json:"from"`
	Until Time `json:"until"`
}

// RemindersOf returns the body of reminders, with the quiet periods from a time on.
func RemindersOf(r models.Reminders, at time.Time) Reminders {
	out := Reminders{IsRepeated: IntBool(r.Repeat), TimeZone: r.TimeZone, QuietPeriods: []QuietPeriod{}}
	if r.Quiet != nil {
		from, until := ClockOf(r.Quiet.From), ClockOf(r.Quiet.Until)
		out.IsQuiet, out.QuietFrom, out.QuietUntil, out.QuietDays = true, &from, &until, dayNamesOf(r.Quiet.Days)
	}
	for _, p := range r.QuietPeriods(at) {
		out.QuietPeriods = append(out.QuietPeriods, QuietPeriod{Time(p.From), Time(p.Until)})
	}
	return out
}

var dayNames = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// DayName returns the name of a day, 1 for monday to 7 for sunday.
func DayName(day int) string { return dayNames[day-1] }

// DayOf is the opposite of DayName, and 0 for any other text.
func DayOf(name string) int { return slices.Index(dayNames, name) + 1 }

func dayNamesOf(days []int) []string {
	names := make([]string, len(days))
	for i, day := range days {
		names[i] = DayName(day)
	}
	return names
}

// ClockOf returns minutes after midnight as a time of the day, such as 22:00.
func ClockOf(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
