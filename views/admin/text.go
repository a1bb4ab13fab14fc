package admin

import (
	"cmp"
	"context"
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"parley/views/text"
)

func agentURL(id string) templ.SafeURL {
	return templ.SafeURL("/admin/people/" + url.PathEscape(id))
}

// agentFormAction returns where the form is sent: to the list for a new agent, otherwise to the agent.
func agentFormAction(id string) templ.SafeURL {
	if id == "" {
		return "/admin/people"
	}
	return agentURL(id)
}

func departmentURL(slug string) templ.SafeURL {
	return templ.SafeURL("/admin/departments/" + url.PathEscape(slug))
}

func wrapUpURL(id string) templ.SafeURL {
	return templ.SafeURL("/admin/wrap-up/" + url.PathEscape(id))
}

// breakReasonURL is where a form of a reason is sent; tail is "" or the name of an action.
// word returns a text of the list.
func (p Reasons) word(ctx context.Context, key string) string { return reasonWord(ctx, p.List, key) }

func (r Reason) word(ctx context.Context, key string) string { return reasonWord(ctx, r.List, key) }

func reasonWord(ctx context.Context, list, key string) string {
	switch list + "." + key {
	case "breaks.title":
		return text.T(ctx, "admin.breaks.title")
	case "breaks.lead":
		return text.T(ctx, "admin.breaks.lead")
	case "breaks.empty_detail":
		return text.T(ctx, "admin.breaks.empty_detail")
	case "breaks.name_hint":
		return text.T(ctx, "admin.breaks.name_hint")
	case "breaks.unit":
		return text.T(ctx, "admin.breaks.minutes_unit")
	case "ratings.title":
		return text.T(ctx, "admin.ratings.title")
	case "ratings.lead":
		return text.T(ctx, "admin.ratings.lead")
	case "ratings.empty_detail":
		return text.T(ctx, "admin.ratings.empty_detail")
	case "ratings.name_hint":
		return text.T(ctx, "admin.ratings.name_hint")
	}
	return text.T(ctx, "admin.ratings.stars_unit")
}

func (r Reason) url(tail string) templ.SafeURL {
	return templ.SafeURL(r.Path + "/" + strconv.FormatInt(r.ID, 10) + tail)
}

func (r Reason) rowID() string { return "reason-" + strconv.FormatInt(r.ID, 10) }

// fieldAttributes marks a refused field of a row.
func (r Reason) fieldAttributes(field string) templ.Attributes {
	if r.Errors[field] == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "autofocus": true, "aria-describedby": r.rowID() + "-error"}
}

// errorText is what is wrong with a row.
func (r Reason) errorText() string {
	first := cmp.Or(r.Errors[""], r.Errors["name_en"], r.Errors["name_zh_cn"])
	for _, n := range r.Numbers {
		first = cmp.Or(first, r.Errors[n.Field])
	}
	return first
}

func (n ReasonNumber) label(ctx context.Context) string {
	switch n.Field {
	case "minutes":
		return text.T(ctx, "admin.breaks.minutes")
	case "min_stars":
		return text.T(ctx, "admin.ratings.min_stars")
	}
	return text.T(ctx, "admin.ratings.max_stars")
}

func (n ReasonNumber) labelOf(ctx context.Context, name string) string {
	switch n.Field {
	case "minutes":
		return text.T(ctx, "admin.breaks.minutes_of", "Name", name)
	case "min_stars":
		return text.T(ctx, "admin.ratings.min_stars_of", "Name", name)
	}
	return text.T(ctx, "admin.ratings.max_stars_of", "Name", name)
}

func (n ReasonNumber) hint(ctx context.Context) string {
	switch n.Field {
	case "minutes":
		return text.T(ctx, "admin.breaks.minutes_hint")
	case "min_stars":
		return text.T(ctx, "admin.ratings.stars_hint")
	}
	return ""
}

func groupID(g SettingGroup) string { return "settings-" + g.ID }

// fieldID is the id of the control of a setting.
func fieldID(s Setting) string { return "setting-" + s.Key + "-value" }

// settingAttributes are those that the control of any kind has: what describes it, and the marks of a refused value.
func settingAttributes(s Setting) templ.Attributes {
	attributes := templ.Attributes{"id": fieldID(s), "aria-describedby": fieldID(s) + "-help " + fieldID(s) + "-default"}
	if s.Error != "" {
		attributes["aria-invalid"] = "true"
		attributes["aria-describedby"] = fieldID(s) + "-error " + fieldID(s) + "-help " + fieldID(s) + "-default"
	}
	if s.Focus {
		attributes["autofocus"] = true
	}
	return attributes
}

func list(ctx context.Context, names []string) string {
	return text.List(ctx, names)
}

func agentTitle(ctx context.Context, p AgentPage) string {
	if p.ID == "" {
		return text.T(ctx, "admin.people.add")
	}
	return p.Title
}

func agentLead(ctx context.Context, p AgentPage) string {
	if p.ID == "" {
		return text.T(ctx, "admin.people.add_lead")
	}
	return p.Email
}

func disableHint(ctx context.Context, p AgentPage) string {
	hint := text.T(ctx, "admin.account.disable_hint", "Name", p.Title)
	if p.Load > 0 {
		hint += " " + text.T(ctx, "admin.account.disable_chats", "Count", p.Load)
	}
	return hint
}
