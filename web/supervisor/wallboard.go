package supervisor

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/views/ui"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/live"
	"parley/web/present"
)

// Wallboard shows the numbers of the queue to a holder of a key, on a page for a screen on the wall or as JSON.
func (h *Handlers) Wallboard(c echo.Context) error {
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	c.Response().Header().Set("Referrer-Policy", "no-referrer") // the address is the key
	key, err := h.WallboardOf(c)
	if err != nil {
		return err
	}
	ctx, zone := c.Request().Context(), c.QueryParam("tz")
	w, err := h.readWall(ctx, wallFilterOf(key, zone), nil)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: w.json(key.Name)})
	}
	events := url.Values{"lang": {text.Lang(ctx)}, "tz": {zone}}
	return h.Render(c, http.StatusOK, view.WallPage(view.WallScreen{
		Page: ui.Page{
			Title: key.Name, Theme: "dark", Scripts: []string{"wallboard.js"}, Words: []string{"wallboard."}, BodyClass: "wall-body",
			Stream: "/wallboard/" + url.PathEscape(c.Param("wall_key")) + "/events?" + events.Encode(),
		},
		Name: key.Name, Wall: w.view(ctx, h.build()),
	}))
}

// WallboardEvents streams the numbers that change. It ends when the key is revoked.
func (h *Handlers) WallboardEvents(c echo.Context) error {
	key, err := h.WallboardOf(c)
	if err != nil {
		return err
	}
	c.Set(kit.CallerKey, &kit.Caller{Actor: key.Actor(), Session: key.Hash})
	return h.Stream(c, live.Receiver{View: live.Wall, Board: true}, &wallStream{handlers: h, key: key, zone: c.QueryParam("tz")})
}

// build identifies the running program and its built files. A page that has another one loads itself again.
func (h *Handlers) build() string { return h.Build("wallboard.js", "app.css") }

// WallboardsPage lists the keys, with a form for one more.
func (h *Handlers) WallboardsPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		keys, err := h.Desk.WallboardKeys(c.Request().Context(), kit.ActorOf(c))
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.Map(keys, api.WallboardKeyOf)})
	}
	return h.renderWallboards(c, http.StatusOK, view.Wallboards{})
}

type wallboardInput struct {
	Name       string `json:"name"`
	Department string `json:"department"`
}

// AddWallboard makes a key and answers 201 with it. It is shown this once.
func (h *Handlers) AddWallboard(c echo.Context) error {
	var in wallboardInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	added, key, err := h.Desk.AddWallboardKey(kit.FormContext(c), kit.ActorOf(c), in.Name, in.Department)
	if err != nil {
		errs, correctable := kit.FormErrors(ctx, err, present.FieldError)
		if !correctable || kit.Format(c) == kit.JSON {
			return err
		}
		page := view.Wallboards{NewName: in.Name, NewDepartment: in.Department, Errors: errs}
		return h.renderWallboards(c, http.StatusUnprocessableEntity, page)
	}
	address := h.BaseURL(c) + "/wallboard/" + key
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.NewWallboardKey{
			WallboardKey: api.WallboardKeyOf(added), Key: key, URL: address,
		}})
	}
	return h.renderWallboards(c, http.StatusOK, view.Wallboards{AddedName: added.Name, AddedURL: address})
}

// RevokeWallboard ends the use of a key.
func (h *Handlers) RevokeWallboard(c echo.Context) error {
	id, err := pathNumber(c, "wallboard_id", models.ErrWallboardKeyNotFound)
	if err != nil {
		return err
	}
	k, err := h.Desk.RevokeWallboardKey(c.Request().Context(), kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.WallboardKeyOf(k), Redirect: "/supervisor/wallboards"})
}

// renderWallboards completes the page with the keys and departments.
func (h *Handlers) renderWallboards(c echo.Context, status int, page view.Wallboards) error {
	ctx := c.Request().Context()
	keys, err := h.Desk.WallboardKeys(ctx, kit.ActorOf(c))
	if err != nil {
		return err
	}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return err
	}
	names := &board{departments: departments}
	page.Frame = h.AgentFrame(c, "live", text.T(ctx, "wallboards.title"))
	page.Frame.Scripts = []string{"admin.js"}
	page.Departments = []view.Choice{{Name: text.T(ctx, "supervisor.filter.all")}}
	for _, d := range departments {
		page.Departments = append(page.Departments, view.Choice{Slug: d.Slug, Name: d.Name})
	}
	for i := range keys {
		k := &keys[i]
		row := view.WallboardRow{ID: k.ID, Name: k.Name, By: k.ByName, At: k.CreatedAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt}
		if k.Department != nil {
			row.Department = names.departmentName(*k.Department)
		}
		page.Rows = append(page.Rows, row)
	}
	return h.Render(c, status, view.WallboardsPage(page))
}

// midnight returns when the day began in a time zone; in UTC if there is none of that name.
func midnight(now time.Time, zone string) time.Time {
	at, err := time.LoadLocation(zone)
	if err != nil || len(zone) > 64 || zone == "Local" {
		at = time.UTC
	}
	y, m, d := now.In(at).Date()
	return models.DayStart(y, m, d, at)
}
