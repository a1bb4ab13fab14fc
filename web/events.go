package web

import (
	"github.com/labstack/echo/v4"

	"parley/web/api"
	"parley/web/kit"
	"parley/web/live"
)

func (s *Server) streamTicket(c echo.Context) error {
	who := kit.CallerOf(c)
	ticket, err := s.Desk.IssueTicket(c.Request().Context(), who.Actor, who.Session, who.Ends)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: struct {
		Ticket string `json:"ticket"`
	}{ticket}})
}

// events is the caller's own chats, live, as JSON.
func (s *Server) events(c echo.Context) error {
	return s.Stream(c, live.Receiver{View: live.Own}, &api.Events{Desk: s.Desk, Links: s.FileLinks(c)})
}

// houseEvents is the queue and everybody's load, live, as JSON.
func (s *Server) houseEvents(c echo.Context) error {
	return s.Stream(c, live.Receiver{View: live.House}, &api.Events{Desk: s.Desk, Links: s.FileLinks(c)})
}
