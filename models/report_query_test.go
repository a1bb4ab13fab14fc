package models_test

import (
	"testing"
	"time"

	"parley/models"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// A day is one of the time zone, also where it has 23 or 25 hours, and where it begins at half an hour.
func TestDaysAndHoursAreThoseOfTheTimeZone(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	var times []time.Time
	for at := time.Date(2026, 3, 20, 0, 5, 0, 0, time.UTC); at.Before(time.Date(2026, 4, 30, 0, 0, 0, 0, time.UTC)); at = at.Add(time.Hour) {
		times = append(times, at)
	}
	h.past(anna.ID, time.Second, time.Minute, times...)
	h.counted()
	for _, c := range []struct {
		zone string
		day  [3]int
	}{
		{"UTC", [3]int{2026, 3, 28}},
		{"Europe/Berlin", [3]int{2026, 3, 28}},      // clocks go forward on 29 March
		{"Australia/Lord_Howe", [3]int{2026, 4, 4}}, // they go back by half an hour
		{"Asia/Kolkata", [3]int{2026, 3, 28}},
		{"Asia/Kathmandu", [3]int{2026, 3, 28}},
		{"Asia/Shanghai", [3]int{2026, 3, 28}},
		{"Africa/Cairo", [3]int{2026, 4, 23}}, // they skip midnight on 24 April
		{"Africa/Cairo", [3]int{2026, 4, 24}},
		{"Atlantic/Azores", [3]int{2026, 3, 28}}, // on 29 March, west of Greenwich
		{"Atlantic/Azores", [3]int{2026, 3, 29}},
	} {
		z := zone(t, c.zone)
		start := func(days int) time.Time { return models.DayStart(c.day[0], time.Month(c.day[1]), c.day[2]+days, z) }
		from := start(0)
		q := models.ReportQuery{From: from, To: start(3), Zone: z, By: models.ByDay}
		want := make([]int64, 3)
		hours := make([]int64, 24)
		var sum int64
		for _, at := range times {
			if at.Before(q.From) || !at.Before(q.To) {
				continue
			}
			want[at.In(z).Day()-from.Day()]++
			hours[at.In(z).Hour()]++
			sum++
		}
		r := h.report(q)
		if !r.BeforeFrom.Equal(start(-3)) || !r.BeforeTo.Equal(from) {
			t.Errorf("%s: compared with %s to %s", c.zone, r.BeforeFrom.In(z), r.BeforeTo.In(z))
		}
		if r.Total.Chats != sum || len(r.Rows) != 3 {
			t.Errorf("%s: %d chats in %d days, want %d", c.zone, r.Total.Chats, len(r.Rows), sum)
		}
		for i := range r.Rows {
			if r.Rows[i].Chats != want[i] {
				t.Errorf("%s, day %d: %d chats, want %d", c.zone, i, r.Rows[i].Chats, want[i])
			}
		}
		q.By = models.ByHour
		for i, row := range h.report(q).Rows {
			if row.Chats != hours[i] {
				t.Errorf("%s, hour %d: %d chats, want %d", c.zone, i, row.Chats, hours[i])
			}
		}
		q.By = models.ByAgent
		if got := h.report(q).Rows[0].Chats; got != sum {
			t.Errorf("%s by agent: %d chats, want %d", c.zone, got, sum)
		}
	}
}

// The hours of a long period are read together, without the parts of an hour at its ends.
func TestHoursOfALongPeriod(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	var times []time.Time
	for at := time.Date(2026, 3, 20, 0, 5, 0, 0, time.UTC); at.Before(time.Date(2026, 4, 10, 0, 0, 0, 0, time.UTC)); at = at.Add(30 * time.Minute) {
		times = append(times, at)
	}
	h.past(anna.ID, time.Second, time.Minute, times...)
	h.counted()
	for _, name := range []string{"UTC", "Europe/Berlin", "Asia/Kolkata"} {
		z := zone(t, name)
		for _, q := range []models.ReportQuery{
			{From: time.Date(2026, 2, 10, 10, 15, 0, 0, time.UTC), To: time.Date(2026, 4, 9, 13, 15, 0, 0, time.UTC)},
			{From: time.Date(2026, 3, 20, 0, 15, 0, 0, time.UTC), To: time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)},
		} {
			q.Zone, q.By = z, models.ByHour
			var want, got [24]int64
			for _, at := range times {
				if !at.Before(q.From) && at.Before(q.To) {
					want[at.In(z).Hour()]++
				}
			}
			for i, row := range h.report(q).Rows {
				got[i] = row.Chats
			}
			if got != want {
				t.Errorf("%s from %s: %d, want %d", name, q.From, got, want)
			}
		}
	}
}

func TestThePeriodBefore(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	berlin := zone(t, "Europe/Berlin")
	at := func(m time.Month, d, hour int) time.Time { return time.Date(2026, m, d, hour, 0, 0, 0, berlin) }
	for _, c := range []struct{ from, to, before, until time.Time }{
		{at(3, 30, 0), at(3, 31, 0), at(3, 29, 0), at(3, 30, 0)}, // a day of 24 hours after one of 23
		{at(3, 1, 0), at(4, 1, 0), at(2, 1, 0), at(3, 1, 0)},
		{at(3, 1, 0), at(3, 20, 10), at(2, 1, 0), at(2, 20, 10)}, // a month that goes on
		{at(3, 1, 0), at(3, 31, 10), at(2, 1, 0), at(3, 1, 0)},
		{at(3, 10, 0), at(3, 17, 0), at(3, 3, 0), at(3, 10, 0)},
		{at(3, 10, 0), at(3, 16, 15), at(3, 3, 0), at(3, 9, 15)}, // days of which the last goes on
		{at(3, 10, 8), at(3, 10, 12), at(3, 10, 4), at(3, 10, 8)},
	} {
		r := h.report(models.ReportQuery{From: c.from, To: c.to, Zone: berlin})
		if !r.BeforeFrom.Equal(c.before) || !r.BeforeTo.Equal(c.until) {
			t.Errorf("before %s: %s to %s, want %s", c.from, r.BeforeFrom.In(berlin), r.BeforeTo.In(berlin), c.before)
		}
	}
}

func TestReportsThatAreRefused(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	day := models.ReportQuery{From: monday, To: monday.AddDate(0, 0, 1), Zone: time.UTC, By: models.ByDay}
	_, err := h.Report(t.Context(), anna, day)
	h.refused(err, "role_required")
	_, err = h.ReportComments(t.Context(), anna, day)
	h.refused(err, "role_required")
	for what, change := range map[string]func(*models.ReportQuery){
		"empty":             func(q *models.ReportQuery) { q.To = q.From },
		"backwards":         func(q *models.ReportQuery) { q.To = q.From.Add(-time.Hour) },
		"too long":          func(q *models.ReportQuery) { q.To = q.From.AddDate(0, 0, 367) },
		"no quarter":        func(q *models.ReportQuery) { q.To = q.To.Add(time.Minute) },
		"too early":         func(q *models.ReportQuery) { q.From, q.To = q.From.AddDate(-30, 0, 0), q.To.AddDate(-30, 0, 0) },
		"grouping":          func(q *models.ReportQuery) { q.By = "year" },
		"selection":         func(q *models.ReportQuery) { q.With = "day" },
		"selection by name": func(q *models.ReportQuery) { q.By, q.With, q.Name = models.ByAgent, models.ByTag, "a" },
	} {
		q := day
		change(&q)
		if _, err := h.Report(t.Context(), admin, q); models.CodeOf(err) != "validation_failed" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestCommentsOfAReport(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, bob := h.agent("anna", 5), h.agent("bob", 5)
	h.past(anna.ID, time.Second, time.Minute, monday.Add(time.Hour))
	h.past(bob.ID, time.Second, time.Minute, monday.Add(2*time.Hour))
	h.exec(`UPDATE chats SET rating = 4, rated_at = ended_at, rating_comment = 'from ' || agent_id, tags = '{vip}'`)
	q := models.ReportQuery{From: monday, To: monday.AddDate(0, 0, 1), Zone: time.UTC, By: models.ByDay}
	for with, want := range map[models.ReportQuery]int{
		q: 2, {With: models.ByAgent, Name: anna.ID}: 1, {With: models.ByTag, Name: "vip"}: 2, {With: models.ByTag, Name: "x"}: 0,
		{With: models.ByDepartment}: 2, {With: models.BySite}: 2, {With: models.ByOutcome, Name: "x"}: 0,
	} {
		with.From, with.To, with.Zone, with.By = q.From, q.To, q.Zone, q.By
		got, err := h.ReportComments(t.Context(), admin, with)
		h.must(err)
		if len(got) != want {
			t.Errorf("with %s %q: %d comments, want %d", with.With, with.Name, len(got), want)
		}
	}
}

func TestSavedReports(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ruth, paul, boss := h.staff("ruth", models.RoleSupervisor), h.staff("paul", models.RoleSupervisor), h.staff("boss", models.RoleAdmin)
	h.told()
	own, err := h.SaveReportView(t.Context(), ruth, " Mine ", "range=7d", false)
	h.must(err)
	shared, err := h.SaveReportView(t.Context(), ruth, "Team", "range=30d", true)
	h.must(err)
	h.tells(`ruth report_shared report Team {"query": "range=30d", "shared": true}`)
	seen := func(a models.Actor) int {
		views, err := h.ReportViews(t.Context(), a)
		h.must(err)
		return len(views)
	}
	if seen(ruth) != 2 || seen(paul) != 1 {
		t.Errorf("ruth sees %d, paul %d", seen(ruth), seen(paul))
	}
	again, err := h.SaveReportView(t.Context(), ruth, "mine", "range=today", false)
	h.must(err)
	if again.ID != own.ID || again.Query != "range=today" || seen(ruth) != 2 {
		t.Errorf("saved again as %+v", again)
	}
	h.refused(h.RemoveReportView(t.Context(), paul, shared.ID), "report_view_not_found")
	h.refused(h.RemoveReportView(t.Context(), boss, own.ID), "report_view_not_found")
	h.must(h.RemoveReportView(t.Context(), boss, shared.ID))
	h.tells(`boss report_removed report Team {}`)
	h.must(h.RemoveReportView(t.Context(), ruth, own.ID))
	_, err = h.SaveReportView(t.Context(), h.agent("anna", 1), "x", "", false)
	h.refused(err, "role_required")
	_, err = h.SaveReportView(t.Context(), ruth, " ", "", false)
	h.refused(err, "validation_failed")
}
