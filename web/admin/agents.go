package admin

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// Index redirects to the first page of administration.
func (h *Handlers) Index(c echo.Context) error {
	return c.Redirect(http.StatusSeeOther, "/admin/people")
}

// redrawForm draws a form again with what was typed and why it was refused. For programs, and for errors that a form cannot show, it
// returns the error.
func (h *Handlers) redrawForm(c echo.Context, err error, draw func(view.Errors) (templ.Component, error)) error {
	fieldErrors, ok := formErrors(c.Request().Context(), err)
	if !ok || kit.Format(c) == kit.JSON {
		return err
	}
	page, err := draw(fieldErrors)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusUnprocessableEntity, page)
}

// AgentsPage lists all agents.
func (h *Handlers) AgentsPage(c echo.Context) error {
	ctx := c.Request().Context()
	agents, err := h.Desk.Agents(ctx)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.Map(agents, api.AgentAccountOf)})
	}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return err
	}
	page := view.Agents{Frame: h.AdminFrame(c, "people", text.T(ctx, "admin.people.title"))}
	names := departmentNames(departments)
	for i := range agents {
		p := agentRow(&agents[i], names, kit.AgentOf(c).ID)
		if agents[i].DisabledAt == nil {
			page.Active = append(page.Active, p)
		} else {
			page.Gone = append(page.Gone, p)
		}
	}
	return h.Render(c, http.StatusOK, view.AgentsPage(page))
}

// agentInput is the form of an agent.
type agentInput struct {
	Name          string      `json:"name"`
	Email         string      `json:"email"`
	Role          string      `json:"role"`
	MaxConcurrent kit.FormInt `json:"max_concurrent"`
	MaxMessages   kit.FormInt `json:"max_messages"`
	Password      string      `json:"password"`
	Departments   []string    `json:"departments"`
}

// maxMessages returns the capacity for messages, nil if the request has none: it may come from a page of the previous release.
func (in *agentInput) maxMessages() *int {
	if in.MaxMessages == "" {
		return nil
	}
	n := in.MaxMessages.Int()
	return &n
}

// NewAgentPage shows the form for a new agent.
func (h *Handlers) NewAgentPage(c echo.Context) error {
	page, err := h.agentForm(c, nil, &agentInput{Role: string(models.RoleAgent), MaxConcurrent: "5", MaxMessages: "10"}, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// AgentPage shows one agent with the form to change it, or answers programs with the agent.
func (h *Handlers) AgentPage(c echo.Context) error {
	a, err := h.AgentFromPath(c)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.RespondAgent(c, a)
	}
	page, err := h.agentForm(c, a, agentInputOf(a), nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

func agentInputOf(a *models.Agent) *agentInput {
	return &agentInput{
		Name: a.Name, Role: string(a.Role), MaxConcurrent: kit.FormInt(strconv.Itoa(a.RegularCapacity())),
		MaxMessages: kit.FormInt(strconv.Itoa(a.MaxMessages)),
		Departments: slices.Clone(a.Departments),
	}
}

// agentForm draws the form of a new agent, or of an existing one.
func (h *Handlers) agentForm(c echo.Context, a *models.Agent, in *agentInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return nil, err
	}
	title := text.T(ctx, "admin.people.add")
	page := view.AgentPage{
		Name: in.Name, Email: in.Email, Role: in.Role, Capacity: string(in.MaxConcurrent), MaxMessages: string(in.MaxMessages),
		Departments: optionsOf(departments, in.Departments), Errors: fieldErrors,
	}
	if a != nil {
		title = a.Name
		page.ID, page.Title, page.Email, page.Load = a.ID, a.Name, a.Email, a.Load
		page.Disabled, page.Me = a.DisabledAt != nil, a.ID == kit.AgentOf(c).ID
		page.TemporaryCapacity, page.TemporaryUntil = a.MaxConcurrent, a.MaxUntil
		factor, err := h.Desk.SecondFactorOf(ctx, kit.ActorOf(c), a.ID)
		if err != nil {
			return nil, err
		}
		if factor.On {
			page.Factor = &factor.Since
		}
	}
	if a != nil {
		if page.PushDevices, err = h.pushDevices(c, a.ID); err != nil {
			return nil, err
		}
	}
	page.Frame = h.AdminFrame(c, "people", title)
	return view.AgentFormPage(page), nil
}

// AddAgent adds an agent and answers 201. Fields out of bounds are 422, an e-mail address in use is 409.
func (h *Handlers) AddAgent(c echo.Context) error {
	var in agentInput
	if kit.IsAPI(c.Request().URL.Path) { // a form has every field
		in.Role, in.MaxConcurrent = string(models.RoleAgent), "5"
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	n := models.NewAgent{
		Email: in.Email, Name: in.Name, Password: in.Password, Role: models.Role(in.Role),
		MaxConcurrent: in.MaxConcurrent.Int(), ExactCapacity: true, MaxMessages: in.maxMessages(), Departments: in.Departments,
	}
	added, err := h.Desk.AddAgent(c.Request().Context(), kit.ActorOf(c), n)
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return h.agentForm(c, nil, &in, fieldErrors) })
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.AgentAccountOf(added), Redirect: "/admin/people"})
}

// UpdateAgent changes name, role, capacity and departments of an agent.
func (h *Handlers) UpdateAgent(c echo.Context) error {
	a, err := h.AgentFromPath(c)
	if err != nil {
		return err
	}
	var in agentInput
	if kit.IsAPI(c.Request().URL.Path) {
		in = *agentInputOf(a)
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	after, err := h.Desk.UpdateAgent(c.Request().Context(), kit.ActorOf(c), a.ID, in.change(c, a))
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return h.agentForm(c, a, &in, fieldErrors) })
	}
	return h.Respond(c, kit.Result{JSON: api.AgentAccountOf(after), Redirect: "/admin/people"})
}

// change returns the change of an agent. A form sends every field except the role of the caller's own account, and the departments that are
// checked. A program sends only the fields that it changes; the others are not written, since another administrator may be changing them.
func (in *agentInput) change(c echo.Context, before *models.Agent) models.AgentChange {
	capacity, role := in.MaxConcurrent.Int(), models.Role(in.Role)
	change := models.AgentChange{
		Name:          &in.Name,
		Role:          &role,
		MaxConcurrent: &capacity,
		MaxMessages:   in.maxMessages(),
		Departments:   &in.Departments,
	}
	if in.Role == "" {
		change.Role = nil
	}
	if !kit.IsAPI(c.Request().URL.Path) {
		if in.Departments == nil {
			in.Departments = []string{}
		}
		return change
	}
	if in.Name == before.Name {
		change.Name = nil
	}
	if role == before.Role {
		change.Role = nil
	}
	if capacity == before.RegularCapacity() {
		change.MaxConcurrent = nil
	}
	if m := change.MaxMessages; m != nil && *m == before.MaxMessages {
		change.MaxMessages = nil
	}
	if in.Departments == nil || slices.Equal(in.Departments, before.Departments) {
		change.Departments = nil
	}
	return change
}

// SetAgentPassword sets the password of an agent and ends the agent's sessions.
func (h *Handlers) SetAgentPassword(c echo.Context) error {
	a, err := h.AgentFromPath(c)
	if err != nil {
		return err
	}
	var in struct {
		Password string `json:"password"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := h.Desk.SetPassword(c.Request().Context(), kit.ActorOf(c), a.ID, in.Password); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.agentForm(c, a, agentInputOf(a), fieldErrors)
		})
	}
	return h.Respond(
		c,
		kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.agent_password")}, Redirect: "/admin/people"},
	)
}

// ResetAgentSecondFactor removes the second factor of an agent who has lost it.
func (h *Handlers) ResetAgentSecondFactor(c echo.Context) error {
	a, err := h.AgentFromPath(c)
	if err != nil {
		return err
	}
	if err := h.Desk.ResetSecondFactor(c.Request().Context(), kit.ActorOf(c), a.ID); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.agentForm(c, a, agentInputOf(a), fieldErrors)
		})
	}
	return h.Respond(c, kit.Result{
		JSON:     api.Done{Message: text.T(c.Request().Context(), "done.agent_second_factor")},
		Redirect: "/admin/people/" + a.ID,
	})
}

// DisableAgent returns the handler that disables or enables an account.
func (h *Handlers) DisableAgent(disabled bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		a, err := h.AgentFromPath(c)
		if err != nil {
			return err
		}
		after, err := h.Desk.UpdateAgent(c.Request().Context(), kit.ActorOf(c), a.ID, models.AgentChange{Disabled: &disabled})
		if err != nil {
			return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
				return h.agentForm(c, a, agentInputOf(a), fieldErrors)
			})
		}
		return h.Respond(c, kit.Result{JSON: api.AgentAccountOf(after), Redirect: "/admin/people"})
	}
}
