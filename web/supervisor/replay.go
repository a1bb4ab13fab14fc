package supervisor

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// earlierWeeks is how many earlier weeks are drawn beside a day.
const earlierWeeks = 4

// Minutes responds with the figures of each minute of a period, by default of the last 24 hours.
func (h *Handlers) Minutes(c echo.Context) error {
	to, err := kit.QueryTime(c, "to", time.Now().UTC())
	if err != nil {
		return err
	}
	from, err := kit.QueryTime(c, "from", to.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	department := c.QueryParam("department")
	if !kit.Storable(department) {
		department = "-"
	}
	minutes, err := h.Desk.Minutes(c.Request().Context(), department, from, to)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(minutes, api.MinuteOf)})
}

// pastDay is the day that the query of a page names: today where it names none, or one that is none. A future day is today.
type pastDay struct {
	asked       string // the time zone of the query
	zone        *time.Location
	now         time.Time
	start, next time.Time
}

func dayOfQuery(c echo.Context) pastDay {
	d := pastDay{asked: c.QueryParam("time_zone"), now: time.Now()}
	if !kit.Storable(d.asked) || len(d.asked) > 64 {
		d.asked = ""
	}
	var err error
	if d.zone, err = kit.QueryTimeZone(c); err != nil {
		d.zone = time.UTC
	}
	d.now = d.now.In(d.zone)
	year, month, day := d.now.Date()
	if asked, err := time.Parse(time.DateOnly, c.QueryParam("day")); err == nil && asked.Year() >= 1970 {
		if y, m, at := asked.Date(); models.DayStart(y, m, at, d.zone).Before(d.now) {
			year, month, day = y, m, at
		}
	}
	d.start, d.next = models.DayStart(year, month, day, d.zone), models.DayStart(year, month, day+1, d.zone)
	return d
}

// end is the end of the day, of today the present time.
func (d *pastDay) end() time.Time {
	if d.next.After(d.now) {
		return d.now
	}
	return d.next
}

// startOf returns the start of the day that is so many days later, or earlier below 0.
func (d *pastDay) startOf(days int) time.Time {
	year, month, day := d.start.Date()
	return models.DayStart(year, month, day+days, d.zone)
}

// earlier returns the same weekday, that many weeks before.
func (d *pastDay) earlier(weeks int) pastDay {
	return pastDay{zone: d.zone, now: d.now, start: d.startOf(-7 * weeks), next: d.startOf(1 - 7*weeks)}
}

// query returns the query of a page that shows a day, with the department that is shown.
func (d *pastDay) query(day time.Time, department string) string {
	query := url.Values{"day": {day.Format(time.DateOnly)}}
	if d.asked != "" {
		query.Set("time_zone", d.asked)
	}
	if department != "" {
		query.Set("department", department)
	}
	return "?" + query.Encode()
}

// departmentFilter returns the department of the query and the filter of a page that leads to the given address. It is false for a
// department that does not exist.
func (h *Handlers) departmentFilter(c echo.Context, page string) (view.Filter, bool, error) {
	ctx := c.Request().Context()
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return view.Filter{}, false, err
	}
	b := &board{departments: departments, boardFilter: filterFromQuery(c)}
	filter := b.filter(ctx)
	filter.Page = page
	return filter, b.hasDepartment(), nil
}

// Replay shows a day of a department, minute by minute, and the same weekday of earlier weeks.
func (h *Handlers) Replay(c echo.Context) error {
	ctx, day := c.Request().Context(), dayOfQuery(c)
	filter, known, err := h.departmentFilter(c, "/supervisor/replay"+day.query(day.start, ""))
	if err != nil {
		return err
	}
	if !known {
		return c.Redirect(http.StatusSeeOther, "/supervisor")
	}
	days := make([]dayFigures, 1+earlierWeeks)
	for week := range days {
		one := day.earlier(week)
		minutes, err := h.Desk.Minutes(ctx, filter.Chosen, one.start, one.next)
		if err != nil {
			return err
		}
		days[week] = dayFigures{one, minutes}
	}
	page := replayView(ctx, &day, days, filter)
	if at, err := strconv.Atoi(c.QueryParam("at")); err == nil && at >= 0 && at < page.Minutes {
		page.At = at
	}
	page.State = stateView(ctx, days, page.Start, page.At)
	page.Kept = h.Desk.Settings().MinutesRetention
	page.Frame = h.AgentFrame(c, "replay", text.T(ctx, "supervisor.replay.title"))
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Stylesheets = []string{"uplot.css"}
	page.Frame.Words = []string{"supervisor."}
	return h.Render(c, http.StatusOK, view.ReplayPage(page))
}

// MinutesCSV sends the minutes of the day that the page shows as a file.
func (h *Handlers) MinutesCSV(c echo.Context) error {
	day := dayOfQuery(c)
	filter, known, err := h.departmentFilter(c, "")
	if err != nil {
		return err
	}
	if !known {
		return c.Redirect(http.StatusSeeOther, "/supervisor")
	}
	minutes, err := h.Desk.Minutes(c.Request().Context(), filter.Chosen, day.start, day.next)
	if err != nil {
		return err
	}
	lines := make([]kit.CSVRow, len(minutes))
	for i := range minutes {
		m := &minutes[i]
		lines[i] = kit.CSVRow{
			m.Minute, m.Minute.In(day.zone).Format("2006-01-02 15:04"), m.Department, m.Waiting, m.LongestWaitSeconds, m.Arrivals,
			m.Assignments, m.Ends, m.Abandonments, optional(m.AgentsOnline), m.Load, optional(m.Capacity),
		}
	}
	return h.WriteCSV(c, "minutes", []string{
		"minute", "local_time", "department", "waiting", "longest_wait_seconds", "arrivals", "assignments", "ends", "abandonments",
		"agents_online", "load", "slots",
	}, lines)
}

// optional returns a number for a cell, empty for nil.
func optional[T int | float64](n *T) any {
	if n == nil {
		return ""
	}
	return *n
}

// dayFigures are the minutes of one day.
type dayFigures struct {
	pastDay
	minutes []models.MinuteBucket
}

// at returns the minute that clocks of this day show when they show that of another time, nil where there is none.
func (d *dayFigures) at(other time.Time) *models.MinuteBucket {
	other = other.In(d.zone)
	year, month, day := d.start.Date()
	then := time.Date(year, month, day, other.Hour(), other.Minute(), 0, 0, d.zone)
	if then.Hour() != other.Hour() || then.Minute() != other.Minute() { // clocks skipped it
		return nil
	}
	if sameDay := d.start.YearDay() == other.YearDay() && d.start.Year() == other.Year(); sameDay {
		then = other // of an hour that clocks show twice, the right one
	}
	i, found := slices.BinarySearchFunc(d.minutes, then, func(m models.MinuteBucket, at time.Time) int { return m.Minute.Compare(at) })
	if !found {
		return nil
	}
	return &d.minutes[i]
}
