package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/views/staff"
	"parley/web/kit"
)

// startPage leads to the pages that are open to whoever looks.
func (s *Server) startPage(c echo.Context) error {
	start := staff.Start{Page: s.PublicFrame(c, "", "staff.start.meta_description"), Demo: true}
	if token := s.Cookie(c, kit.AgentCookie); token != "" {
		if who, err := s.AgentBySession(c, token); err == nil {
			start.Me = kit.MeOf(who.Agent)
			start.CSRF = kit.CSRFFor(token)
		}
	}
	return s.Render(c, http.StatusOK, staff.StartPage(start))
}
