package chat

import (
	"github.com/labstack/echo/v4"

	"parley/web/api"
	"parley/web/kit"
	"parley/web/live"
)

// StreamTicket issues a ticket that opens one stream within 30 s.
func (h *Handlers) StreamTicket(c echo.Context) error {
	caller := kit.CallerOf(c)
	ticket, err := h.Desk.IssueTicket(c.Request().Context(), caller.Actor, caller.Session, caller.ExpiresAt)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		Ticket string `json:"ticket"`
	}{ticket}})
}

// Events streams the caller's own chats as JSON.
func (h *Handlers) Events(c echo.Context) error {
	events := &api.Events{Desk: h.Desk, Links: h.FileLinks(c)}
	if actor := kit.ActorOf(c); actor.IsAgent() {
		events.AgentID = actor.ID
	}
	return h.Stream(c, live.Receiver{View: live.Own}, events)
}

// SupervisorEvents streams the queue and the load of all agents as JSON.
func (h *Handlers) SupervisorEvents(c echo.Context) error {
	return h.Stream(c, live.Receiver{View: live.Supervision}, &api.Events{Desk: h.Desk, Links: h.FileLinks(c), Supervisor: kit.ActorOf(c)})
}
