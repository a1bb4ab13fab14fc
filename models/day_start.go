package models

import "time"

// DayStart returns the first moment of a day in a time zone: the first time at which clocks there show that day, or a later one if they
// skip it. [time.Date] returns another moment where clocks skip or repeat midnight. The day may be out of the month, as in time.Date.
func DayStart(year int, month time.Month, day int, zone *time.Location) time.Time {
	asked := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	at := time.Date(year, month, day, 0, 0, 0, 0, zone).Add(-2 * time.Hour) // clocks change by two hours at most
	for {
		y, m, d := at.Date()
		if !time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Before(asked) {
			return at
		}
		at = at.Add(quarter) // they change at quarters of an hour
	}
}

// dayStart returns the first moment of the day of a time, in the time zone of the time.
func dayStart(at time.Time) time.Time {
	return DayStart(at.Year(), at.Month(), at.Day(), at.Location())
}

// addDate returns the same time of the clock so many months and days later; of the first moment of a day that of the other day.
func addDate(at time.Time, months, days int) time.Time {
	if at.Equal(dayStart(at)) {
		return DayStart(at.Year(), at.Month()+time.Month(months), at.Day()+days, at.Location())
	}
	return at.AddDate(0, months, days)
}
