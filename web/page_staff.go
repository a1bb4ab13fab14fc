package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/staff"
)

// staffFrame is the frame of a page for whoever is signed in. Here is the key of the page in the bar.
func (s *Server) staffFrame(c echo.Context, here, title string) staff.Frame {
	return staff.Frame{Page: s.frame(c, title), Here: here, Me: meOf(agentOf(c))}
}

func meOf(a *models.Agent) staff.Me {
	return staff.Me{ID: a.ID, Name: a.Name, Email: a.Email, Role: string(a.Role)}
}

// startPage leads to the pages that are open to whoever looks.
func (s *Server) startPage(c echo.Context) error {
	start := staff.Start{Page: s.publicFrame(c, "", "staff.start.meta_description"), Demo: true}
	if token := s.cookie(c, agentCookie); token != "" {
		if who, err := s.agentBySession(c, token); err == nil {
			start.Me = meOf(who.Agent)
			start.CSRF = csrfFor(token)
		}
	}
	return s.page(c, http.StatusOK, staff.StartPage(start))
}
