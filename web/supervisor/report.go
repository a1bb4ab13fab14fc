package supervisor

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// viewerZone is the time zone of a report whose address names none: that of the agent's reminders, else UTC. The script of the page
// then asks for that of the browser.
func viewerZone(c echo.Context) string {
	if a := kit.AgentOf(c); a != nil && a.TimeZone != "" {
		return a.TimeZone
	}
	return "UTC"
}

// Reports shows a report as a page or as JSON. The page of a refused one has the reasons at the fields.
func (h *Handlers) Reports(c echo.Context) error {
	q, p, err := reportQuery(c, time.Now(), viewerZone(c))
	if kit.Format(c) != kit.JSON {
		return h.reportPage(c, q, p, err, nil)
	}
	if err != nil {
		return err
	}
	r, err := h.Desk.Report(c.Request().Context(), kit.ActorOf(c), q)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: reportJSON(c, r, p)})
}

// reportPage draws the page of a report. refused is why there is none, nil for none; viewErrors are those of the form that saves it.
func (h *Handlers) reportPage(c echo.Context, q models.ReportQuery, p view.ReportParams, refused error, page *view.Report) error {
	ctx, actor := c.Request().Context(), kit.ActorOf(c)
	if page == nil {
		page = &view.Report{}
	}
	status := http.StatusOK
	page.Params, page.Ranges = p, reportRanges
	if page.Errors == nil {
		page.Errors = map[string]string{}
	} else {
		status = http.StatusUnprocessableEntity
	}
	if refused != nil {
		if !addReportErrors(ctx, page.Errors, refused) {
			return refused
		}
		status = http.StatusUnprocessableEntity
	} else {
		result, err := h.reportResult(ctx, actor, q, p)
		if err != nil {
			return err
		}
		page.Result = result
	}
	if err := h.fillReportForm(ctx, actor, page); err != nil {
		return err
	}
	page.Frame = h.AgentFrame(c, "reports", text.T(ctx, "report.title"))
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor."}
	return h.Render(c, status, view.ReportPage(*page))
}

// reportResult reads a report and its comments.
func (h *Handlers) reportResult(
	ctx context.Context,
	actor models.Actor,
	q models.ReportQuery,
	p view.ReportParams,
) (*view.ReportResult, error) {
	r, err := h.Desk.Report(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	comments, err := h.Desk.ReportComments(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	return reportView(ctx, r, comments, p), nil
}

// Definitions shows what each figure is.
func (h *Handlers) Definitions(c echo.Context) error {
	frame := h.AgentFrame(c, "reports", text.T(c.Request().Context(), "report.definitions.title"))
	frame.Scripts = []string{"supervisor.js"}
	frame.Words = []string{"supervisor."}
	return h.Render(c, http.StatusOK, view.DefinitionsPage(frame))
}

// reportJSON returns the body of a report.
func reportJSON(c echo.Context, r *models.Report, p view.ReportParams) api.Report {
	ctx := c.Request().Context()
	out := api.Report{
		From: api.Time(r.Query.From), To: api.Time(r.Query.To), TimeZone: p.Zone, By: p.By, Total: api.ReportFiguresOf(&r.Total),
		Before: api.ReportBefore{From: api.Time(r.BeforeFrom), To: api.Time(r.BeforeTo), Figures: api.ReportFiguresOf(&r.Before)},
		Rows:   []api.ReportRow{}, Due: r.Due,
	}
	if p.Only != "" {
		out.Only = &p.Only
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		line := api.ReportRow{Key: rowKey(r, row), Label: rowLabel(ctx, r, row), Figures: api.ReportFiguresOf(&row.Figures)}
		if !row.From.IsZero() {
			line.From, line.To = api.OptionalTime(&row.From), api.OptionalTime(&row.To)
		}
		out.Rows = append(out.Rows, line)
	}
	return out
}

// addReportErrors adds the refusal of a report to the errors of the form, and reports whether it was one.
func addReportErrors(ctx context.Context, errs map[string]string, err error) bool {
	var refused *models.Error
	if !errors.As(err, &refused) || len(refused.Fields) == 0 {
		return false
	}
	for field := range refused.Fields {
		switch field {
		case "time_zone":
			errs[field] = text.T(ctx, "admin.error.time_zone")
		case "by", "only":
			errs[field] = text.T(ctx, "report.error."+field)
		case "name":
			errs["only"] = text.T(ctx, "report.error.only")
		case "range", "to":
			errs[field] = text.T(ctx, "report.error.period")
		default:
			errs["from"] = text.T(ctx, "report.error.period")
		}
	}
	return true
}
