package admin

import (
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

func settingURL(key string) templ.SafeURL {
	return templ.SafeURL("/admin/settings/" + url.PathEscape(key))
}

func groupID(i int) string { return "group-" + strconv.Itoa(i) }

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

// shown returns the name of a value if the setting has choices, otherwise the value.
func shown(s Setting, value string) string {
	for _, c := range s.Choices {
		if c.Value == value {
			return c.Name
		}
	}
	return value
}
