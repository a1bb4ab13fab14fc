package supervisor

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// Forecast responds with the arrivals and agents of the next 7 days.
func (h *Handlers) Forecast(c echo.Context) error {
	zone, err := kit.QueryTimeZone(c)
	if err != nil {
		return err
	}
	department := c.QueryParam("department")
	if !kit.Storable(department) {
		department = "-"
	}
	f, err := h.Desk.Forecast(c.Request().Context(), department, zone)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.ForecastOf(f)})
}

// forecastOfPage reads the forecast that the query of a page names. It is nil for a department that does not exist.
func (h *Handlers) forecastOfPage(c echo.Context) (*models.Forecast, pastDay, view.Filter, error) {
	day := dayOfQuery(c)
	page := "/supervisor/forecast"
	if day.asked != "" {
		page += "?time_zone=" + url.QueryEscape(day.asked)
	}
	filter, known, err := h.departmentFilter(c, page)
	if err != nil || !known {
		return nil, day, filter, err
	}
	f, err := h.Desk.Forecast(c.Request().Context(), filter.Chosen, day.zone)
	return f, day, filter, err
}

// ForecastPage shows how many chats may come, how many agents they need, and what the numbers rest on.
func (h *Handlers) ForecastPage(c echo.Context) error {
	ctx := c.Request().Context()
	f, day, filter, err := h.forecastOfPage(c)
	if err != nil {
		return err
	}
	if f == nil {
		return c.Redirect(http.StatusSeeOther, "/supervisor")
	}
	page := forecastView(ctx, f, day.zone)
	page.Filter, page.Asked = filter, day.asked
	page.CSV = "/supervisor/forecast.csv" + day.query(day.start, filter.Chosen)
	page.Frame = h.AgentFrame(c, "forecast", text.T(ctx, "supervisor.forecast.title"))
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor."}
	return h.Render(c, http.StatusOK, view.ForecastPage(page))
}

// ForecastCSV sends the hours of the forecast as a file.
func (h *Handlers) ForecastCSV(c echo.Context) error {
	f, day, _, err := h.forecastOfPage(c)
	if err != nil {
		return err
	}
	if f == nil {
		return c.Redirect(http.StatusSeeOther, "/supervisor")
	}
	lines := make([]kit.CSVRow, len(f.Hours))
	for i := range f.Hours {
		hour := &f.Hours[i]
		lines[i] = kit.CSVRow{
			hour.At, hour.At.In(day.zone).Format("2006-01-02 15:04"), f.Department, hour.Weeks, optional(hour.Arrivals),
			optional(hour.Agents), optional(hour.Served),
		}
	}
	return h.WriteCSV(c, "forecast", []string{
		"hour", "local_time", "department", "weeks", "arrivals", "agents_needed", "served_share",
	}, lines)
}

// nextRows is how many hours are listed one by one.
const nextRows = 12

func forecastView(ctx context.Context, f *models.Forecast, zone *time.Location) view.Forecast {
	page := view.Forecast{
		Zone: zone.String(), Says: staffingSays(ctx, f, zone), IsShort: f.Shortfall() != nil, Assumptions: assumptionsView(ctx, f),
	}
	for _, key := range []string{"arrivals", "median", "slots", "shared", "exponential"} {
		page.Method = append(page.Method, text.T(ctx, "supervisor.forecast.method."+key))
	}
	if !f.IsKnown() {
		return page
	}
	for i := range f.Hours {
		hour := &f.Hours[i]
		at := hour.At.In(zone)
		if i < nextRows {
			page.Next = append(page.Next, view.ForecastRow{
				At: at.Format("15:04"), Arrivals: number(hour.Arrivals), Agents: count(hour.Agents), Served: share(ctx, hour.Served),
				IsShort: hour.Agents != nil && *hour.Agents > f.Online,
			})
		}
		if n := len(page.Week); n == 0 || page.Week[n-1].At.YearDay() != at.YearDay() {
			page.Week = append(page.Week, view.ForecastDay{At: at})
		}
		cell := &page.Week[len(page.Week)-1].Cells[at.Hour()]
		cell.Agents = count(hour.Agents)
		cell.Title = text.T(ctx, "supervisor.forecast.cell", "Arrivals", number(hour.Arrivals))
	}
	shade(page.Week)
	return page
}

// shade sets how full each cell is drawn, by the highest one or 5.
func shade(week []view.ForecastDay) {
	highest := 5
	each := func(do func(*view.ForecastCell, int)) {
		for i := range week {
			for n := range week[i].Cells {
				if agents, err := strconv.Atoi(week[i].Cells[n].Agents); err == nil {
					do(&week[i].Cells[n], agents)
				}
			}
		}
	}
	each(func(_ *view.ForecastCell, agents int) { highest = max(highest, agents) })
	each(func(cell *view.ForecastCell, agents int) { cell.Level = (agents*5 + highest - 1) / highest })
}

// staffingSays says whether the agents who are online are enough, and what the forecast lacks.
func staffingSays(ctx context.Context, f *models.Forecast, zone *time.Location) []string {
	var says []string
	short := f.Shortfall()
	switch {
	case !f.IsKnown():
		says = append(says, text.T(ctx, "supervisor.forecast.too_few"), text.T(ctx, "supervisor.forecast.too_few_detail"))
	case f.CapacityPerAgent == 0:
		says = append(says, text.T(ctx, "supervisor.forecast.no_agents"))
	case short != nil && !short.At.After(f.At):
		says = append(says, text.T(ctx, "supervisor.forecast.short_now", "Online", f.Online, "Needed", *short.Agents))
	case short != nil:
		at := short.At.In(zone).Format("15:04")
		says = append(says, text.T(ctx, "supervisor.forecast.short", "Online", f.Online, "Needed", *short.Agents, "Time", at))
	default:
		says = append(says, text.T(ctx, "supervisor.forecast.enough", "Online", f.Online))
	}
	if f.TodayFactor != nil && f.IsKnown() {
		says = append(says, text.T(ctx, "supervisor.forecast.today", "Percent", int(math.Round(*f.TodayFactor*100))))
	}
	return says
}

func assumptionsView(ctx context.Context, f *models.Forecast) []view.Total {
	label := func(key string) string { return text.T(ctx, "supervisor.forecast.assumption."+key) }
	patience := label("patience_endless")
	if f.AbandonRate > 0 {
		patience = text.Spoken(ctx, secondsToDuration(math.Min(1/f.AbandonRate, 1e6)))
	}
	capacity := strconv.FormatFloat(math.Round(f.CapacityPerAgent*10)/10, 'f', -1, 64)
	return []view.Total{
		{
			Label: label("level"), Value: text.T(ctx, "supervisor.totals.percent", "Percent", int(math.Round(f.ServiceLevel*100))),
			Note: text.T(ctx, "supervisor.forecast.assumption.within", "Time", text.Spoken(ctx, f.ServiceWait)),
		},
		{Label: label("handling"), Value: text.Spoken(ctx, f.Handling), Note: label("handling_note")},
		{Label: label("patience"), Value: patience, Note: label("patience_note")},
		{Label: label("capacity"), Value: capacity, Note: label("capacity_note")},
		{
			Label: label("online"), Value: strconv.Itoa(f.Online),
			Note: text.T(ctx, "supervisor.forecast.assumption.online_note", "Count", f.OnlineSlots),
		},
	}
}

func number(n *float64) string {
	if n == nil {
		return missing
	}
	return fmt.Sprintf("%.0f", *n)
}

func count(n *int) string {
	if n == nil {
		return missing
	}
	return strconv.Itoa(*n)
}

func share(ctx context.Context, n *float64) string {
	if n == nil {
		return missing
	}
	return text.T(ctx, "supervisor.totals.percent", "Percent", int(math.Floor(*n*100)))
}
