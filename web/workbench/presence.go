package workbench

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// SetPresence returns the handler that sets the caller's presence to this choice, one without further fields.
func (h *Handlers) SetPresence(choice models.PresenceDetail) echo.HandlerFunc {
	return func(c echo.Context) error { return h.choosePresence(c, models.PresenceChoice{Detail: choice}) }
}

type breakInput struct {
	ReasonID kit.FormInt `json:"reason_id"`
	Minutes  kit.FormInt `json:"minutes"`
}

// TakeBreak begins a break of the caller, or plans the end of the running one anew. Without minutes it takes as long as the reason's
// breaks usually do.
func (h *Handlers) TakeBreak(c echo.Context) error {
	var in breakInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	choice := models.PresenceChoice{Detail: models.DetailBreak, ReasonID: int64(in.ReasonID.Int())}
	if in.Minutes != "" {
		if choice.Minutes = in.Minutes.Int(); choice.Minutes == 0 {
			choice.Minutes = -1 // which the desk refuses; its 0 is the usual length
		}
	}
	return h.choosePresence(c, choice)
}

func (h *Handlers) choosePresence(c echo.Context, choice models.PresenceChoice) error {
	ctx := c.Request().Context()
	a, err := h.Desk.ChoosePresence(ctx, kit.ActorOf(c), choice)
	if err != nil {
		return err
	}
	return h.respondPresence(c, presenceText(ctx, a), a)
}

// OpenExtraChat lets the caller, who is at capacity, be assigned one more chat.
func (h *Handlers) OpenExtraChat(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := h.Desk.OpenExtraChat(ctx, kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.respondPresence(c, text.T(ctx, "done.extra_opened"), a)
}

// CloseExtraChat takes that back.
func (h *Handlers) CloseExtraChat(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := h.Desk.CloseExtraChat(ctx, kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.respondPresence(c, text.T(ctx, "done.extra_closed"), a)
}

func (h *Handlers) respondPresence(c echo.Context, message string, a *models.Agent) error {
	return h.Respond(c, kit.Result{JSON: struct {
		Message  string      `json:"message"`
		IsOnline api.IntBool `json:"is_online"`
		Presence string      `json:"presence"`
		api.PresenceDetails
	}{message, a.Presence == models.Online, string(a.Presence), api.PresenceDetailsOf(a.PresenceChange())}})
}

func presenceText(ctx context.Context, a *models.Agent) string {
	switch a.Detail() {
	case models.DetailOnline:
		return text.T(ctx, "done.online")
	case models.DetailLastChats:
		return text.T(ctx, "done.last_chats")
	case models.DetailBreak:
		return text.T(ctx, "done.break")
	case models.DetailOffline:
		return text.T(ctx, "done.offline")
	}
	return text.T(ctx, "done.away")
}

// BreakReasons lists the reasons that the caller can choose for a break, in their order.
func (h *Handlers) BreakReasons(c echo.Context) error {
	reasons, err := h.Desk.BreakReasons(c.Request().Context())
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(reasons, api.BreakReasonOf)})
}

// ReportInput responds with 204. Its route counts the request as input.
func (h *Handlers) ReportInput(c echo.Context) error { return c.NoContent(http.StatusNoContent) }

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
		Reserved      int          `json:"reserved"`
		MaxConcurrent int          `json:"max_concurrent"`
		Service       *api.Service `json:"service"`
		Role          string       `json:"role"`
		api.PresenceDetails
	}{
		a.Presence == models.Online, string(a.Presence), a.Load, a.Reserved, a.MaxConcurrent, api.ServiceOf(a.Card()), string(a.Role),
		api.PresenceDetailsOf(a.PresenceChange()),
	}})
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
