package supervisor

import (
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

// maxAlertFile is how many alerts a file may have.
const maxAlertFile = 1000

// alertFilter reads the filter of the query. A date in "to" includes the whole day. Malformed values are 400 or 422.
func alertFilter(c echo.Context) (f models.AlertFilter, err error) {
	f.Kind, f.Department = models.AlertKind(c.QueryParam("kind")), c.QueryParam("department")
	switch c.QueryParam("state") {
	case "":
	case "open":
		f.IsOpen = true
	default:
		return f, kit.InvalidField("state", "unknown", "state must be open or empty.")
	}
	if f.From, err = kit.QueryTime(c, "from", time.Time{}); err != nil {
		return f, err
	}
	if f.To, err = kit.QueryTime(c, "to", time.Time{}); err != nil {
		return f, err
	}
	if _, day := time.Parse(time.DateOnly, c.QueryParam("to")); day == nil {
		f.To = f.To.AddDate(0, 0, 1)
	}
	f.Before, err = kit.QueryInt(c, "before", 0)
	return f, err
}

// pageFilter is alertFilter for pages and files. It returns false after it has redirected a department that does not exist.
func (h *Handlers) pageFilter(c echo.Context) (models.AlertFilter, bool, error) {
	_, isKnown, err := h.departmentFilter(c, "")
	if err != nil {
		return models.AlertFilter{}, false, err
	}
	if !isKnown && kit.Format(c) != kit.JSON {
		return models.AlertFilter{}, false, c.Redirect(http.StatusSeeOther, "/supervisor/alerts")
	}
	f, err := alertFilter(c)
	return f, err == nil, err
}

// AlertHistory lists alerts, newest first.
func (h *Handlers) AlertHistory(c echo.Context) error {
	ctx := c.Request().Context()
	f, ok, err := h.pageFilter(c)
	if !ok {
		return err
	}
	if kit.Format(c) == kit.JSON {
		if f.Limit, err = kit.QueryLimit(c); err != nil {
			return err
		}
	}
	alerts, hasOlder, err := h.Desk.Alerts(ctx, kit.ActorOf(c), f)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.Map(alerts, api.AlertOf)})
	}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return err
	}
	page := view.AlertHistory{
		Frame: h.AgentFrame(c, "live", text.T(ctx, "supervisor.alerts.title")), Departments: departmentChoices(ctx, departments),
		Kinds: append([]view.Choice{{Name: text.T(ctx, "supervisor.alerts.state_all")}}, kindChoices(ctx)...),
		Filter: view.AlertFilter{
			Kind: string(f.Kind), Department: f.Department, State: c.QueryParam("state"),
			From: c.QueryParam("from"), To: c.QueryParam("to"),
		},
		File: alertsURL(c, "/supervisor/alerts.csv", 0),
	}
	page.Frame.Scripts = []string{"supervisor.js"}
	for i := range alerts {
		page.Rows = append(page.Rows, alertView(ctx, &alerts[i], departments))
	}
	if hasOlder {
		page.Older = alertsURL(c, "/supervisor/alerts", alerts[len(alerts)-1].ID)
	}
	return h.Render(c, http.StatusOK, view.AlertHistoryPage(page))
}

// alertsURL returns an address with the filter of this request.
func alertsURL(c echo.Context, path string, before int64) string {
	query := url.Values{}
	for _, name := range []string{"kind", "department", "state", "from", "to"} {
		if value := c.QueryParam(name); value != "" {
			query.Set(name, value)
		}
	}
	if before > 0 {
		query.Set("before", strconv.FormatInt(before, 10))
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// AlertsCSV sends the alerts of the filter as a file, newest first.
func (h *Handlers) AlertsCSV(c echo.Context) error {
	f, ok, err := h.pageFilter(c)
	if !ok {
		return err
	}
	f.Limit = maxAlertFile
	alerts, _, err := h.Desk.Alerts(c.Request().Context(), kit.ActorOf(c), f)
	if err != nil {
		return err
	}
	lines := make([]kit.CSVRow, len(alerts))
	for i := range alerts {
		a := api.AlertOf(&alerts[i])
		lines[i] = kit.CSVRow{
			a.ID,
			a.Kind,
			or(a.Department),
			a.Threshold,
			a.HoldSeconds,
			a.WindowMinutes,
			a.Value,
			a.Worst,
			alerts[i].RaisedAt.Truncate(
				time.Second,
			),
			orNoTime(alerts[i].ClearedAt),
			or(a.ClearedReason),
			orNoTime(alerts[i].AcknowledgedAt),
			or(a.AcknowledgedByName),
			orNoTime(alerts[i].SnoozedUntil),
			or(a.SnoozedByName),
		}
	}
	return h.WriteCSV(c, "alerts", []string{
		"id", "kind", "department", "threshold", "hold_seconds", "window_minutes", "value", "worst", "raised_at", "cleared_at",
		"cleared_reason", "acknowledged_at", "acknowledged_by", "snoozed_until", "snoozed_by",
	}, lines)
}

func or(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// orNoTime returns a time for a cell, or an empty cell.
func orNoTime(t *time.Time) any {
	if t == nil {
		return ""
	}
	return t.Truncate(time.Second)
}
