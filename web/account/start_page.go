package account

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/views/staff"
	"parley/web/kit"
)

// StartPage shows links to the pages that the caller may open.
func (h *Handlers) StartPage(c echo.Context) error {
	start := staff.Start{Page: h.PublicFrame(c, "", "staff.start.meta_description"), Demo: true}
	if token := h.Cookie(c, kit.AgentCookie); token != "" {
		if caller, err := h.CallerByAgentSession(c, token); err == nil {
			start.Me = kit.SignedInAgent(caller.Agent)
			start.CSRF = kit.CSRFFor(token)
		}
	}
	return h.Render(c, http.StatusOK, staff.StartPage(start))
}
