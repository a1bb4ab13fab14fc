package supervisor

import (
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// Queue lists the waiting chats in the order in which they are served.
func (h *Handlers) Queue(c echo.Context) error {
	entries, _, err := h.Desk.Queue(c.Request().Context(), models.QueueFilter{})
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(entries, api.QueueEntryOf)})
}

// Load lists all agents with presence, load and utilisation.
func (h *Handlers) Load(c echo.Context) error {
	loads, err := h.Desk.Load(c.Request().Context())
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(loads, api.LoadOf)})
}

// Stats responds with the figures of a period, by default of the last 24 hours.
func (h *Handlers) Stats(c echo.Context) error {
	now := time.Now().UTC()
	to, err := kit.QueryTime(c, "to", now)
	if err != nil {
		return err
	}
	from, err := kit.QueryTime(c, "from", to.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	stats, err := h.Desk.Stats(c.Request().Context(), from, to)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.StatsOf(stats)})
}

type assignByHandInput struct {
	ServiceID string `json:"service_id"`
}

// AssignByHand assigns a waiting chat to an agent, or moves an active one to another.
func (h *Handlers) AssignByHand(c echo.Context) error {
	id := kit.ChatID(c)
	var in assignByHandInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	chat, err := h.Desk.AssignByHand(c.Request().Context(), kit.ActorOf(c), id, in.ServiceID)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.MovedChat{Message: text.T(c.Request().Context(), "done.assigned"), Chat: api.ChatOf(chat)}})
}

type priorityInput struct {
	Priority *kit.Int `json:"priority"`
}

// SetPriority changes the priority of a waiting chat, from −100 to 100.
func (h *Handlers) SetPriority(c echo.Context) error {
	id := kit.ChatID(c)
	var in priorityInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if in.Priority == nil {
		return kit.InvalidField("priority", "required", "Send a priority from −100 to 100.")
	}
	priority := int(max(-1000, min(1000, *in.Priority))) // clamped to fit an int; the desk refuses it
	chat, err := h.Desk.SetPriority(c.Request().Context(), kit.ActorOf(c), id, priority)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.MovedChat{Message: text.T(c.Request().Context(), "done.prioritised"), Chat: api.ChatOf(chat)}})
}
