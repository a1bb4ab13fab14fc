package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
	"parley/web/auth"
	"parley/web/chat"
	"parley/web/kit"
	"parley/web/limit"
)

// audience is who may use a route.
type audience int

const (
	anyone audience = iota
	users
	agents
	supervisors
	admins
)

func (a audience) kind() models.ActorKind {
	if a == users {
		return models.KindUser
	}
	return models.KindAgent
}

func (a audience) role() models.Role {
	switch a {
	case supervisors:
		return models.RoleSupervisor
	case admins:
		return models.RoleAdmin
	}
	return ""
}

// route is one line of the table. A path of the contract is served under /api and /api/users; page paths are served as they are.
type route struct {
	method string
	api    string // path of the contract, "" if there is none
	page   string // path for browsers, "" if there is none
	who    audience
	limit  limit.Action // "" for none
	handle echo.HandlerFunc
	// then draws what the scripts of the page get of the action; without it they get 204, and the page's stream.
	then   func(echo.Context) (templ.Component, error)
	next   string              // where a plain form goes on, "" for the page that it was on
	stream bool                // open without end; takes a ticket
	begins bool                // by its plain form, whoever has no session yet becomes an anonymous user
	cors   bool                // sites that embed the widget may call it
	bounds echo.MiddlewareFunc // of time and size, in the place of bounded
}

const (
	get  = http.MethodGet
	post = http.MethodPost

	ofUser  = "/user/customer-service"
	ofAgent = "/customer-service"
)

// routes is everything that the outside can do.
func (s *Server) routes() []route {
	return []route{
		// Users
		{method: post, api: "/user/session", who: anyone, handle: s.chat.StartSession, cors: true},
		{method: post, api: ofUser + "/assign", page: "/widget/assign", who: users, handle: s.chat.Assign, then: s.widget.Parts, cors: true, begins: true},
		{method: get, api: ofUser + "/queue-status", who: users, handle: s.chat.QueueStatus, cors: true},
		{method: post, api: ofUser + "/queue/cancel", page: "/widget/queue/cancel", who: users, limit: limit.Leave, handle: s.chat.CancelQueue, then: s.widget.Parts, cors: true},
		{method: get, api: ofUser + "/availability", who: users, handle: s.chat.Availability, cors: true},
		{method: get, api: ofUser + "/chats", who: users, handle: s.chat.UserChats, cors: true},
		{method: get, api: ofUser + "/chats/:chat_id/messages", page: "/widget/chats/:chat_id/messages", who: users, handle: s.chat.Messages, then: s.widget.Earlier, next: "/widget", cors: true},
		{method: post, api: ofUser + "/chats/:chat_id/messages", page: "/widget/chats/:chat_id/messages", who: users, limit: limit.Send, handle: s.chat.Send, cors: true},
		{method: post, api: ofUser + "/chats/:chat_id/messages/:message_id/mark-read", who: users, handle: s.chat.MarkOneRead, cors: true},
		{method: post, api: ofUser + "/chats/:chat_id/mark-delivered", page: "/widget/chats/:chat_id/mark-delivered", who: users, handle: s.chat.MarkDelivered, cors: true},
		{method: post, api: ofUser + "/chats/:chat_id/mark-read", page: "/widget/chats/:chat_id/mark-read", who: users, handle: s.chat.MarkRead, cors: true},
		{method: post, api: ofUser + "/chats/:chat_id/typing", page: "/widget/chats/:chat_id/typing", who: users, handle: s.chat.Typing, cors: true},
		{method: post, api: ofUser + "/chats/:chat_id/still-here", page: "/widget/chats/:chat_id/still-here", who: users, handle: s.chat.StillHere, then: s.widget.Parts, cors: true},
		{method: post, api: ofUser + "/chats/:chat_id/files", page: "/widget/chats/:chat_id/files", who: users, limit: limit.File, handle: s.chat.SendFile, bounds: chat.LimitUpload, cors: true},
		{method: get, api: ofUser + "/chats/:chat_id/files/:message_id", page: "/widget/chats/:chat_id/files/:message_id", who: users, handle: s.chat.RefreshFileLinks, cors: true},
		{method: post, api: ofUser + "/chats/:chat_id/end", page: "/widget/chats/:chat_id/end", who: users, limit: limit.End, handle: s.chat.End, then: s.widget.Parts, cors: true},
		{method: post, api: ofUser + "/chats/:chat_id/rate", page: "/widget/chats/:chat_id/rate", who: users, limit: limit.Rate, handle: s.chat.Rate, then: s.widget.Parts, cors: true},
		{method: post, api: ofUser + "/introduce", page: "/widget/introduce", who: users, limit: limit.Introduce, handle: s.widget.IntroduceUser, cors: true},
		{method: post, api: ofUser + "/stream-ticket", who: users, handle: s.chat.StreamTicket, cors: true},
		{method: get, api: ofUser + "/events", who: users, handle: s.chat.Events, stream: true, cors: true},

		{method: get, page: "/widget", who: anyone, handle: s.widget.Page},
		{method: get, page: "/widget/events", who: users, handle: s.widget.Events, stream: true},
		{method: post, page: "/widget/session", who: anyone, handle: s.widget.BeginSession},
		{method: post, page: "/widget/chats/:chat_id/page", who: users, limit: limit.Page, handle: s.chat.MovePage},
		{method: post, page: "/widget/identify", who: anyone, handle: s.widget.IdentifyUser},
		{method: post, page: "/widget/logout", who: anyone, handle: s.widget.ForgetUser},
		{method: get, page: "/widget.js", who: anyone, handle: s.loader("loader.js")},
		{method: get, page: "/widget.mjs", who: anyone, handle: s.loader("loader.mjs")},

		// Agents
		{method: post, api: ofAgent + "/login", page: "/login", who: anyone, handle: s.account.SignIn},
		{method: post, api: ofAgent + "/logout", page: "/logout", who: agents, handle: s.account.SignOut},
		{method: post, api: ofAgent + "/online", page: "/workbench/online", who: agents, handle: s.workbench.SetPresence(models.Online), then: s.workbench.Parts},
		{method: post, api: ofAgent + "/away", page: "/workbench/away", who: agents, handle: s.workbench.SetPresence(models.Away), then: s.workbench.Parts},
		{method: post, api: ofAgent + "/offline", page: "/workbench/offline", who: agents, handle: s.workbench.SetPresence(models.Offline), then: s.workbench.Parts},
		{method: get, api: ofAgent + "/status", who: agents, handle: s.workbench.Status},
		{method: get, api: ofAgent + "/check-availability", who: anyone, handle: s.chat.CheckAvailability},
		{method: get, api: ofAgent + "/chats", who: agents, handle: s.chat.AgentChats},
		{method: get, api: ofAgent + "/chats/:chat_id/messages", page: "/workbench/chats/:chat_id/messages", who: agents, handle: s.chat.Messages, then: s.workbench.Earlier, next: "/workbench/chats/:chat_id"},
		{method: post, api: ofAgent + "/chats/:chat_id/messages", page: "/workbench/chats/:chat_id/messages", who: agents, limit: limit.Send, handle: s.chat.Send},
		{method: post, api: ofAgent + "/chats/:chat_id/messages/:message_id/mark-read", who: agents, handle: s.chat.MarkOneRead},
		{method: post, api: ofAgent + "/chats/:chat_id/mark-delivered", page: "/workbench/chats/:chat_id/mark-delivered", who: agents, handle: s.chat.MarkDelivered},
		{method: post, api: ofAgent + "/chats/:chat_id/mark-read", page: "/workbench/chats/:chat_id/mark-read", who: agents, handle: s.chat.MarkRead},
		{method: post, api: ofAgent + "/chats/:chat_id/typing", page: "/workbench/chats/:chat_id/typing", who: agents, handle: s.chat.Typing},
		{method: post, api: ofAgent + "/chats/:chat_id/files", page: "/workbench/chats/:chat_id/files", who: agents, limit: limit.File, handle: s.chat.SendFile, bounds: chat.LimitUpload},
		{method: get, api: ofAgent + "/chats/:chat_id/files/:message_id", page: "/workbench/chats/:chat_id/files/:message_id", who: agents, handle: s.chat.RefreshFileLinks},
		{method: post, api: ofAgent + "/chats/:chat_id/end", page: "/workbench/chats/:chat_id/end", who: agents, limit: limit.End, handle: s.chat.End, then: s.workbench.Parts, next: "/workbench/chats/:chat_id"},
		{method: post, api: ofAgent + "/chats/:chat_id/transfer", page: "/workbench/chats/:chat_id/transfer", who: agents, handle: s.chat.Transfer, then: s.workbench.Parts, next: "/workbench"},
		{method: post, api: ofAgent + "/chats/:chat_id/notes", page: "/workbench/chats/:chat_id/notes", who: agents, handle: s.chat.Note},
		{method: get, api: ofAgent + "/chats/:chat_id/timeout-status", who: agents, handle: s.chat.TimeoutStatus},
		{method: get, api: ofAgent + "/all-ratings", who: agents, handle: s.workbench.AllRatings},
		{method: get, api: ofAgent + "/:service_id/rating", who: agents, handle: s.workbench.Rating},
		{method: post, api: ofAgent + "/stream-ticket", who: agents, handle: s.chat.StreamTicket},
		{method: get, api: ofAgent + "/events", who: agents, handle: s.chat.Events, stream: true},

		{method: get, page: "/workbench", who: agents, handle: s.workbench.Page},
		{method: get, page: "/workbench/chats/:chat_id", who: agents, handle: s.workbench.Chat},
		{method: get, page: "/workbench/events", who: agents, handle: s.workbench.Events, stream: true},

		{method: get, api: "/account", page: "/account", who: agents, handle: s.account.AccountPage},
		{method: post, api: "/account/password", page: "/account/password", who: agents, handle: s.account.ChangePassword},
		{method: get, api: "/account/sessions", who: agents, handle: s.account.MySessions},
		{method: post, api: "/account/sessions/:session_id/end", page: "/account/sessions/:session_id/end", who: agents, handle: s.account.EndMySession},
		{method: post, api: "/account/sessions/end-others", page: "/account/sessions/end-others", who: agents, handle: s.account.EndMyOtherSessions},
		{method: get, api: "/account/second-factor", page: "/account/second-factor", who: agents, handle: s.account.SecondFactor},
		{method: post, api: "/account/second-factor", page: "/account/second-factor", who: agents, handle: s.account.BeginFactor},
		{method: post, api: "/account/second-factor/confirm", page: "/account/second-factor/confirm", who: agents, handle: s.account.ConfirmFactor},
		{method: post, api: "/account/second-factor/codes", page: "/account/second-factor/codes", who: agents, handle: s.account.RenewCodes},
		{method: post, api: "/account/second-factor/off", page: "/account/second-factor/off", who: agents, handle: s.account.EndFactor},

		// Supervisors
		{method: get, api: "/supervisor/queue", who: supervisors, handle: s.supervisor.Queue},
		{method: get, api: "/supervisor/load", who: supervisors, handle: s.supervisor.Load},
		{method: get, api: "/supervisor/stats", who: supervisors, handle: s.supervisor.Stats},
		{method: post, api: "/supervisor/queue/:chat_id/assign", page: "/supervisor/queue/:chat_id/assign", who: supervisors, handle: s.supervisor.AssignByHand},
		{method: post, api: "/supervisor/queue/:chat_id/priority", page: "/supervisor/queue/:chat_id/priority", who: supervisors, handle: s.supervisor.SetPriority},
		{method: get, api: "/supervisor/chats/:chat_id/messages", page: "/supervisor/chats/:chat_id/messages", who: supervisors, handle: s.chat.Messages, then: s.supervisor.Earlier, next: "/supervisor/chats/:chat_id"},
		{method: post, api: "/supervisor/chats/:chat_id/end", page: "/supervisor/chats/:chat_id/end", who: supervisors, limit: limit.End, handle: s.chat.End},
		{method: post, api: "/supervisor/chats/:chat_id/transfer", page: "/supervisor/chats/:chat_id/transfer", who: supervisors, handle: s.chat.Transfer},
		{method: get, api: "/supervisor/events", who: supervisors, handle: s.chat.SupervisorEvents, stream: true},

		{method: get, page: "/supervisor", who: supervisors, handle: s.supervisor.Page},
		{method: get, page: "/supervisor/events", who: supervisors, handle: s.supervisor.Events, stream: true},
		{method: get, page: "/supervisor/queue.csv", who: supervisors, handle: s.supervisor.QueueCSV},
		{method: get, page: "/supervisor/day.csv", who: supervisors, handle: s.supervisor.DayCSV},
		{method: get, api: "/supervisor/chats/:chat_id", page: "/supervisor/chats/:chat_id", who: supervisors, handle: s.supervisor.Chat},
		{method: get, api: "/supervisor/chats/:chat_id/files/:message_id", page: "/supervisor/chats/:chat_id/files/:message_id", who: supervisors, handle: s.chat.RefreshFileLinks},
		{method: get, api: "/supervisor/agents/:agent_id", page: "/supervisor/agents/:agent_id", who: supervisors, handle: s.supervisor.Agent},

		// Administrators
		{method: get, page: "/admin", who: admins, handle: s.admin.AdminPage},
		{method: get, api: "/admin/agents", page: "/admin/people", who: admins, handle: s.admin.PeoplePage},
		{method: post, api: "/admin/agents", page: "/admin/people", who: admins, handle: s.admin.AddPerson},
		{method: get, page: "/admin/people/new", who: admins, handle: s.admin.NewPersonPage},
		{method: get, api: "/admin/agents/:agent_id", page: "/admin/people/:agent_id", who: admins, handle: s.admin.PersonPage},
		{method: post, api: "/admin/agents/:agent_id", page: "/admin/people/:agent_id", who: admins, handle: s.admin.ChangePerson},
		{method: post, api: "/admin/agents/:agent_id/password", page: "/admin/people/:agent_id/password", who: admins, handle: s.admin.SetPersonPassword},
		{method: post, api: "/admin/agents/:agent_id/reset-second-factor", page: "/admin/people/:agent_id/reset-second-factor", who: admins, handle: s.admin.ResetPersonFactor},
		{method: post, api: "/admin/agents/:agent_id/disable", page: "/admin/people/:agent_id/disable", who: admins, handle: s.admin.DisablePerson(true)},
		{method: post, api: "/admin/agents/:agent_id/enable", page: "/admin/people/:agent_id/enable", who: admins, handle: s.admin.DisablePerson(false)},
		{method: get, api: "/admin/departments", page: "/admin/departments", who: admins, handle: s.admin.DepartmentsPage},
		{method: post, api: "/admin/departments", page: "/admin/departments", who: admins, handle: s.admin.AddDepartment},
		{method: post, api: "/admin/departments/:slug", page: "/admin/departments/:slug", who: admins, handle: s.admin.RenameDepartment},
		{method: post, api: "/admin/departments/:slug/remove", page: "/admin/departments/:slug/remove", who: admins, handle: s.admin.RemoveDepartment},
		{method: get, api: "/admin/settings", page: "/admin/settings", who: admins, handle: s.admin.SettingsPage},
		{method: post, api: "/admin/settings/:key", page: "/admin/settings/:key", who: admins, handle: s.admin.ChangeSetting},
		{method: post, api: "/admin/settings/:key/reset", page: "/admin/settings/:key/reset", who: admins, handle: s.admin.ResetSetting},
		{method: get, api: "/admin/sites", page: "/admin/sites", who: admins, handle: s.admin.SitesPage},
		{method: post, api: "/admin/sites", page: "/admin/sites", who: admins, handle: s.admin.AddSite},
		{method: post, api: "/admin/sites/remove", page: "/admin/sites/remove", who: admins, handle: s.admin.RemoveSite},
		{method: get, page: "/admin/users", who: admins, handle: s.admin.UsersPage},
		{method: post, api: "/admin/users/find", page: "/admin/users", who: admins, handle: s.admin.FindUsers},
		{method: get, api: "/admin/users/one", page: "/admin/users/one", who: admins, handle: s.admin.UserPage},
		{method: post, api: "/admin/users/export", page: "/admin/users/export", who: admins, handle: s.admin.ExportUser},
		{method: post, api: "/admin/users/erase", page: "/admin/users/erase", who: admins, handle: s.admin.EraseUser},
		{method: get, api: "/admin/audit", page: "/admin/audit", who: admins, handle: s.admin.AuditPage},
		{method: get, page: "/admin/audit.csv", who: admins, handle: s.admin.AuditCSV},
		{method: get, api: "/admin/health", page: "/admin/health", who: admins, handle: s.admin.HealthPage},
		{method: post, api: "/admin/health/repair", page: "/admin/health/repair", who: admins, handle: s.admin.RepairHealth},

		// Pages
		{method: get, page: "/", who: anyone, handle: s.account.StartPage},
		{method: get, page: "/login", who: anyone, handle: s.account.LoginPage},
		{method: post, page: "/preferences", who: anyone, handle: s.account.SetPreferences},
		{method: get, page: "/demo", who: anyone, handle: s.demoHome},
		{method: get, page: "/demo/help", who: anyone, handle: s.demoHelp},

		// Files, for whoever holds a signed address
		{method: get, page: "/files/:public_id", who: anyone, handle: s.chat.ServeFile(api.Whole), bounds: chat.LimitDownload},
		{method: get, page: "/files/:public_id/thumbnail", who: anyone, handle: s.chat.ServeFile(api.Thumbnail), bounds: chat.LimitDownload},

		// The house
		{method: get, page: "/static/*", who: anyone, handle: s.static},
		{method: get, page: "/openapi.json", who: anyone, handle: s.openAPI},
		{method: get, page: "/healthz", who: anyone, handle: s.healthz},
		{method: get, page: "/readyz", who: anyone, handle: s.readyz},
		{method: get, page: "/metrics", who: anyone, handle: s.metricsPage},
	}
}

// prefixes are where the paths of the contract are served.
var prefixes = []string{"/api", "/api/users"}

// paths are the addresses of a route.
func (r *route) paths() []string {
	var paths []string
	if r.api != "" {
		for _, prefix := range prefixes {
			paths = append(paths, prefix+r.api)
		}
	}
	if r.page != "" {
		paths = append(paths, r.page)
	}
	return paths
}

// access is what the line asks of its callers.
func (r *route) access() auth.Access {
	return auth.Access{Public: r.who == anyone, Kind: r.who.kind(), Role: r.who.role(), CreatesSession: r.begins, Stream: r.stream, Long: r.stream || r.bounds != nil}
}

func (s *Server) mount(e *echo.Echo) {
	crossing := map[string]bool{}
	for _, line := range s.routes() {
		r := &line
		handler := func(c echo.Context) error {
			if r.then != nil {
				c.Set(kit.FragmentKey, func() (templ.Component, error) { return r.then(c) })
			}
			if r.next != "" {
				c.Set(kit.NextKey, strings.ReplaceAll(r.next, ":chat_id", url.PathEscape(kit.ChatID(c))))
			}
			return r.handle(c)
		}
		chain := []echo.MiddlewareFunc{s.allowSites(r), s.sameOrigin, s.Middleware(r.access()), s.limited(r)}
		switch {
		case r.bounds != nil:
			chain = append([]echo.MiddlewareFunc{r.bounds}, chain...)
		case !r.stream:
			chain = append([]echo.MiddlewareFunc{bounded}, chain...)
		}
		for _, path := range r.paths() {
			e.Add(r.method, path, handler, chain...)
			if r.method == get && !r.stream {
				e.Add(http.MethodHead, path, handler, chain...)
			}
			if r.cors && kit.IsAPI(path) && !crossing[path] {
				crossing[path] = true
				e.Add(http.MethodOptions, path, s.preflight)
			}
		}
	}
}
