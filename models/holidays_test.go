package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// calendar returns an iCalendar file of events, each given as its lines.
func calendar(events ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
	for n, e := range events {
		fmt.Fprintf(
			&b,
			"BEGIN:VEVENT\r\nUID:%d@example.com\r\nDTSTAMP:20260101T000000Z\r\n%s\r\nEND:VEVENT\r\n",
			n,
			strings.ReplaceAll(e, "\n", "\r\n"),
		)
	}
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

func holidayList(days []models.HoursException) []string {
	var list []string
	for _, d := range days {
		if list = append(list, d.Day.String()+" "+d.Name); d.IsYearly {
			list[len(list)-1] += " yearly"
		}
	}
	return list
}

func TestHolidaysOfACalendar(t *testing.T) {
	t.Parallel()
	from, _ := models.ParseDay("2026-11-29")
	for _, c := range []struct {
		name, event string
		want        []string
		skipped     int
	}{
		{"one day", "DTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas Day", []string{"2026-12-25 Christmas Day"}, 0},
		{
			"several days, of which some are over", "DTSTART;VALUE=DATE:20261127\nDTEND;VALUE=DATE:20261201\nSUMMARY:Inventory",
			[]string{"2026-11-29 Inventory", "2026-11-30 Inventory"},
			0,
		},
		{"over", "DTSTART;VALUE=DATE:20251225\nSUMMARY:Christmas Day", nil, 0},
		{
			"every year on its date", "DTSTART;VALUE=DATE:20100101\nRRULE:FREQ=YEARLY\nSUMMARY:元旦",
			[]string{"2010-01-01 元旦 yearly"},
			0,
		},
		{
			"the fourth Thursday of November", "DTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nSUMMARY:Thanksgiving",
			[]string{"2027-11-25 Thanksgiving", "2028-11-23 Thanksgiving", "2029-11-22 Thanksgiving"},
			0,
		},
		{
			"until a year", "DTSTART;VALUE=DATE:20240501\nRRULE:FREQ=YEARLY;UNTIL=20270501\nSUMMARY:Trade fair",
			[]string{"2027-05-01 Trade fair"},
			0,
		},
		{"a time of the day", "DTSTART:20261225T100000Z\nDTEND:20261225T110000Z\nSUMMARY:Meeting", nil, 1},
		{"cancelled", "DTSTART;VALUE=DATE:20261225\nSTATUS:CANCELLED\nSUMMARY:No", nil, 1},
		{"every week", "DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=WEEKLY\nSUMMARY:Friday", nil, 1},
		{"longer than two months", "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20270401\nSUMMARY:Winter", nil, 1},
		{"escaped and folded", "DTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas\\, the\n  day", []string{"2026-12-25 Christmas, the day"}, 0},
		{"without a name", "DTSTART;VALUE=DATE:20261225", []string{"2026-12-25 "}, 0},
		{"without a start", "SUMMARY:x", nil, 1},
	} {
		got, err := models.ParseHolidays(calendar(c.event), from)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if list := holidayList(got.Days); !slices.Equal(list, c.want) || got.Skipped != c.skipped {
			t.Errorf("%s: %q, %d skipped; want %q, %d", c.name, list, got.Skipped, c.want, c.skipped)
		}
	}
	for _, bad := range []string{"", "x", "Date,Name\n2026-12-25,Christmas", "BEGIN:VEVENT\nEND:VEVENT"} {
		if _, err := models.ParseHolidays(bad, from); models.CodeOf(err) != "validation_failed" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := models.ParseHolidays(
		calendar(slices.Repeat([]string{"DTSTART;VALUE=DATE:20261225"}, 2001)...),
		from,
	); models.CodeOf(
		err,
	) != "validation_failed" {
		t.Errorf("2,001 events: %v", err)
	}
}

func TestImportedHolidaysJoinThoseThatAreListed(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	day := func(text string) models.Day {
		d, err := models.ParseDay(text)
		h.must(err)
		return d
	}
	days := []models.HoursException{
		{Day: day("2026-12-25"), Name: "Christmas Day"},
		{Day: day("2026-12-31"), Name: "New Year's Eve"},
		{Day: day("2027-01-01"), Name: "New Year"},
		{Day: day("2026-12-31"), Name: "again"},
	}
	_, err := h.ImportHolidays(t.Context(), admin, "", days)
	h.refused(err, "hours_not_found")
	half := []models.Interval{{From: 540, To: 720}}
	h.must(h.SetOpeningHours(t.Context(), admin, models.OpeningHours{TimeZone: "Europe/Berlin", Exceptions: []models.HoursException{
		{Day: day("2026-12-25"), Name: "Half a day", Intervals: half}, {Day: day("2000-01-01"), IsYearly: true},
	}}))
	_, err = h.ImportHolidays(t.Context(), models.Actor{Kind: models.KindAgent, ID: "x", Role: models.RoleSupervisor}, "", days)
	h.refused(err, "role_required")
	done, err := h.ImportHolidays(t.Context(), admin, "", days)
	h.must(err)
	if done.Added != 1 || done.Known != 3 {
		t.Errorf("%+v", done)
	}
	again, err := h.ImportHolidays(t.Context(), admin, "", days)
	h.must(err)
	if again.Added != 0 || again.Known != 4 {
		t.Errorf("again: %+v", again)
	}
	hours := h.HoursOf("")
	if list := holidayList(
		hours.Exceptions,
	); !slices.Equal(
		list,
		[]string{"2000-01-01  yearly", "2026-12-25 Half a day", "2026-12-31 New Year's Eve"},
	) {
		t.Errorf("%q", list)
	}
	if !hours.IsOpen(time.Date(2026, 12, 25, 10, 0, 0, 0, time.FixedZone("", 3600))) {
		t.Error("a listed day lost its hours")
	}
	var many []models.HoursException
	for n := range 400 {
		many = append(many, models.HoursException{Day: models.DayOf(time.Date(2027, 2, n, 0, 0, 0, 0, time.UTC))})
	}
	_, err = h.ImportHolidays(t.Context(), admin, "", many)
	h.refused(err, "validation_failed")
	if got := len(h.HoursOf("").Exceptions); got != 3 {
		t.Errorf("%d days after a refused import", got)
	}
}
