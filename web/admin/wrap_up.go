package admin

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

const wrapUpPage = "/admin/wrap-up"

type wrapUpOptionInput struct {
	Kind       string `json:"kind"`
	Department string `json:"department"`
	Name       string `json:"name"`
}

// WrapUpPage lists outcomes and tags, retired ones too.
func (h *Handlers) WrapUpPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		options, err := h.Desk.WrapUpOptions(c.Request().Context(), kit.ActorOf(c))
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.Map(options, api.WrapUpOptionOf)})
	}
	page, err := h.wrapUpForm(c, "", wrapUpOptionInput{Kind: string(models.OutcomeOption)}, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// wrapUpForm draws the lists. Errors are shown in the row of id, or in the form for one more if id is "".
func (h *Handlers) wrapUpForm(c echo.Context, id string, in wrapUpOptionInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	options, err := h.Desk.WrapUpOptions(ctx, kit.ActorOf(c))
	if err != nil {
		return nil, err
	}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return nil, err
	}
	page := view.WrapUp{
		Frame:       h.AdminFrame(c, "wrap_up", text.T(ctx, "admin.wrap_up.title")),
		Departments: []view.Choice{{Name: text.T(ctx, "admin.wrap_up.every_chat")}},
	}
	names := map[string]string{}
	for _, d := range departments {
		names[d.Slug] = d.Name
		page.Departments = append(page.Departments, view.Choice{Value: d.Slug, Name: d.Name})
	}
	if id == "" {
		page.New, page.Errors = view.WrapUpOption{Kind: in.Kind, Department: in.Department, Name: in.Name}, fieldErrors
	}
	for i := range options {
		o := &options[i]
		row := view.WrapUpOption{ID: o.ID, Kind: string(o.Kind), Name: o.Name, Retired: o.RetiredAt != nil}
		if o.Department != nil {
			row.Department = names[*o.Department]
		}
		if o.ID == id {
			row.Errors = fieldErrors
		}
		if o.Kind == models.OutcomeOption {
			page.Outcomes = append(page.Outcomes, row)
		} else {
			page.Tags = append(page.Tags, row)
		}
	}
	return view.WrapUpPage(page), nil
}

// AddWrapUpOption adds an outcome or a tag and answers 201. A name that the list has is 409.
func (h *Handlers) AddWrapUpOption(c echo.Context) error {
	var in wrapUpOptionInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	o, err := h.Desk.AddWrapUpOption(c.Request().Context(), kit.ActorOf(c), models.WrapUpKind(in.Kind), in.Department, in.Name)
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.wrapUpForm(c, "", in, fieldErrors)
		})
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.WrapUpOptionOf(o), Redirect: wrapUpPage})
}

// RenameWrapUpOption changes the name under which an option is offered.
func (h *Handlers) RenameWrapUpOption(c echo.Context) error {
	var in struct {
		Name string `json:"name"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	id := kit.PathID(c, "option_id")
	o, err := h.Desk.RenameWrapUpOption(c.Request().Context(), kit.ActorOf(c), id, in.Name)
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.wrapUpForm(c, id, wrapUpOptionInput{}, fieldErrors)
		})
	}
	return h.Respond(c, kit.Result{JSON: api.WrapUpOptionOf(o), Redirect: wrapUpPage})
}

// RetireWrapUpOption returns the handler that stops offering an option, or offers it again.
func (h *Handlers) RetireWrapUpOption(retired bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		o, err := h.Desk.RetireWrapUpOption(c.Request().Context(), kit.ActorOf(c), kit.PathID(c, "option_id"), retired)
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.WrapUpOptionOf(o), Redirect: wrapUpPage})
	}
}
