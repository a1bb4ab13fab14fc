package supervisor

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// TemporaryCapacities lists the temporary capacities that are on.
func (h *Handlers) TemporaryCapacities(c echo.Context) error {
	all, err := h.Desk.TemporaryCapacities(c.Request().Context(), kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(all, api.TemporaryCapacityOf)})
}

// ApplyCapacity changes the capacity of online agents for a number of minutes, and answers 201.
func (h *Handlers) ApplyCapacity(c echo.Context) error {
	var in whatIfInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if in.Minutes == "" {
		in.Minutes = usualMinutes
	}
	change, ok := wholeNumber(in.Capacity)
	if !ok {
		return kit.InvalidField("capacity", "required", "Send the change of the capacity per agent, a whole number from -10 to 10.")
	}
	ctx := c.Request().Context()
	applied, err := h.Desk.ApplyCapacity(ctx, kit.ActorOf(c), models.CapacityRequest{
		Department: in.Department, Change: change, Minutes: in.Minutes.Int(),
	})
	if err != nil {
		return err
	}
	return h.respondCapacity(c, http.StatusCreated, text.T(ctx, "done.capacity_applied"), in.Department, applied)
}

// ExtendCapacity lets a temporary capacity end in a number of minutes from now.
func (h *Handlers) ExtendCapacity(c echo.Context) error {
	id, err := pathNumber(c, "temporary_id", models.ErrTemporaryCapacityNotFound)
	if err != nil {
		return err
	}
	var in whatIfInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	extended, err := h.Desk.ExtendCapacity(ctx, kit.ActorOf(c), id, in.Minutes.Int())
	if err != nil {
		return err
	}
	return h.respondCapacity(c, http.StatusOK, text.T(ctx, "done.capacity_extended"), in.Department, extended)
}

// EndCapacity takes a temporary capacity back before its time.
func (h *Handlers) EndCapacity(c echo.Context) error {
	id, err := pathNumber(c, "temporary_id", models.ErrTemporaryCapacityNotFound)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	ended, err := h.Desk.EndCapacity(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	return h.respondCapacity(c, http.StatusOK, text.T(ctx, "done.capacity_ended"), "", ended)
}

func (h *Handlers) respondCapacity(c echo.Context, status int, message, department string, t *models.TemporaryCapacity) error {
	return h.Respond(c, kit.Result{
		Status: status, JSON: api.ChangedCapacity{Message: message, TemporaryCapacity: api.TemporaryCapacityOf(t)},
		Redirect: pageAfterCapacity(c),
		Fragment: func() (templ.Component, error) {
			if status == http.StatusCreated {
				return h.whatIfParts(c, department)
			}
			running, err := h.running(c)
			return view.Running(running), err
		},
	})
}

// pageAfterCapacity leads a plain form back to its page, without the numbers that were applied.
func pageAfterCapacity(c echo.Context) string {
	page, query, _ := strings.Cut(kit.RefererPage(c), "?")
	for part := range strings.SplitSeq(query, "&") {
		if strings.HasPrefix(part, "department=") && page == "/supervisor/what-if" {
			return page + "?" + part
		}
	}
	return page
}

// wholeNumber returns a number that may be negative, and false for what is none.
func wholeNumber(n kit.FormInt) (int, bool) {
	number, err := strconv.ParseInt(strings.TrimSpace(string(n)), 10, 64)
	return int(max(-1000, min(1000, number))), err == nil // clamped to fit an int; the desk refuses it
}

// running returns the list of the temporary capacities that are on.
func (h *Handlers) running(c echo.Context) (view.RunningCapacities, error) {
	ctx := c.Request().Context()
	all, err := h.Desk.TemporaryCapacities(ctx, kit.ActorOf(c))
	list := view.RunningCapacities{CSRF: kit.CSRFToken(c)}
	for i := range all {
		list.Items = append(list.Items, runningCapacity(ctx, &all[i]))
	}
	return list, err
}

func runningCapacity(ctx context.Context, t *models.TemporaryCapacity) view.RunningCapacity {
	r := view.RunningCapacity{ID: t.ID, Change: t.Change, Scope: t.DepartmentName, By: t.ByName, EndsAt: t.EndsAt}
	if t.Department == nil {
		r.Scope = text.T(ctx, "supervisor.what_if.all_agents")
	}
	for _, a := range t.Agents {
		if a.TakenBackAt == nil {
			r.Agents = append(r.Agents, text.T(ctx, "supervisor.what_if.agent_change", "Name", a.Name, "From", a.From, "To", a.To))
		}
	}
	return r
}
