package workbench

import (
	"context"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// SetPresence is the handler of one choice.
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

// Status tells the caller's presence, load and capacity.
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

// Rating is the average rating of an agent. Agents may ask for their own.
func (h *Handlers) Rating(c echo.Context) error {
	a, err := h.Desk.Ratings(c.Request().Context(), kit.ActorOf(c), kit.PathID(c, "service_id"))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.RatingOf(a)})
}

// AllRatings lists the ratings of all agents for supervisors, and the own one for agents.
func (h *Handlers) AllRatings(c echo.Context) error {
	agents, err := h.Desk.AllRatings(c.Request().Context(), kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(agents, api.RatingOf)})
}
