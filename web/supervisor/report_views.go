package supervisor

import (
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

const reportsPage = "/supervisor/reports"

// ReportViews lists the saved reports of the caller and the shared ones.
func (h *Handlers) ReportViews(c echo.Context) error {
	actor := kit.ActorOf(c)
	views, err := h.Desk.ReportViews(c.Request().Context(), actor)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(views, func(v *models.ReportView) api.ReportView { return api.ReportViewOf(v, actor) })})
}

type reportViewInput struct {
	Name     string   `json:"name"`
	Query    string   `json:"query"`
	IsShared *kit.Int `json:"is_shared"`
}

// SaveReportView saves a report under a name.
func (h *Handlers) SaveReportView(c echo.Context) error {
	var in reportViewInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	query, err := cleanReportQuery(in.Query)
	if err != nil {
		return err
	}
	actor := kit.ActorOf(c)
	v, err := h.Desk.SaveReportView(c.Request().Context(), actor, in.Name, query, in.IsShared != nil && *in.IsShared != 0)
	if err != nil {
		return h.refusedView(c, query, in.Name, err)
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.ReportViewOf(v, actor), Redirect: reportsPage + "?" + v.Query})
}

// refusedView shows the page of the report again, with what is wrong with the name.
func (h *Handlers) refusedView(c echo.Context, query, name string, err error) error {
	var refused *models.Error
	if kit.Format(c) == kit.JSON || !errors.As(err, &refused) || refused.Fields["name"] == "" {
		return err
	}
	ctx := c.Request().Context()
	key := "report.error.name"
	if refused.Fields["name"] == "too_many" {
		key = "report.error.too_many"
	}
	c.Request().URL.RawQuery = query
	q, p, readErr := reportQuery(c, time.Now(), viewerZone(c))
	return h.reportPage(c, q, p, readErr, &view.Report{ViewName: name, Errors: map[string]string{"view": text.T(ctx, key)}})
}

// RemoveReportView removes a saved report.
func (h *Handlers) RemoveReportView(c echo.Context) error {
	if err := h.Desk.RemoveReportView(c.Request().Context(), kit.ActorOf(c), kit.PathID(c, "view_id")); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{})
}
