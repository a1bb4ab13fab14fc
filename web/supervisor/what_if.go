package supervisor

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// usualMinutes is how long a changed capacity is applied unless another length is chosen.
const usualMinutes = "30"

// whatIfInput is what a form of the page sends.
type whatIfInput struct {
	Department string      `json:"department"`
	Capacity   kit.FormInt `json:"capacity"`
	Minutes    kit.FormInt `json:"minutes"`
}

// WhatIf responds with what is expected of a queue now, and after the change in the query.
func (h *Handlers) WhatIf(c echo.Context) error {
	ctx := c.Request().Context()
	f := filterFromQuery(c)
	format := kit.Format(c)
	change, err := whatIfChange(c)
	switch {
	case err != nil && format == kit.Page: // an address that was edited by hand
		change = models.NoWhatIfChange
	case err != nil:
		return err
	}
	filter, err := h.whatIfFilter(ctx, f.department)
	if err != nil {
		return err
	}
	if format == kit.Page && f.department != filter.Chosen {
		return c.Redirect(http.StatusSeeOther, "/supervisor/what-if")
	}
	found, err := h.Desk.WhatIf(ctx, kit.ActorOf(c), f.department, change)
	if err != nil {
		return err
	}
	if format == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.WhatIfOf(f.department, change, found)})
	}
	running, err := h.running(c)
	if err != nil {
		return err
	}
	result := whatIfResult(ctx, found)
	if format == kit.Fragment {
		parts := []templ.Component{view.WhatIfResults(result)}
		if running.Shown() != c.QueryParam("shown") {
			parts = append(parts, view.Running(running))
		}
		return h.Render(c, http.StatusOK, templ.Join(parts...))
	}
	page := view.WhatIf{
		CSRF: kit.CSRFToken(c), Filter: filter, Amounts: amounts(change, found.State), Minutes: usualMinutes,
		Result: result, Running: running,
	}
	page.Frame = h.AgentFrame(c, "what_if", text.T(ctx, "supervisor.what_if.title"))
	page.Frame.Scripts = []string{"supervisor.js"}
	return h.Render(c, http.StatusOK, view.WhatIfPage(page))
}

// whatIfChange reads the change of the query. It is 400 where a parameter is no number.
func whatIfChange(c echo.Context) (models.WhatIfChange, error) {
	change := models.NoWhatIfChange
	for name, into := range map[string]*int{"agents": &change.Agents, "capacity": &change.Capacity, "arrivals": &change.Arrivals} {
		n, err := kit.QueryInt(c, name, int64(*into))
		if err != nil {
			return change, err
		}
		*into = int(max(-1000, min(1000, n))) // clamped to fit an int; the desk refuses it
	}
	return change, change.Validate()
}

// whatIfFilter returns the departments to choose from, none chosen if the slug is unknown.
func (h *Handlers) whatIfFilter(ctx context.Context, slug string) (view.Filter, error) {
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return view.Filter{}, err
	}
	b := board{boardFilter: boardFilter{department: slug}, departments: departments}
	filter := b.filter(ctx)
	filter.Page = "/supervisor/what-if"
	if !b.hasDepartment() {
		filter.Chosen = ""
	}
	return filter, nil
}

// whatIfParts renders the page again after an action, with inputs that change nothing.
func (h *Handlers) whatIfParts(c echo.Context, department string) (templ.Component, error) {
	ctx := c.Request().Context()
	filter, err := h.whatIfFilter(ctx, department)
	if err != nil {
		return nil, err
	}
	found, err := h.Desk.WhatIf(ctx, kit.ActorOf(c), filter.Chosen, models.NoWhatIfChange)
	if err != nil {
		return nil, err
	}
	running, err := h.running(c)
	if err != nil {
		return nil, err
	}
	page := view.WhatIf{
		CSRF: kit.CSRFToken(c), Filter: filter, Amounts: amounts(models.NoWhatIfChange, found.State), Minutes: usualMinutes,
	}
	return templ.Join(view.WhatIfForm(page), view.WhatIfResults(whatIfResult(ctx, found)), view.Running(running)), nil
}
