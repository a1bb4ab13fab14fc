package admin

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

const (
	textsShown   = 25  // texts on a page
	maxTextQuery = 200 // characters
)

// textInput is a text that the company writes, in one language, on one site or on all.
type textInput struct {
	Site   string `json:"site"`
	Locale string `json:"locale"`
	Key    string `json:"key"`
	Text   string `json:"text"`
}

func (in textInput) override() models.TextOverride {
	return models.TextOverride{Site: in.Site, Locale: in.Locale, Key: in.Key, Text: in.Text}
}

// textFilter says which texts are shown.
type textFilter struct {
	site, locale, query string
	changed             bool // only those that the company has written for this site
}

// filterOf reads a filter from the query of a request. A site that may not embed the widget and an unknown language are validation_failed.
func (h *Handlers) filterOf(values url.Values) (textFilter, error) {
	f := textFilter{
		site:    values.Get("site"),
		locale:  values.Get("locale"),
		query:   strings.TrimSpace(values.Get("q")),
		changed: values.Get("changed") == "1",
	}
	if f.locale == "" {
		f.locale = text.English
	}
	switch {
	case !text.IsLanguage(f.locale):
		return f, kit.InvalidField("locale", "unknown", "locale must be one of "+strings.Join(models.Locales, ", ")+".")
	case f.site != "" && !slices.Contains(h.Desk.AllowedOrigins(), f.site):
		return f, kit.InvalidField("site", "unknown", "This site may not embed the widget.")
	case !kit.Storable(f.query):
		return f, kit.InvalidField("q", "invalid", "q must be text.")
	case utf8.RuneCountInString(f.query) > maxTextQuery:
		return f, kit.InvalidField("q", "too_long", fmt.Sprintf("q can have up to %d characters.", maxTextQuery))
	case values.Has("changed") && !slices.Contains([]string{"0", "1", ""}, values.Get("changed")):
		return f, kit.InvalidField("changed", "out_of_bounds", "changed must be 0 or 1.")
	}
	return f, nil
}

// query returns the filter as the query of the page.
func (f textFilter) values() url.Values {
	v := url.Values{"locale": {f.locale}}
	if f.site != "" {
		v.Set("site", f.site)
	}
	if f.query != "" {
		v.Set("q", f.query)
	}
	if f.changed {
		v.Set("changed", "1")
	}
	return v
}

// texts returns the texts of a filter, by key.
func (h *Handlers) texts(f textFilter) []api.PublicText {
	own := map[string]*api.PublicText{}
	var all []api.PublicText
	for _, d := range text.Defaults(f.locale) {
		all = append(all, api.PublicText{Key: d.Key, Default: d.Text, Placeholders: append([]string{}, d.Placeholders...)})
	}
	for i := range all {
		own[all[i].Key] = &all[i]
	}
	for _, o := range h.Desk.TextOverrides(f.site) {
		one := own[o.Key]
		switch {
		case o.Locale != f.locale || one == nil:
		case o.Site == f.site:
			one.Text = &o.Text
		default:
			one.OfAllSites = &o.Text
		}
	}
	wanted := strings.ToLower(f.query)
	return slices.DeleteFunc(all, func(one api.PublicText) bool {
		said := strings.ToLower(strings.Join([]string{one.Key, one.Default, present.Deref(one.Text), present.Deref(one.OfAllSites)}, "\n"))
		return f.changed && one.Text == nil || !strings.Contains(said, wanted)
	})
}

// TextsPage lists the texts of users in a language, with those that the company has written for a site.
func (h *Handlers) TextsPage(c echo.Context) error {
	f, err := h.filterOf(c.QueryParams())
	if kit.Format(c) == kit.JSON {
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: h.texts(f)})
	}
	if err != nil { // an address that someone typed
		f = textFilter{locale: text.English}
	}
	return h.Render(c, http.StatusOK, h.textsPage(c, f, textInput{Key: c.QueryParam("at")}, nil))
}

// textsPage draws the texts of a filter: the page of the key that was typed, if there is one. What was typed is shown in its row with the
// reason why it was refused.
func (h *Handlers) textsPage(c echo.Context, f textFilter, typed textInput, refused view.Errors) templ.Component {
	ctx := c.Request().Context()
	all := h.texts(f)
	pages := max(1, (len(all)+textsShown-1)/textsShown)
	number, _ := strconv.Atoi(c.QueryParam("page"))
	number = min(max(number, 1), pages)
	if i := slices.IndexFunc(all, func(one api.PublicText) bool { return one.Key == typed.Key }); i >= 0 {
		number = i/textsShown + 1
	}
	link := func(n int) string {
		if n < 1 || n > pages {
			return ""
		}
		v := f.values()
		v.Set("page", strconv.Itoa(n))
		return "/admin/texts?" + v.Encode()
	}
	page := view.Texts{
		Frame: h.AdminFrame(
			c,
			"texts",
			text.T(ctx, "admin.texts.title"),
		),
		Site:        f.site,
		Locale:      f.locale,
		Query:       f.query,
		OnlyChanged: f.changed,
		Sites:       h.Desk.AllowedOrigins(),
		All:         len(all),
		Previous:    link(number - 1),
		Next:        link(number + 1),
	}
	for _, one := range all[(number-1)*textsShown : min(number*textsShown, len(all))] {
		row := view.TextRow{
			Key:        one.Key,
			Default:    one.Default,
			Text:       present.Deref(one.Text),
			OfAllSites: present.Deref(one.OfAllSites),
			IsOwn:      one.Text != nil,
		}
		for _, name := range one.Placeholders {
			row.Placeholders = append(row.Placeholders, "{{."+name+"}}")
		}
		if one.Key == typed.Key && refused != nil {
			row.Text, row.Error = typed.Text, cmp.Or(refused["text"], refused["site"], refused[""])
		}
		page.Rows = append(page.Rows, row)
	}
	return view.TextsPage(page)
}

// SetText stores a text that the company has written. A key that users have no text for, and braces that name no value of the text, are
// validation_failed.
func (h *Handlers) SetText(c echo.Context) error {
	var in textInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	err := checkText(in)
	if err == nil {
		err = h.Desk.SetTextOverride(ctx, kit.ActorOf(c), in.override())
	}
	return h.textChanged(c, in, err, "done.text_changed")
}

// ResetText removes a text that the company has written.
func (h *Handlers) ResetText(c echo.Context) error {
	var in textInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	err := h.Desk.RemoveTextOverride(c.Request().Context(), kit.ActorOf(c), in.override())
	if errors.Is(err, models.ErrTextOverrideNotFound) && kit.Format(c) != kit.JSON {
		err = nil // the form was sent twice, or from a page that is out of date
	}
	return h.textChanged(c, in, err, "done.text_reset")
}

func checkText(in textInput) error {
	if !text.IsLanguage(in.Locale) {
		return kit.InvalidField("locale", "unknown", "locale must be one of "+strings.Join(models.Locales, ", ")+".")
	}
	usual, found := text.DefaultOf(in.Locale, in.Key)
	if !found {
		return kit.InvalidField("key", "unknown", "There is no text for users with this key in this language.")
	}
	if name := text.UnknownPlaceholder(in.Text, usual.Placeholders); name != "" {
		return kit.InvalidField("text", "placeholder", fmt.Sprintf("%s is none of the values of this text.", name))
	}
	return nil
}

// textChanged responds to a change: a form goes back to the page that it came from, or shows why it was refused.
func (h *Handlers) textChanged(c echo.Context, in textInput, err error, done string) error {
	ctx := c.Request().Context()
	f := textFilter{site: in.Site, locale: in.Locale, query: "", changed: false}
	if from, parseErr := url.Parse(kit.RefererPage(c)); parseErr == nil && from.Path == "/admin/texts" {
		if asked, filterErr := h.filterOf(from.Query()); filterErr == nil {
			f.query, f.changed = asked.query, asked.changed
		}
	}
	if err != nil {
		if kit.Format(c) == kit.JSON {
			return err
		}
		refused, ok := formErrors(ctx, err)
		if !ok || !text.IsLanguage(in.Locale) {
			return err
		}
		return h.Render(c, http.StatusUnprocessableEntity, h.textsPage(c, f, in, refused))
	}
	values := f.values()
	if in.Key != "" {
		values.Set("at", in.Key)
	}
	return h.Respond(
		c,
		kit.Result{JSON: api.Done{Message: text.T(ctx, done)}, Redirect: "/admin/texts?" + values.Encode() + "#" + view.TextRowID(in.Key)},
	)
}
