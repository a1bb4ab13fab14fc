// Package staff draws the frame of every page of a signed-in agent: the bar with the pages of the role and the account menu. It also draws
// the start page.
package staff

import (
	"context"
	"slices"

	"github.com/a-h/templ"

	"parley/views/text"
	"parley/views/ui"
)

// Frame is the page around a screen, with the signed-in agent.
type Frame struct {
	ui.Page
	Here string // the key of the page that is open, such as "live" or "people"
	Me   Me
}

// Me is the signed-in agent.
type Me struct {
	ID, Name, Email string
	Role            string // agent, supervisor, admin; "" if the caller is not signed in
}

// Tab is one page of the bar.
type Tab struct {
	Key, Href string
}

// tabs returns the pages that a role may open, its home page first.
func tabs(role string) []Tab {
	workbench, canned := Tab{"workbench", "/workbench"}, Tab{"canned", "/workbench/canned-replies"}
	search, live := Tab{"search", "/workbench/search"}, Tab{"live", "/supervisor"}
	reports := Tab{"reports", "/supervisor/reports"}
	switch role {
	case "admin":
		return []Tab{live, reports, workbench, search, canned, {"admin", "/admin"}}
	case "supervisor":
		return []Tab{live, reports, workbench, search, canned}
	case "agent":
		return []Tab{workbench, search, canned}
	}
	return nil
}

// supervisorTabs are the pages of supervisors: the present, the past and the future.
var supervisorTabs = []Tab{
	{"live", "/supervisor"},
	{"replay", "/supervisor/replay"},
	{"forecast", "/supervisor/forecast"},
	{"what_if", "/supervisor/what-if"},
}

func (f Frame) inSupervision() bool {
	return slices.ContainsFunc(supervisorTabs, func(t Tab) bool { return t.Key == f.Here })
}

// adminTabs are the pages of the administration.
var adminTabs = []Tab{
	{"people", "/admin/people"},
	{"bots", "/admin/bots"},
	{"departments", "/admin/departments"},
	{"hours", "/admin/hours"},
	{"questions", "/admin/questions"},
	{"wrap_up", "/admin/wrap-up"},
	{"breaks", "/admin/break-reasons"},
	{"ratings", "/admin/rating-reasons"},
	{"settings", "/admin/settings"},
	{"sites", "/admin/sites"},
	{"looks", "/admin/looks"},
	{"texts", "/admin/texts"},
	{"api_keys", "/admin/api-keys"},
	{"webhooks", "/admin/webhooks"},
	{"users", "/admin/users"},
	{"data", "/admin/data"},
	{"audit", "/admin/audit"},
	{"mail", "/admin/mail"},
	{"health", "/admin/health"},
}

func (f Frame) inAdmin() bool {
	for _, t := range adminTabs {
		if t.Key == f.Here {
			return true
		}
	}
	return false
}

func (f Frame) current(t Tab) templ.Attributes {
	if t.Key == f.Here || (t.Key == "admin" && f.inAdmin()) || (t.Key == "live" && f.inSupervision()) {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

func tabWord(ctx context.Context, key string) string {
	switch key {
	case "live":
		return text.T(ctx, "staff.tab.live")
	case "replay":
		return text.T(ctx, "staff.tab.replay")
	case "forecast":
		return text.T(ctx, "staff.tab.forecast")
	case "what_if":
		return text.T(ctx, "staff.tab.what_if")
	case "reports":
		return text.T(ctx, "staff.tab.reports")
	case "workbench":
		return text.T(ctx, "staff.tab.workbench")
	case "canned":
		return text.T(ctx, "staff.tab.canned")
	case "search":
		return text.T(ctx, "staff.tab.search")
	case "admin":
		return text.T(ctx, "staff.tab.admin")
	case "people":
		return text.T(ctx, "staff.tab.people")
	case "bots":
		return text.T(ctx, "staff.tab.bots")
	case "departments":
		return text.T(ctx, "staff.tab.departments")
	case "hours":
		return text.T(ctx, "staff.tab.hours")
	case "questions":
		return text.T(ctx, "staff.tab.questions")
	case "wrap_up":
		return text.T(ctx, "staff.tab.wrap_up")
	case "breaks":
		return text.T(ctx, "staff.tab.breaks")
	case "ratings":
		return text.T(ctx, "staff.tab.ratings")
	case "settings":
		return text.T(ctx, "staff.tab.settings")
	case "users":
		return text.T(ctx, "staff.tab.users")
	case "data":
		return text.T(ctx, "staff.tab.data")
	case "audit":
		return text.T(ctx, "staff.tab.audit")
	case "mail":
		return text.T(ctx, "staff.tab.mail")
	case "health":
		return text.T(ctx, "staff.tab.health")
	case "texts":
		return text.T(ctx, "staff.tab.texts")
	case "looks":
		return text.T(ctx, "staff.tab.looks")
	case "api_keys":
		return text.T(ctx, "staff.tab.api_keys")
	case "webhooks":
		return text.T(ctx, "staff.tab.webhooks")
	case "sites":
		return text.T(ctx, "staff.tab.sites")
	default:
		return key // a test finds it
	}
}

// RoleWord is the role in the reader's language.
func RoleWord(ctx context.Context, role string) string {
	switch role {
	case "admin":
		return text.T(ctx, "staff.role.admin")
	case "supervisor":
		return text.T(ctx, "staff.role.supervisor")
	default:
		return text.T(ctx, "staff.role.agent")
	}
}
