package admin

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"

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
func breakReasonURL(r BreakReason, tail string) templ.SafeURL {
	return templ.SafeURL("/admin/break-reasons/" + strconv.FormatInt(r.ID, 10) + tail)
}

func breakReasonRowID(r BreakReason) string { return "reason-" + strconv.FormatInt(r.ID, 10) }

// breakFieldAttributes marks a refused field of a row.
func breakFieldAttributes(r BreakReason, field string) templ.Attributes {
	if r.Errors[field] == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "autofocus": true, "aria-describedby": breakReasonRowID(r) + "-error"}
}

// errorText is what is wrong with a row.
func (r BreakReason) errorText() string {
	return cmp.Or(r.Errors[""], r.Errors["name_en"], r.Errors["name_zh_cn"], r.Errors["minutes"])
}

// number returns a stored number for a text that counts.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
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
	return strings.Join(names, text.T(ctx, "staff.and"))
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
