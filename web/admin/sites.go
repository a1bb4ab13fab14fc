package admin

import (
	"errors"
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

type siteInput struct {
	Origin string `json:"origin"`
}

// SitesPage lists the sites that may embed the widget.
func (h *Handlers) SitesPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		added, err := h.Desk.Sites(c.Request().Context())
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.SitesOf(h.Desk.AllowedOrigins(), added)})
	}
	page, err := h.sitesForm(c, siteInput{}, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

func (h *Handlers) sitesForm(c echo.Context, in siteInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	added, err := h.Desk.Sites(ctx)
	if err != nil {
		return nil, err
	}
	page := view.Sites{Frame: h.AdminFrame(c, "sites", text.T(ctx, "admin.sites.title")), New: in.Origin, Errors: fieldErrors,
		Snippet: h.EmbedCode(c)}
	for _, origin := range h.Desk.AllowedOrigins() {
		page.Rows = append(page.Rows, view.Site{Origin: origin, Fixed: !slices.Contains(added, origin)})
	}
	return view.SitesPage(page), nil
}

// AddSite allows a site to embed the widget and answers 201. An address that is no origin is 422.
func (h *Handlers) AddSite(c echo.Context) error {
	var in siteInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := h.Desk.AddSite(c.Request().Context(), kit.ActorOf(c), in.Origin); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return h.sitesForm(c, in, fieldErrors) })
	}
	origin, err := models.ParseOrigin(in.Origin)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.Site{Origin: origin}, Redirect: "/admin/sites"})
}

// RemoveSite removes a site. A site of ALLOWED_ORIGINS is 409.
func (h *Handlers) RemoveSite(c echo.Context) error {
	var in siteInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	err := h.Desk.RemoveSite(c.Request().Context(), kit.ActorOf(c), in.Origin)
	if errors.Is(err, models.ErrSiteNotFound) && kit.Format(c) != kit.JSON {
		err = nil // the form was sent twice, or from a page that is out of date
	}
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.site_removed")}, Redirect: "/admin/sites"})
}
