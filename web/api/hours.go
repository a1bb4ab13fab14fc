package api

import (
	"time"

	"parley/models"
)

// OpeningHours are the hours of a department, or with an empty one those of all departments without hours of their own.
type OpeningHours struct {
	Department    string           `json:"department"`
	TimeZone      string           `json:"time_zone"`
	Monday        string           `json:"monday"`
	Tuesday       string           `json:"tuesday"`
	Wednesday     string           `json:"wednesday"`
	Thursday      string           `json:"thursday"`
	Friday        string           `json:"friday"`
	Saturday      string           `json:"saturday"`
	Sunday        string           `json:"sunday"`
	Exceptions    []HoursException `json:"exceptions"`
	IsOpen        IntBool          `json:"is_open"`
	NextOpeningAt *Time            `json:"next_opening_at"`
}

// HoursException is a day with other hours than its weekday's.
type HoursException struct {
	Day      models.Day `json:"day"`
	IsYearly IntBool    `json:"is_yearly"`
	Name     string     `json:"name"`
	Hours    string     `json:"hours"` // empty for closed
}

// HolidayImport tells what an import of holidays did.
type HolidayImport struct {
	Message string `json:"message"`
	Added   int    `json:"added"`
	Known   int    `json:"known"`
	Skipped int    `json:"skipped"`
}

// OpeningHoursOf returns the body of opening hours, and whether they are open at a time.
func OpeningHoursOf(h *models.OpeningHours, at time.Time) OpeningHours {
	day := func(day time.Weekday) string { return models.FormatIntervals(h.Week[day]) }
	var a models.Availability
	a.SetHours(h, at)
	return OpeningHours{
		Department: h.Department, TimeZone: h.TimeZone,
		Monday: day(time.Monday), Tuesday: day(time.Tuesday), Wednesday: day(time.Wednesday), Thursday: day(time.Thursday),
		Friday: day(time.Friday), Saturday: day(time.Saturday), Sunday: day(time.Sunday),
		Exceptions: Map(h.Exceptions, func(e *models.HoursException) HoursException {
			return HoursException{Day: e.Day, IsYearly: IntBool(e.IsYearly), Name: e.Name, Hours: models.FormatIntervals(e.Intervals)}
		}),
		IsOpen: IntBool(a.IsOpen), NextOpeningAt: OptionalTime(a.NextOpeningAt),
	}
}
