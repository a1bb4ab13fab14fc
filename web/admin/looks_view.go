package admin

import (
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/views/ui"
	"parley/views/widget"
	"parley/web/api"
	"parley/web/present"
)

// lookList draws the list of all sites, those without a look too.
func (h *Handlers) lookList(c echo.Context) (templ.Component, error) {
	ctx := c.Request().Context()
	stored, err := h.Desk.Looks(ctx)
	if err != nil {
		return nil, err
	}
	page := view.Looks{Frame: h.AdminFrame(c, "looks", text.T(ctx, "admin.looks.title"))}
	allowed := h.Desk.AllowedOrigins()
	sites := append([]string{""}, allowed...)
	for i := range stored {
		if !slices.Contains(sites, stored[i].Site) {
			sites = append(sites, stored[i].Site)
		}
	}
	for _, site := range sites {
		i := slices.IndexFunc(stored, func(l models.Look) bool { return l.Site == site })
		shown := h.Desk.LookOf(site)
		page.Rows = append(page.Rows, view.LookRow{
			Site:      site,
			Colour:    shown.Colour,
			Company:   shown.Company,
			IsStored:  i >= 0,
			IsAllowed: site == "" || slices.Contains(allowed, site),
		})
	}
	return view.LooksPage(page), nil
}

// isStored reports whether a site has a look of its own.
func (h *Handlers) isStored(ctx context.Context, site string) (bool, error) {
	all, err := h.Desk.Looks(ctx)
	return slices.ContainsFunc(all, func(l models.Look) bool { return l.Site == site }), err
}

// lookForm draws the form of a look, with what was typed and its preview.
func (h *Handlers) lookForm(c echo.Context, typed, stored models.Look, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return nil, err
	}
	isStored, err := h.isStored(ctx, stored.Site)
	if err != nil {
		return nil, err
	}
	usual := models.Look{}
	if stored.Site != "" {
		usual = h.Desk.LookOf("")
	}
	p := view.OneLook{
		Frame: h.AdminFrame(c, "looks", text.T(ctx, "admin.looks.title")), Site: stored.Site, IsStored: isStored,
		IsSaved: c.QueryParam("saved") == "1" && fieldErrors == nil, HasAvatar: stored.Avatar != "",
		Avatar: api.AvatarPath(stored.Avatar), Errors: fieldErrors,
		Colour: typed.Colour, Company: typed.Company, Position: typed.Position, PrivacyURL: typed.PrivacyURL,
		LabelEn: typed.LabelEn, LabelZhCN: typed.LabelZhCN, GreetingEn: typed.GreetingEn, GreetingZhCN: typed.GreetingZhCN,
		AwayEn: typed.AwayEn, AwayZhCN: typed.AwayZhCN,
		Usual: view.UsualLook{
			Colour:       orText(usual.Colour, "#0b5968"),
			Company:      usual.Company,
			PrivacyURL:   usual.PrivacyURL,
			LabelEn:      usual.Label("en"),
			LabelZhCN:    usual.Label("zh-CN"),
			GreetingEn:   orText(usual.Greeting("en"), text.In("en", "widget.greeting")+"\n"+text.In("en", "widget.lead")),
			GreetingZhCN: orText(usual.Greeting("zh-CN"), text.In("zh-CN", "widget.greeting")+"\n"+text.In("zh-CN", "widget.lead")),
			AwayEn:       orText(usual.Away("en"), text.In("en", "widget.offline.title")+"\n"+text.In("en", "widget.offline.detail")),
			AwayZhCN: orText(
				usual.Away("zh-CN"),
				text.In("zh-CN", "widget.offline.title")+"\n"+text.In("zh-CN", "widget.offline.detail"),
			),
		},
	}
	for _, d := range departments {
		row := view.LookTopic{Slug: d.Slug, Name: d.Name}
		if i := slices.IndexFunc(typed.Topics, func(t models.Topic) bool { return t.Slug == d.Slug }); i >= 0 {
			row.Place = strconv.Itoa(i + 1)
		}
		p.Topics = append(p.Topics, row)
	}
	p.Preview = h.lookPreview(ctx, typed, previewOptions{Lang: text.Lang(ctx)}, departments)
	return view.LookPage(p), nil
}

func orText(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// previewOptions say which panel the preview shows: its language, "" or "away" for its state, and "", "light" or "dark"
// for its theme.
type previewOptions struct{ Lang, State, Theme string }

// lookPreview returns the panel and the button with what was typed, over what all sites have. A colour that is refused
// is left out.
func (h *Handlers) lookPreview(
	ctx context.Context, typed models.Look, shown previewOptions, departments []models.Department,
) view.LookPreview {
	lang := shown.Lang
	if lang != text.Chinese {
		lang = text.English
	}
	p := view.LookPreview{Lang: lang}
	if shown.Theme == "light" || shown.Theme == "dark" {
		p.Theme = shown.Theme
	}
	if code := typed.ColourFault(); code != "" {
		p.Refused = present.FieldError(ctx, "colour", code)
		typed.Colour = ""
	}
	if typed.Site != "" {
		typed = typed.Over(h.Desk.LookOf(""))
	}
	if brand, ok := ui.ParseBrand(typed.Colour); ok {
		p.Brand = brand
	}
	p.Label, p.IsLeft = typed.Label(lang), typed.Position == models.PositionLeft
	panel := widget.Panel{
		State: widget.Greeting, Site: typed.Company,
		Look: widget.Look{
			Greeting: typed.Greeting(lang), Away: typed.Away(lang), Avatar: api.AvatarPath(typed.Avatar), PrivacyURL: typed.PrivacyURL,
		},
	}
	if shown.State == "away" {
		panel.State = widget.Offline
	}
	for _, t := range typed.Topics {
		if i := slices.IndexFunc(departments, func(d models.Department) bool { return d.Slug == t.Slug }); i >= 0 {
			panel.Look.Topics = append(panel.Look.Topics, widget.Topic{Name: departments[i].Name, URL: "/widget"})
		}
	}
	p.Panel = inLanguage(lang, widget.Preview(panel))
	return p
}

// inLanguage renders a component in a language, whatever the language of the page around it.
func inLanguage(lang string, component templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error { return component.Render(text.With(ctx, lang), w) })
}
