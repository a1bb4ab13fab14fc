package models

import (
	"context"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"
)

// The bounds of an imported calendar.
const (
	maxCalendarYears  = 3    // how far ahead days are imported
	maxCalendarDays   = 62   // of one event
	maxCalendarEvents = 2000 // in a file
)

// Holidays are days of a calendar on which the desk is closed.
type Holidays struct {
	Days    []HoursException
	Skipped int // events that are not whole days, cancelled, repeated otherwise than yearly, or longer than two months
}

// HolidayImport is what an import changed.
type HolidayImport struct {
	Added int
	Known int // days that were listed already: their hours stay
}

// ParseHolidays reads the whole days of an iCalendar file (RFC 5545), from a day on and at most three years ahead. An event
// that repeats every year on its date becomes one yearly exception, and one that repeats every year by another rule, such as
// the fourth Thursday of November, one for each of its days. A file that is not a calendar, or has more than 2,000 events,
// is validation_failed.
func ParseHolidays(file string, from Day) (Holidays, error) {
	var h Holidays
	calendar, err := ics.ParseCalendar(strings.NewReader(file))
	if err != nil || file == "" {
		return h, invalid("calendar", fieldInvalid, "The file must be an iCalendar file (.ics).")
	}
	events := calendar.Events()
	if len(events) > maxCalendarEvents {
		return h, invalid("calendar", fieldTooMany, "The file has more than 2,000 events. Import a calendar of holidays only.")
	}
	repeated := 0
	for _, e := range events {
		first, length, ok := wholeDays(e)
		rule := e.GetProperty(ics.ComponentPropertyRrule)
		if rule != nil {
			repeated++
		}
		if !ok || repeated > MaxExceptions {
			h.Skipped++
			continue
		}
		name := holidayName(e)
		switch starts, yearly, ok := startsOf(first, rule, from.add(-length)); {
		case !ok:
			h.Skipped++
		case yearly:
			for n := range length {
				h.Days = append(h.Days, HoursException{Day: first.add(n), IsYearly: true, Name: name})
			}
		default:
			for _, day := range starts {
				for n := range length {
					if day := day.add(n); !day.noonUTC().Before(from.noonUTC()) {
						h.Days = append(h.Days, HoursException{Day: day, Name: name})
					}
				}
			}
		}
	}
	return h, nil
}

// wholeDays returns the first day of an event of whole days and their number, false for any other and for a cancelled one.
func wholeDays(e *ics.VEvent) (first Day, length int, ok bool) {
	if status := e.GetProperty(
		ics.ComponentPropertyStatus,
	); status != nil &&
		strings.EqualFold(status.Value, string(ics.ObjectStatusCancelled)) {
		return first, 0, false
	}
	start := e.GetProperty(ics.ComponentPropertyDtStart)
	if start == nil {
		return first, 0, false
	}
	at, err := time.Parse("20060102", start.Value)
	if err != nil || at.Year() < 1900 || at.Year() > 2200 {
		return first, 0, false
	}
	first, length = DayOf(at), 1
	if end := e.GetProperty(ics.ComponentPropertyDtEnd); end != nil {
		until, err := time.Parse("20060102", end.Value) // the day after the last
		if err != nil {
			return first, 0, false
		}
		length = max(1, int(until.Sub(at)/(24*time.Hour)))
	}
	return first, length, length <= maxCalendarDays
}

func holidayName(e *ics.VEvent) string {
	summary := e.GetProperty(ics.ComponentPropertySummary)
	if summary == nil {
		return ""
	}
	return Beginning(oneLine(ics.FromText(summary.Value)), maxExceptionName-1)
}

// startsOf returns the days, from one on, on which an event begins, and whether it begins on the date of the first in
// every year. A repetition that is not yearly is not ok.
func startsOf(first Day, rule *ics.IANAProperty, from Day) (days []Day, isYearly, ok bool) {
	if rule == nil {
		return []Day{first}, false, true
	}
	option, err := rrule.StrToROption(rule.Value)
	if err != nil || option.Freq != rrule.YEARLY {
		return nil, false, false
	}
	isOnDate := len(option.Bymonth) == 0 || slices.Equal(option.Bymonth, []int{int(first.Month)}) &&
		(len(option.Bymonthday) == 0 || slices.Equal(option.Bymonthday, []int{first.Day}))
	hasOtherRule := len(option.Byweekday)+len(option.Bysetpos)+len(option.Byyearday)+len(option.Byweekno)+len(option.Byeaster) > 0
	if isOnDate && !hasOtherRule && option.Interval <= 1 && option.Count == 0 && option.Until.IsZero() {
		return nil, true, true
	}
	option.Dtstart = first.midnightUTC() // like a date in UNTIL
	r, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, false, false
	}
	for _, at := range r.Between(from.midnightUTC(), from.midnightUTC().AddDate(maxCalendarYears, 0, 0), true) {
		days = append(days, DayOf(at))
	}
	return days, false, true
}

// ImportHolidays adds days to the opening hours of a department or, with "", of all departments without hours of their own.
// A day that these list already keeps its hours. Admins only. Without stored hours it is 404 hours_not_found; more than 400
// days in all are validation_failed.
func (d *Desk) ImportHolidays(ctx context.Context, actor Actor, department string, days []HoursException) (HolidayImport, error) {
	var done HolidayImport
	if err := actor.require(RoleAdmin); err != nil {
		return done, err
	}
	err := d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		done = HolidayImport{}
		h, err := t.lockHours(ctx, department)
		if err != nil {
			return err
		}
		for _, day := range days {
			if slices.ContainsFunc(h.Exceptions, day.coversDateOf) {
				done.Known++
				continue
			}
			h.Exceptions = append(h.Exceptions, day)
			done.Added++
		}
		if done.Added == 0 {
			return nil
		}
		if err := h.validate(); err != nil {
			return err
		}
		if _, err := t.replaceHours(ctx, h); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditHolidaysImported, aboutHours(department), details{"rows": done.Added})
	})
	return done, err
}

// coversDateOf reports whether a listed exception is about the date of e: on that day itself, or in every year.
func (e HoursException) coversDateOf(listed HoursException) bool {
	return listed.Day == e.Day && listed.IsYearly == e.IsYearly ||
		listed.IsYearly && listed.Day.Month == e.Day.Month && listed.Day.Day == e.Day.Day
}
