package admin

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/media"
)

// lookInput are the fields of a look. A program sends those that it changes. A form sends all but the empty ones, and
// the topics as the place of each department.
type lookInput struct {
	Site         string    `json:"site"`
	Colour       *string   `json:"colour"`
	Company      *string   `json:"company"`
	LabelEn      *string   `json:"label_en"`
	LabelZhCN    *string   `json:"label_zh_cn"`
	Position     *string   `json:"position"`
	GreetingEn   *string   `json:"greeting_en"`
	GreetingZhCN *string   `json:"greeting_zh_cn"`
	AwayEn       *string   `json:"away_en"`
	AwayZhCN     *string   `json:"away_zh_cn"`
	PrivacyURL   *string   `json:"privacy_url"`
	Topics       *[]string `json:"topics"`
}

// bindLook reads the fields of a look over the stored one, which it returns too.
func (h *Handlers) bindLook(c echo.Context) (typed, stored models.Look, err error) {
	var in lookInput
	if err := kit.Bind(c, &in); err != nil {
		return typed, stored, err
	}
	if stored, err = h.storedLook(c.Request().Context(), in.Site); err != nil {
		return typed, stored, err
	}
	typed = stored
	isForm := !kit.IsAPI(c.Request().URL.Path)
	for _, f := range []struct{ to, from *string }{
		{&typed.Colour, in.Colour},
		{&typed.Company, in.Company},
		{&typed.LabelEn, in.LabelEn},
		{&typed.LabelZhCN, in.LabelZhCN},
		{&typed.Position, in.Position},
		{&typed.GreetingEn, in.GreetingEn},
		{&typed.GreetingZhCN, in.GreetingZhCN},
		{&typed.AwayEn, in.AwayEn},
		{&typed.AwayZhCN, in.AwayZhCN},
		{&typed.PrivacyURL, in.PrivacyURL},
	} {
		switch {
		case f.from != nil:
			*f.to = *f.from
		case isForm:
			*f.to = ""
		}
	}
	switch {
	case isForm:
		typed.Topics, err = topicsOfForm(c)
	case in.Topics != nil:
		typed.Topics = api.Map(*in.Topics, func(slug *string) models.Topic { return models.Topic{Slug: *slug} })
	}
	return typed, stored, err
}

// storedLook returns the look of a site in any spelling of its origin, or an empty one.
func (h *Handlers) storedLook(ctx context.Context, site string) (models.Look, error) {
	if exact, err := models.ParseOrigin(site); err == nil {
		site = exact
	}
	all, err := h.Desk.Looks(ctx)
	if i := slices.IndexFunc(all, func(l models.Look) bool { return l.Site == site }); i >= 0 {
		return all[i], err
	}
	return models.Look{Site: site}, err
}

// topicsOfForm returns the departments that have a place, by their places. What is no number comes last.
func topicsOfForm(c echo.Context) ([]models.Topic, error) {
	form, err := kit.Form(c)
	if err != nil {
		return nil, err
	}
	type placed struct {
		topic models.Topic
		place int
	}
	var list []placed
	for i, slug := range form["topic"] {
		if places := form["place"]; i < len(places) && places[i] != "" {
			place := kit.FormInt(places[i]).Int()
			if place < 0 {
				place = len(form["topic"])
			}
			list = append(list, placed{models.Topic{Slug: slug}, place})
		}
	}
	slices.SortStableFunc(list, func(a, b placed) int { return a.place - b.place })
	return api.Map(list, func(p *placed) models.Topic { return p.topic }), nil
}

// LooksPage lists the looks: the one of all sites first, then by site.
func (h *Handlers) LooksPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		looks, err := h.Desk.Looks(c.Request().Context())
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.Map(looks, func(l *models.Look) api.Look { return api.LookOf(l, h.BaseURL(c)) })})
	}
	page, err := h.lookList(c)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// LookPage is the form of the look of a site, with a preview. For a site that may not embed the widget and has no look
// it is the list.
func (h *Handlers) LookPage(c echo.Context) error {
	site := queryText(c, "site")
	look, err := h.storedLook(c.Request().Context(), site)
	if err != nil {
		return err
	}
	isStored, err := h.isStored(c.Request().Context(), look.Site)
	if err != nil {
		return err
	}
	if !isStored && look.Site != "" && !slices.Contains(h.Desk.AllowedOrigins(), look.Site) {
		page, err := h.lookList(c)
		if err != nil {
			return err
		}
		return h.Render(c, http.StatusOK, page)
	}
	page, err := h.lookForm(c, look, look, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// SetLook stores the look of a site.
func (h *Handlers) SetLook(c echo.Context) error {
	look, stored, err := h.bindLook(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Desk.SetLook(ctx, kit.ActorOf(c), look); err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			return h.lookForm(c, look, stored, fieldErrors)
		})
	}
	return h.respondLook(c, look.Site)
}

// respondLook redirects a form to its page, and responds to programs with the stored look.
func (h *Handlers) respondLook(c echo.Context, site string) error {
	if kit.Format(c) != kit.JSON {
		return h.Respond(c, kit.Result{Redirect: "/admin/looks/one?" + url.Values{"site": {site}, "saved": {"1"}}.Encode()})
	}
	stored, err := h.storedLook(c.Request().Context(), site)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.LookOf(&stored, h.BaseURL(c))})
}

// SetLookAvatar stores the picture of a look, or removes it. Programs send the image in base64, or "" for none;
// browsers the file.
func (h *Handlers) SetLookAvatar(c echo.Context) error {
	var in struct {
		Site      string  `json:"site"`
		Avatar    *string `json:"avatar"`
		IsRemoved kit.Int `json:"is_removed"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	raw, err := sentAvatar(c, in.Avatar, in.IsRemoved != 0)
	ctx, cancel := kit.AfterReceipt(c)
	defer cancel()
	var avatar *models.Avatar
	if err == nil && len(raw) > 0 {
		avatar, err = prepareAvatar(ctx, avatarField(c), raw)
	}
	if err == nil {
		err = h.Desk.SetLookAvatar(ctx, kit.ActorOf(c), in.Site, avatar)
	}
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			var refused *models.Error
			if errors.As(err, &refused) && fieldErrors["file"] != "" {
				fieldErrors["file"] = refused.Detail
			}
			look, err := h.storedLook(ctx, in.Site)
			if err != nil {
				return nil, err
			}
			return h.lookForm(c, look, look, fieldErrors)
		})
	}
	return h.respondLook(c, in.Site)
}

// sentAvatar returns the image of a request, nothing to remove the one that is stored.
func sentAvatar(c echo.Context, encoded *string, isRemoved bool) ([]byte, error) {
	if kit.IsAPI(c.Request().URL.Path) || encoded != nil {
		if encoded == nil {
			return nil, kit.InvalidField("avatar", "required", "Send the image in base64, or an empty text for none.")
		}
		raw, err := base64.StdEncoding.DecodeString(*encoded)
		if err != nil {
			return nil, kit.InvalidField("avatar", "invalid", "avatar must be an image in base64.")
		}
		return raw, nil
	}
	if isRemoved {
		return nil, nil
	}
	file, err := kit.SentFile(c)
	if err == nil && file == "" {
		err = kit.InvalidField("file", "required", text.T(c.Request().Context(), "admin.error.required"))
	}
	return []byte(file), err
}

// prepareAvatar checks an image as other uploads are checked.
func prepareAvatar(ctx context.Context, field string, raw []byte) (*models.Avatar, error) {
	content, kind, err := media.Avatar(ctx, bytes.NewReader(raw), int64(len(raw)))
	var refused *media.Refusal
	if errors.As(err, &refused) {
		code, said := avatarRefusal(ctx, refused.Reason, int64(len(raw)))
		return nil, kit.InvalidField(field, code, said)
	}
	return &models.Avatar{Content: content, Type: kind}, err
}

// avatarField returns the name of the field with the image.
func avatarField(c echo.Context) string {
	if kit.IsAPI(c.Request().URL.Path) {
		return "avatar"
	}
	return "file"
}

// avatarRefusal returns why an image is refused, as the code of a field error and in words.
func avatarRefusal(ctx context.Context, why media.Reason, size int64) (code, said string) {
	switch why {
	case media.ImageTooLarge:
		return "too_large", text.T(ctx, "chat.file.image_too_large", "Size", text.Size(ctx, size))
	case media.Broken:
		return "broken", text.T(ctx, "chat.file.is_broken")
	case media.TooManyPixels:
		return "too_many_pixels", text.T(ctx, "chat.file.too_many_pixels")
	}
	return "type_refused", text.T(ctx, "admin.looks.no_image")
}

// RemoveLook removes the look of a site.
func (h *Handlers) RemoveLook(c echo.Context) error {
	var in struct {
		Site string `json:"site"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	err := h.Desk.RemoveLook(ctx, kit.ActorOf(c), in.Site)
	if errors.Is(err, models.ErrLookNotFound) && kit.Format(c) != kit.JSON {
		err = nil // the form was sent twice, or from a page that is out of date
	}
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "done.look_removed")}, Redirect: "/admin/looks"})
}

// PreviewLook draws what was typed as users will see it. Nothing is stored.
func (h *Handlers) PreviewLook(c echo.Context) error {
	typed, stored, err := h.bindLook(c)
	if err != nil {
		return err
	}
	form, err := kit.Form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return err
	}
	typed.Avatar = stored.Avatar
	shown := previewOptions{Lang: form.Get("preview_language"), State: form.Get("preview_state"), Theme: form.Get("preview_theme")}
	preview := h.lookPreview(ctx, typed, shown, departments)
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, http.StatusOK, view.LookStage(preview))
	}
	page, err := h.lookForm(c, typed, stored, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}
