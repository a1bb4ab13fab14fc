package supervisor

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// accuracyPeriods are the periods that the page offers, in days.
var accuracyPeriods = []int{1, 7, 30}

// fewInside is the share of waits inside the range below which the page marks it, and fewScored how many waits it takes.
const (
	fewInside = 0.6
	fewScored = 10
)

// WaitAccuracy shows how good the estimated waits of a period were, by default of the last 24 hours.
func (h *Handlers) WaitAccuracy(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		result, err := h.calibration(c)
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.CalibrationOf(result)})
	}
	ctx := c.Request().Context()
	days := accuracyDays(c)
	result, err := h.calibrationOfDays(c, days)
	if err != nil {
		return err
	}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return err
	}
	page := view.WaitPage{
		Frame: h.AgentFrame(c, "live", text.T(ctx, "supervisor.accuracy.title")), Days: days, Periods: accuracyPeriods,
		TimeZone: result.TimeZone, All: waitGroup(ctx, "", &result.All), Definitions: accuracyDefinitions(ctx),
		Target: text.T(ctx, "supervisor.totals.percent", "Percent", int(math.Round(100*models.CalibrationTarget))),
	}
	page.Frame.Scripts = []string{"supervisor.js"}
	for i := range result.ByDepartment {
		g := &result.ByDepartment[i]
		name := text.T(ctx, "supervisor.accuracy.no_department")
		if g.Department != "" {
			name = alertDepartment(ctx, &g.Department, departments)
		}
		page.ByDepartment = append(page.ByDepartment, waitGroup(ctx, name, g))
	}
	for i := range result.ByHour {
		g := &result.ByHour[i]
		page.ByHour = append(page.ByHour, waitGroup(ctx, fmt.Sprintf("%d:00", g.Hour), g))
	}
	return h.Render(c, http.StatusOK, view.WaitAccuracyPage(page))
}

// calibration reads the period of the query, from and to or the last 24 hours, with the hours of its time zone or of the
// caller's.
func (h *Handlers) calibration(c echo.Context) (*models.Calibration, error) {
	to, err := kit.QueryTime(c, "to", time.Now().UTC())
	if err != nil {
		return nil, err
	}
	from, err := kit.QueryTime(c, "from", to.Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	zone := c.QueryParam("time_zone")
	if zone == "" {
		zone = viewerZone(c)
	}
	return h.Desk.Calibration(c.Request().Context(), kit.ActorOf(c), from, to, zone)
}

func accuracyDays(c echo.Context) int {
	days, err := kit.QueryInt(c, "days", 1)
	if err != nil || !slices.Contains(accuracyPeriods, int(days)) {
		return accuracyPeriods[0]
	}
	return int(days)
}

func (h *Handlers) calibrationOfDays(c echo.Context, days int) (*models.Calibration, error) {
	now := time.Now().UTC()
	return h.Desk.Calibration(c.Request().Context(), kit.ActorOf(c), now.AddDate(0, 0, -days), now, viewerZone(c))
}

func waitGroup(ctx context.Context, name string, g *models.CalibrationGroup) view.WaitGroup {
	v := view.WaitGroup{
		Name: name, Joined: g.Joined, Served: g.Served, Left: g.Left, NotServed: g.NotServed, Waiting: g.Waiting, Unknown: g.Unknown,
		Scored: g.Scored, Inside: g.Inside, Below: g.Below, Above: g.Above, Share: "–", Error: "–", Bias: "–",
	}
	percent := func(share float64) string {
		return text.T(ctx, "supervisor.totals.percent", "Percent", int(math.Round(100*share)))
	}
	if share, scored := g.Share(); scored {
		v.Share, v.Error, v.Bias = percent(share), percent(*g.Error), biasText(ctx, *g.Bias)
		if g.Scored >= fewScored && share < fewInside {
			v.Level, v.ThresholdText = view.Over, text.T(ctx, "supervisor.alerts.under", "Limit", percent(fewInside))
		}
	}
	return v
}

// biasText says by how much estimates are too long or too short.
func biasText(ctx context.Context, bias float64) string {
	percent := int(math.Round(100 * math.Abs(bias)))
	switch {
	case percent == 0:
		return text.T(ctx, "supervisor.accuracy.no_bias")
	case bias > 0:
		return text.T(ctx, "supervisor.accuracy.too_long", "Percent", percent)
	}
	return text.T(ctx, "supervisor.accuracy.too_short", "Percent", percent)
}

func accuracyDefinitions(ctx context.Context) []view.Definition {
	names := []string{
		"inside", "below", "above", "error", "bias", "scored", "joined", "served", "left", "not_served", "waiting", "unknown", "hour",
	}
	all := make([]view.Definition, len(names))
	for i, name := range names {
		all[i] = view.Definition{Name: text.T(ctx, "supervisor.accuracy."+name), Text: text.T(ctx, "supervisor.accuracy.means."+name)}
	}
	return all
}

// WaitCSV sends the figures of the page as a file: all chats, then each department and each hour.
func (h *Handlers) WaitCSV(c echo.Context) error {
	result, err := h.calibrationOfDays(c, accuracyDays(c))
	if err != nil {
		return err
	}
	line := func(by, name string, g *models.CalibrationGroup) kit.CSVRow {
		share, scored := g.Share()
		row := kit.CSVRow{
			by, name, g.Joined, g.Unknown, g.Served, g.Left, g.NotServed, g.Waiting, g.Scored, g.Inside, g.Below, g.Above,
		}
		if !scored {
			return append(row, "", "", "")
		}
		return append(row, ratio(share), ratio(*g.Error), ratio(*g.Bias))
	}
	lines := []kit.CSVRow{line("all", "", &result.All)}
	for i := range result.ByDepartment {
		lines = append(lines, line("department", result.ByDepartment[i].Department, &result.ByDepartment[i]))
	}
	for i := range result.ByHour {
		lines = append(lines, line("hour", fmt.Sprintf("%02d:00 %s", result.ByHour[i].Hour, result.TimeZone), &result.ByHour[i]))
	}
	return h.WriteCSV(c, "wait", []string{
		"by", "name", "joined", "without_estimate", "served", "left", "nobody_came", "waiting", "scored", "inside", "below", "above",
		"inside_share", "median_error", "median_bias",
	}, lines)
}

// ratio rounds a share to three digits.
func ratio(share float64) float64 { return math.Round(1000*share) / 1000 }
