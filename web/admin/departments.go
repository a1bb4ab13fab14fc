package admin

import (
	"net/http"
	"slices"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type departmentInput struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// DepartmentsPage lists departments with the number of their agents.
func (h *Handlers) DepartmentsPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		departments, err := h.departmentsWithAgents(c)
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.Map(departments, departmentOf)})
	}
	page, err := h.departmentsForm(c, "", departmentInput{}, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// departmentsForm draws the list. Errors are shown in the row of slug, or in the form for a new department if slug is "".
func (h *Handlers) departmentsForm(c echo.Context, slug string, in departmentInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	departments, err := h.departmentsWithAgents(c)
	if err != nil {
		return nil, err
	}
	page := view.Departments{Frame: h.AdminFrame(c, "departments", text.T(ctx, "admin.departments.title"))}
	if slug == "" {
		page.New, page.Errors = view.Department{Slug: in.Slug, Name: in.Name}, fieldErrors
	}
	for _, d := range departments {
		row := view.Department{Slug: d.Slug, Name: d.Name, Agents: d.agents}
		if d.Slug == slug {
			row.Errors = fieldErrors
		}
		page.Rows = append(page.Rows, row)
	}
	return view.DepartmentsPage(page), nil
}

// departmentWithAgents is a department and how many enabled agents work in it.
type departmentWithAgents struct {
	models.Department
	agents int
}

// departmentsWithAgents returns all departments by name.
func (h *Handlers) departmentsWithAgents(c echo.Context) ([]departmentWithAgents, error) {
	ctx := c.Request().Context()
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return nil, err
	}
	agents, err := h.Desk.Agents(ctx)
	if err != nil {
		return nil, err
	}
	counted := make([]departmentWithAgents, len(departments))
	for n, d := range departments {
		counted[n].Department = d
		for i := range agents {
			if agents[i].DisabledAt == nil && slices.Contains(agents[i].Departments, d.Slug) {
				counted[n].agents++
			}
		}
	}
	return counted, nil
}

// respondDepartment redirects a form to the list, and responds to programs with the department.
func (h *Handlers) respondDepartment(c echo.Context, status int, slug string) error {
	if kit.Format(c) != kit.JSON {
		return h.Respond(c, kit.Result{Redirect: "/admin/departments"})
	}
	departments, err := h.departmentsWithAgents(c)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(departments, func(d departmentWithAgents) bool { return d.Slug == slug })
	if i < 0 { // removed by another administrator since
		return models.ErrDepartmentNotFound
	}
	return h.Respond(c, kit.Result{Status: status, JSON: departmentOf(&departments[i])})
}

// AddDepartment adds a department and answers 201. A short name in use is 409.
func (h *Handlers) AddDepartment(c echo.Context) error {
	var in departmentInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if _, err := h.Desk.AddDepartment(c.Request().Context(), kit.ActorOf(c), in.Slug, in.Name); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.departmentsForm(c, "", in, fieldErrors)
		})
	}
	return h.respondDepartment(c, http.StatusCreated, in.Slug)
}

// RenameDepartment changes the name of a department; its short name stays.
func (h *Handlers) RenameDepartment(c echo.Context) error {
	var in departmentInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	slug := kit.PathID(c, "slug")
	if err := h.Desk.RenameDepartment(c.Request().Context(), kit.ActorOf(c), slug, in.Name); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.departmentsForm(c, slug, in, fieldErrors)
		})
	}
	return h.respondDepartment(c, http.StatusOK, slug)
}

// RemoveDepartment removes a department. One that waiting chats ask for is 409.
func (h *Handlers) RemoveDepartment(c echo.Context) error {
	slug := kit.PathID(c, "slug")
	if err := h.Desk.DeleteDepartment(c.Request().Context(), kit.ActorOf(c), slug); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.departmentsForm(c, slug, departmentInput{}, fieldErrors)
		})
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.department_removed")},
		Redirect: "/admin/departments"})
}

type departmentJSON struct {
	Slug       string `json:"slug"`
	Name       string `json:"name"`
	AgentCount int    `json:"agent_count"`
}

func departmentOf(d *departmentWithAgents) departmentJSON {
	return departmentJSON{Slug: d.Slug, Name: d.Name, AgentCount: d.agents}
}
