package admin

import (
	"context"
	"net/url"

	"github.com/a-h/templ"

	"parley/views/staff"
	"parley/views/text"
	"parley/views/ui"
)

// Looks lists the sites with how the widget looks there. The first row is that of all sites.
type Looks struct {
	Frame staff.Frame
	Rows  []LookRow
}

// LookRow is one row. Colour and Company are those that users see.
type LookRow struct {
	Site, Colour, Company string
	IsStored              bool // it has a look of its own
	IsAllowed             bool // the site may embed the widget
}

func (r LookRow) name(ctx context.Context) string { return lookName(ctx, r.Site) }

func (r LookRow) state(ctx context.Context) string {
	switch {
	case !r.IsAllowed:
		return text.T(ctx, "admin.looks.not_allowed")
	case r.IsStored:
		return text.T(ctx, "admin.looks.own")
	case r.Site == "":
		return text.T(ctx, "admin.looks.parley")
	}
	return text.T(ctx, "admin.looks.as_all")
}

func lookName(ctx context.Context, site string) string {
	if site == "" {
		return text.T(ctx, "admin.looks.all_sites")
	}
	return site
}

func lookURL(site string) templ.SafeURL {
	return templ.SafeURL("/admin/looks/one?" + url.Values{"site": {site}}.Encode())
}

// OneLook is the form of the look of a site, as typed if there are Errors.
type OneLook struct {
	Frame                        staff.Frame
	Site                         string // "" for all
	IsStored, IsSaved, HasAvatar bool
	Avatar                       string // address of the picture

	Colour, Company, Position, PrivacyURL      string
	LabelEn, LabelZhCN                         string
	GreetingEn, GreetingZhCN, AwayEn, AwayZhCN string
	Topics                                     []LookTopic // every department
	Usual                                      UsualLook
	Preview                                    LookPreview
	Errors                                     Errors
}

// UsualLook is what a site has that leaves a field empty.
type UsualLook struct {
	Colour, Company, PrivacyURL, LabelEn, LabelZhCN, GreetingEn, GreetingZhCN, AwayEn, AwayZhCN string
}

// LookTopic is a department and its place among the topics, "" for none.
type LookTopic struct{ Slug, Name, Place string }

// LookPreview is the button and the panel as users see them.
type LookPreview struct {
	Lang, Theme string // Theme "" is that of the administrator
	Brand       ui.Brand
	Label       string
	IsLeft      bool
	Panel       templ.Component
	Refused     string // why the colour is left out
}

func (p OneLook) removal(ctx context.Context) string {
	if p.Site == "" {
		return text.T(ctx, "admin.looks.confirm_all")
	}
	return text.T(ctx, "admin.looks.confirm_site")
}

// positions are the sides of the button.
func (p OneLook) positions(ctx context.Context) []Choice {
	usual := text.T(ctx, "admin.looks.as_all")
	if p.Site == "" {
		usual = text.T(ctx, "admin.looks.parley")
	}
	return []Choice{
		{Name: usual},
		{Value: "right", Name: text.T(ctx, "admin.looks.right")},
		{Value: "left", Name: text.T(ctx, "admin.looks.left")},
	}
}

func (p OneLook) languages(ctx context.Context) []Choice {
	return []Choice{{Value: "en", Name: text.T(ctx, "admin.looks.english")}, {Value: "zh-CN", Name: text.T(ctx, "admin.looks.chinese")}}
}

func (p OneLook) states(ctx context.Context) []Choice {
	return []Choice{{Value: "", Name: text.T(ctx, "admin.looks.state_open")}, {Value: "away", Name: text.T(ctx, "admin.looks.state_away")}}
}

func (p OneLook) themes(ctx context.Context) []Choice {
	return []Choice{
		{Value: "", Name: text.T(ctx, "admin.looks.theme_auto")},
		{Value: "light", Name: text.T(ctx, "admin.looks.theme_light")},
		{Value: "dark", Name: text.T(ctx, "admin.looks.theme_dark")},
	}
}
