package workbench

import (
	"context"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// SetPresence returns the handler that sets the caller's presence to this choice.
func (h *Handlers) SetPresence(choice models.Presence) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		a, err := h.Desk.SetPresence(ctx, kit.ActorOf(c), choice)
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: struct {
			Message  string      `json:"message"`
			IsOnline api.IntBool `json:"is_online"`
			Presence string      `json:"presence"`
		}{presenceWord(ctx, a.Presence), a.Presence == models.Online, string(a.Presence)}})
	}
}

func presenceWord(ctx context.Context, p models.Presence) string {
	switch p {
	case models.Online:
		return text.T(ctx, "done.online")
	case models.Away:
		return text.T(ctx, "done.away")
	}
	return text.T(ctx, "done.offline")
}

// Status responds with the caller's presence, load and capacity.
func (h *Handlers) Status(c echo.Context) error {
	a, err := h.Desk.AgentByID(c.Request().Context(), kit.ActorOf(c).ID)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		IsOnline      api.IntBool  `json:"is_online"`
		Presence      string       `json:"presence"`
		Load          int          `json:"load"`
		MaxConcurrent int          `json:"max_concurrent"`
		Service       *api.Service `json:"service"`
		Role          string       `json:"role"`
	}{a.Presence == models.Online, string(a.Presence), a.Load, a.MaxConcurrent, api.ServiceOf(a.Card()), string(a.Role)}})
}

// Rating responds with the average rating of an agent. Agents see their own, supervisors all; any other is 403.
func (h *Handlers) Rating(c echo.Context) error {
	a, err := h.Desk.Ratings(c.Request().Context(), kit.ActorOf(c), kit.PathID(c, "service_id"))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.RatingOf(a)})
}

// AllRatings lists the ratings of all agents for supervisors, and for an agent only its own.
func (h *Handlers) AllRatings(c echo.Context) error {
	agents, err := h.Desk.AllRatings(c.Request().Context(), kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(agents, api.RatingOf)})
}
