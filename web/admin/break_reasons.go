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

type breakReasonInput struct {
	NameEn   string      `json:"name_en"`
	NameZhCN string      `json:"name_zh_cn"`
	Minutes  kit.FormInt `json:"minutes"`
}

func (in *breakReasonInput) fields() models.BreakReasonFields {
	return models.BreakReasonFields{NameEn: in.NameEn, NameZhCN: in.NameZhCN, Minutes: in.Minutes.Int()}
}

type moveInput struct {
	Position kit.FormInt `json:"position"`
}

// BreakReasonsPage lists the reasons for breaks: those in use in their order, then the retired ones.
func (h *Handlers) BreakReasonsPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		reasons, err := h.Desk.AllBreakReasons(c.Request().Context())
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.Map(reasons, api.BreakReasonOf)})
	}
	page, err := h.breakReasonsForm(c, 0, breakReasonInput{Minutes: "15"}, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// breakReasonsForm draws the list. What was typed and its errors are shown in the row of id, or in the form for a new reason if id is 0.
func (h *Handlers) breakReasonsForm(c echo.Context, id int64, in breakReasonInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	reasons, err := h.Desk.AllBreakReasons(ctx)
	if err != nil {
		return nil, err
	}
	page := view.BreakReasons{Frame: h.AdminFrame(c, "breaks", text.T(ctx, "admin.breaks.title"))}
	typed := view.BreakReason{NameEn: in.NameEn, NameZhCN: in.NameZhCN, Minutes: string(in.Minutes), Errors: fieldErrors}
	if page.New = (view.BreakReason{Minutes: "15"}); id == 0 {
		page.New = typed
	}
	for i := range reasons {
		r := &reasons[i]
		row := view.BreakReason{
			ID: r.ID, Name: r.In(text.Lang(ctx)), NameEn: r.NameEn, NameZhCN: r.NameZhCN, Minutes: strconv.Itoa(r.Minutes),
		}
		if r.ID == id {
			row.Errors = fieldErrors
			if in != (breakReasonInput{}) {
				row.NameEn, row.NameZhCN, row.Minutes = typed.NameEn, typed.NameZhCN, typed.Minutes
			}
		}
		if r.RetiredAt == nil {
			page.InUse = append(page.InUse, row)
		} else {
			page.Retired = append(page.Retired, row)
		}
	}
	return view.BreakReasonsPage(page), nil
}

// AddBreakReason adds a reason at the end of the list and answers 201.
func (h *Handlers) AddBreakReason(c echo.Context) error {
	var in breakReasonInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	added, err := h.Desk.AddBreakReason(c.Request().Context(), kit.ActorOf(c), in.fields())
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.breakReasonsForm(c, 0, in, fieldErrors)
		})
	}
	return h.respondBreakReason(c, http.StatusCreated, added.ID)
}

// UpdateBreakReason changes the names and the usual length of a reason. A program sends the fields that it changes.
func (h *Handlers) UpdateBreakReason(c echo.Context) error {
	id, err := breakReasonID(c)
	if err != nil {
		return err
	}
	var in breakReasonInput
	if kit.IsAPI(c.Request().URL.Path) {
		before, err := h.breakReason(c, id)
		if err != nil {
			return err
		}
		in = breakReasonInput{before.NameEn, before.NameZhCN, kit.FormInt(strconv.Itoa(before.Minutes))}
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := h.Desk.UpdateBreakReason(c.Request().Context(), kit.ActorOf(c), id, in.fields()); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.breakReasonsForm(c, id, in, fieldErrors)
		})
	}
	return h.respondBreakReason(c, http.StatusOK, id)
}

// MoveBreakReason puts a reason at a position of the list, 1 for the first.
func (h *Handlers) MoveBreakReason(c echo.Context) error {
	id, err := breakReasonID(c)
	if err != nil {
		return err
	}
	var in moveInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := h.Desk.MoveBreakReason(c.Request().Context(), kit.ActorOf(c), id, in.Position.Int()); err != nil {
		return err
	}
	return h.respondBreakReason(c, http.StatusOK, id)
}

// RetireBreakReason returns the handler that takes a reason off the agents' list, or puts it back.
func (h *Handlers) RetireBreakReason(retired bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := breakReasonID(c)
		if err != nil {
			return err
		}
		if err := h.Desk.RetireBreakReason(c.Request().Context(), kit.ActorOf(c), id, retired); err != nil {
			return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
				return h.breakReasonsForm(c, id, breakReasonInput{}, fieldErrors)
			})
		}
		return h.respondBreakReason(c, http.StatusOK, id)
	}
}

// respondBreakReason redirects a form to the list, and responds to programs with the reason.
func (h *Handlers) respondBreakReason(c echo.Context, status int, id int64) error {
	if kit.Format(c) != kit.JSON {
		return h.Respond(c, kit.Result{Redirect: "/admin/break-reasons"})
	}
	r, err := h.breakReason(c, id)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{Status: status, JSON: api.BreakReasonOf(r)})
}

// breakReason returns a reason, or break_reason_not_found.
func (h *Handlers) breakReason(c echo.Context, id int64) (*models.BreakReason, error) {
	reasons, err := h.Desk.AllBreakReasons(c.Request().Context())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(reasons, func(r models.BreakReason) bool { return r.ID == id })
	if i < 0 {
		return nil, models.ErrBreakReasonNotFound
	}
	return &reasons[i], nil
}

// breakReasonID returns the id of the path. What is no number is break_reason_not_found.
func breakReasonID(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("reason_id"), 10, 64)
	if err != nil || id < 1 {
		return 0, models.ErrBreakReasonNotFound
	}
	return id, nil
}
