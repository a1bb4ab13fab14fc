package kit

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/login"
	"parley/views/staff"
	"parley/views/text"
	"parley/views/ui"
)

// AdminFrame is the frame of a page of administration.
func (k *Kit) AdminFrame(c echo.Context, currentPath, title string) staff.Frame {
	frame := k.AgentFrame(c, currentPath, title)
	frame.Scripts = []string{"admin.js"}
	return frame
}

// pageFrame is what every page needs beside its content.
func (k *Kit) pageFrame(c echo.Context, title string) ui.Page {
	return ui.Page{Title: title, CSRF: CSRFToken(c), Theme: Theme(c)}
}

// PublicFrame is frame for a page that needs no sign-in, with its description in the catalogue.
func (k *Kit) PublicFrame(c echo.Context, title, description string) ui.Page {
	page := k.pageFrame(c, title)
	page.Description = text.T(c.Request().Context(), description)
	return page
}

// Theme is "light", "dark", or "" for what the system says: ?theme=, then the cookie.
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

// problemPage is an error as a page.
func (k *Kit) problemPage(c echo.Context, p problem) error {
	page := login.Problem{Page: k.PublicFrame(c, text.T(c.Request().Context(), "error.title"), "error.meta_description"), Detail: p.Detail, RequestID: p.RequestID, Back: "/"}
	if c.Request().Method != http.MethodGet {
		page.Back = RefererPage(c)
	}
	return k.Render(c, p.Status, login.ProblemPage(page))
}

// AgentFrame is the frame of a page for whoever is signed in. Here is the key of the page in the bar.
func (k *Kit) AgentFrame(c echo.Context, currentPath, title string) staff.Frame {
	return staff.Frame{Page: k.pageFrame(c, title), Here: currentPath, Me: SignedInAgent(AgentOf(c))}
}

// SignedInAgent is the agent as the frame of a page shows it.
func SignedInAgent(a *models.Agent) staff.Me {
	return staff.Me{ID: a.ID, Name: a.Name, Email: a.Email, Role: string(a.Role)}
}

// HomePage is where a role begins its day.
func HomePage(a *models.Agent) string {
	if models.AgentActor(a).AtLeast(models.RoleSupervisor) {
		return "/supervisor"
	}
	return "/workbench"
}
