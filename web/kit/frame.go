package kit

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/static"
	"parley/views/login"
	"parley/views/staff"
	"parley/views/text"
	"parley/views/ui"
)

// AdminFrame returns the frame of an administration page. here is the key of the page in the navigation.
func (k *Kit) AdminFrame(c echo.Context, here, title string) staff.Frame {
	frame := k.AgentFrame(c, here, title)
	frame.Scripts = []string{"admin.js"}
	return frame
}

// pageFrame returns what every page needs in addition to its content.
func (k *Kit) pageFrame(c echo.Context, title string) ui.Page {
	return ui.Page{Title: title, CSRF: CSRFToken(c), Theme: Theme(c)}
}

// PublicFrame returns the frame of a page that needs no sign-in. description is the catalogue key of its meta description.
func (k *Kit) PublicFrame(c echo.Context, title, description string) ui.Page {
	page := k.pageFrame(c, title)
	page.Description = text.T(c.Request().Context(), description)
	return page
}

// Theme returns "light", "dark", or "" to follow the system: from ?theme=, otherwise from the cookie.
func Theme(c echo.Context) string {
	chosen := c.QueryParam("theme")
	if cookie, err := c.Cookie(ThemeCookie); chosen == "" && err == nil {
		chosen = cookie.Value
	}
	if chosen == "light" || chosen == "dark" {
		return chosen
	}
	return ""
}

// problemPage draws an error as a page that leads back to where the request came from.
func (k *Kit) problemPage(c echo.Context, p problem) error {
	page := login.Problem{
		Page: k.PublicFrame(c, text.T(c.Request().Context(), "error.title"), "error.meta_description"), Detail: p.Detail,
		RequestID: p.RequestID, Back: "/",
	}
	if c.Request().Method != http.MethodGet {
		page.Back = RefererPage(c)
	}
	return k.Render(c, p.Status, login.ProblemPage(page))
}

// Build identifies the program and some of its built files. It differs once another release answers.
func (k *Kit) Build(files ...string) string {
	build := k.Version
	for _, name := range files {
		build += " " + static.URL(name)
	}
	return build
}

// AgentFrame returns the frame of a page for a signed-in agent of any role. here is the key of the page in the navigation.
func (k *Kit) AgentFrame(c echo.Context, here, title string) staff.Frame {
	page := k.pageFrame(c, title)
	page.Installable = true
	return staff.Frame{Page: page, Here: here, Me: SignedInAgent(AgentOf(c))}
}

// SignedInAgent returns the agent as the frame of a page shows them.
func SignedInAgent(a *models.Agent) staff.Me {
	return staff.Me{ID: a.ID, Name: a.Name, Email: a.Email, Role: string(a.Role)}
}

// HomePage returns the page that opens after sign-in: the live board for supervisors and admins, otherwise the workbench.
func HomePage(a *models.Agent) string {
	if models.AgentActor(a).AtLeast(models.RoleSupervisor) {
		return "/supervisor"
	}
	return "/workbench"
}
