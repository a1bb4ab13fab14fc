package admin

import (
	"context"
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

// ReasonList has the handlers of one list of reasons: for breaks, or for ratings.
type ReasonList struct {
	*Handlers
	tab, path, param string // param is the id in the path
	defaults         reasonInput
	notFound         error

	rows   func(ctx context.Context) ([]reasonRow, error) // all reasons, the retired ones last
	view   func(ctx context.Context, typed *view.Reason, in *reasonInput)
	add    func(ctx context.Context, actor models.Actor, in *reasonInput) (id int64, err error)
	update func(ctx context.Context, actor models.Actor, id int64, in *reasonInput) error
	move   func(ctx context.Context, actor models.Actor, id int64, place int) error
	retire func(ctx context.Context, actor models.Actor, id int64, retired bool) error
}

// reasonInput has the fields of all lists of reasons; each list uses its own.
type reasonInput struct {
	NameEn   string      `json:"name_en"`
	NameZhCN string      `json:"name_zh_cn"`
	Minutes  kit.FormInt `json:"minutes"`
	MinStars kit.FormInt `json:"min_stars"`
	MaxStars kit.FormInt `json:"max_stars"`
}

// reasonRow is a stored reason, as the fields of its form and as JSON.
type reasonRow struct {
	name      models.ReasonName
	fields    reasonInput
	isRetired bool
	body      any
}

// BreakReasons returns the handlers of the reasons for breaks.
func (h *Handlers) BreakReasons() *ReasonList {
	fields := func(in *reasonInput) models.BreakReasonFields {
		return models.BreakReasonFields{NameEn: in.NameEn, NameZhCN: in.NameZhCN, Minutes: in.Minutes.Int()}
	}
	return &ReasonList{
		Handlers: h, tab: "breaks", path: "/admin/break-reasons", param: "reason_id",
		defaults: reasonInput{Minutes: "15"}, notFound: models.ErrBreakReasonNotFound,
		rows: func(ctx context.Context) ([]reasonRow, error) {
			reasons, err := h.Desk.AllBreakReasons(ctx)
			return api.Map(reasons, func(r *models.BreakReason) reasonRow {
				in := reasonInput{NameEn: r.NameEn, NameZhCN: r.NameZhCN, Minutes: formInt(r.Minutes)}
				return reasonRow{r.ReasonName, in, r.RetiredAt != nil, api.BreakReasonOf(r)}
			}), err
		},
		view: func(ctx context.Context, r *view.Reason, in *reasonInput) {
			r.Numbers = []view.ReasonNumber{{Field: "minutes", Value: string(in.Minutes), Max: 480}}
			r.Summary = text.T(ctx, "admin.breaks.length", "Count", in.Minutes.Int())
		},
		add: func(ctx context.Context, actor models.Actor, in *reasonInput) (int64, error) {
			r, err := h.Desk.AddBreakReason(ctx, actor, fields(in))
			if err != nil {
				return 0, err
			}
			return r.ID, nil
		},
		update: func(ctx context.Context, actor models.Actor, id int64, in *reasonInput) error {
			return h.Desk.UpdateBreakReason(ctx, actor, id, fields(in))
		},
		move: func(ctx context.Context, actor models.Actor, id int64, place int) error {
			return h.Desk.MoveBreakReason(ctx, actor, id, place)
		},
		retire: func(ctx context.Context, actor models.Actor, id int64, retired bool) error {
			return h.Desk.RetireBreakReason(ctx, actor, id, retired)
		},
	}
}

// RatingReasons returns the handlers of the reasons for ratings.
func (h *Handlers) RatingReasons() *ReasonList {
	fields := func(in *reasonInput) models.RatingReasonFields {
		return models.RatingReasonFields{
			NameEn: in.NameEn, NameZhCN: in.NameZhCN, MinStars: in.MinStars.Int(), MaxStars: in.MaxStars.Int(),
		}
	}
	return &ReasonList{
		Handlers: h, tab: "ratings", path: "/admin/rating-reasons", param: "rating_reason_id",
		defaults: reasonInput{MinStars: "1", MaxStars: "3"},
		notFound: models.ErrRatingReasonNotFound,
		rows: func(ctx context.Context) ([]reasonRow, error) {
			reasons, err := h.Desk.AllRatingReasons(ctx)
			return api.Map(reasons, func(r *models.RatingReason) reasonRow {
				in := reasonInput{NameEn: r.NameEn, NameZhCN: r.NameZhCN, MinStars: formInt(r.MinStars), MaxStars: formInt(r.MaxStars)}
				return reasonRow{r.ReasonName, in, r.RetiredAt != nil, api.RatingReasonOf(r)}
			}), err
		},
		view: func(ctx context.Context, r *view.Reason, in *reasonInput) {
			r.Numbers = []view.ReasonNumber{
				{Field: "min_stars", Value: string(in.MinStars), Max: 5}, {Field: "max_stars", Value: string(in.MaxStars), Max: 5},
			}
			r.Summary = text.T(ctx, "admin.ratings.stars", "From", string(in.MinStars), "To", string(in.MaxStars))
		},
		add: func(ctx context.Context, actor models.Actor, in *reasonInput) (int64, error) {
			r, err := h.Desk.AddRatingReason(ctx, actor, fields(in))
			if err != nil {
				return 0, err
			}
			return r.ID, nil
		},
		update: func(ctx context.Context, actor models.Actor, id int64, in *reasonInput) error {
			return h.Desk.UpdateRatingReason(ctx, actor, id, fields(in))
		},
		move: func(ctx context.Context, actor models.Actor, id int64, place int) error {
			return h.Desk.MoveRatingReason(ctx, actor, id, place)
		},
		retire: func(ctx context.Context, actor models.Actor, id int64, retired bool) error {
			return h.Desk.RetireRatingReason(ctx, actor, id, retired)
		},
	}
}

func formInt(n int) kit.FormInt { return kit.FormInt(strconv.Itoa(n)) }

// Page lists the reasons: those in use in their order, then the retired ones.
func (l *ReasonList) Page(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		rows, err := l.rows(c.Request().Context())
		if err != nil {
			return err
		}
		return l.Respond(c, kit.Result{JSON: api.Map(rows, func(r *reasonRow) any { return r.body })})
	}
	page, err := l.form(c, 0, l.defaults, nil)
	if err != nil {
		return err
	}
	return l.Render(c, http.StatusOK, page)
}

// form draws the list. What was typed and its errors are shown in the row of id, or in the form for a new reason if id is 0.
func (l *ReasonList) form(c echo.Context, id int64, in reasonInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	rows, err := l.rows(ctx)
	if err != nil {
		return nil, err
	}
	page := view.Reasons{Frame: l.AdminFrame(c, l.tab, text.T(ctx, "admin."+l.tab+".title")), List: l.tab, Path: l.path}
	reason := func(id int64, name string, in reasonInput, fieldErrors view.Errors) view.Reason {
		r := view.Reason{List: l.tab, Path: l.path, ID: id, Name: name, NameEn: in.NameEn, NameZhCN: in.NameZhCN, Errors: fieldErrors}
		l.view(ctx, &r, &in)
		return r
	}
	if page.New = reason(0, "", l.defaults, nil); id == 0 {
		page.New = reason(0, "", in, fieldErrors)
	}
	for i := range rows {
		r := &rows[i]
		row := reason(r.name.ID, r.name.In(text.Lang(ctx)), r.fields, nil)
		if r.name.ID == id {
			typed := in
			if in == (reasonInput{}) {
				typed = r.fields
			}
			row = reason(id, row.Name, typed, fieldErrors)
		}
		if r.isRetired {
			page.Retired = append(page.Retired, row)
		} else {
			page.InUse = append(page.InUse, row)
		}
	}
	return view.ReasonsPage(page), nil
}

// Add adds a reason at the end of the list and answers 201.
func (l *ReasonList) Add(c echo.Context) error {
	var in reasonInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	id, err := l.add(kit.FormContext(c), kit.ActorOf(c), &in)
	if err != nil {
		return l.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return l.form(c, 0, in, fieldErrors) })
	}
	return l.respond(c, http.StatusCreated, id)
}

// Update changes the names and the numbers of a reason. A program sends the fields that it changes.
func (l *ReasonList) Update(c echo.Context) error {
	id, err := l.id(c)
	if err != nil {
		return err
	}
	var in reasonInput
	if kit.IsAPI(c.Request().URL.Path) {
		before, err := l.one(c, id)
		if err != nil {
			return err
		}
		in = before.fields
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := l.update(c.Request().Context(), kit.ActorOf(c), id, &in); err != nil {
		return l.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return l.form(c, id, in, fieldErrors) })
	}
	return l.respond(c, http.StatusOK, id)
}

// Move puts a reason at a position of the list, 1 for the first.
func (l *ReasonList) Move(c echo.Context) error {
	id, err := l.id(c)
	if err != nil {
		return err
	}
	var in struct {
		Position kit.FormInt `json:"position"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := l.move(c.Request().Context(), kit.ActorOf(c), id, in.Position.Int()); err != nil {
		return err
	}
	return l.respond(c, http.StatusOK, id)
}

// Retire returns the handler that takes a reason off the list, or puts it back.
func (l *ReasonList) Retire(retired bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := l.id(c)
		if err != nil {
			return err
		}
		if err := l.retire(c.Request().Context(), kit.ActorOf(c), id, retired); err != nil {
			return l.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
				return l.form(c, id, reasonInput{}, fieldErrors)
			})
		}
		return l.respond(c, http.StatusOK, id)
	}
}

// respond redirects a form to the list, and responds to programs with the reason.
func (l *ReasonList) respond(c echo.Context, status int, id int64) error {
	if kit.Format(c) != kit.JSON {
		return l.Respond(c, kit.Result{Redirect: l.path})
	}
	r, err := l.one(c, id)
	if err != nil {
		return err
	}
	return l.Respond(c, kit.Result{Status: status, JSON: r.body})
}

// one returns a reason, or notFound.
func (l *ReasonList) one(c echo.Context, id int64) (*reasonRow, error) {
	rows, err := l.rows(c.Request().Context())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rows, func(r reasonRow) bool { return r.name.ID == id })
	if i < 0 {
		return nil, l.notFound
	}
	return &rows[i], nil
}

// id returns the id of the path. What is no number is notFound.
func (l *ReasonList) id(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param(l.param), 10, 64)
	if err != nil || id < 1 {
		return 0, l.notFound
	}
	return id, nil
}
