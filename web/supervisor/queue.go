package supervisor

import (
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// The sizes of a page of the queue. A client that asks for no page gets as many entries as fit into the largest one.
const (
	queuePage    = 200
	maxQueuePage = 1000
	maxQueueSkip = 1_000_000
)

// Queue lists who waits, in the order of service: all, at most 1,000, or with limit or after a page. The header X-Total-Count tells how
// many wait.
func (h *Handlers) Queue(c echo.Context) error {
	limit, after := int64(maxQueuePage), int64(0)
	var err error
	if c.QueryParam("limit") != "" || c.QueryParam("after") != "" {
		if limit, err = kit.QueryInt(c, "limit", queuePage); err != nil {
			return err
		}
		if after, err = kit.QueryInt(c, "after", 0); err != nil {
			return err
		}
		if after < 0 || after > maxQueueSkip {
			return kit.InvalidField("after", "out_of_bounds", "after must be 0 to 1,000,000.")
		}
		if err := models.CheckLimit(int(limit), maxQueuePage); err != nil {
			return err
		}
	}
	entries, queues, err := h.Desk.Queue(c.Request().Context(), models.QueueFilter{First: int(after + limit)})
	if err != nil {
		return err
	}
	total := 0
	for _, q := range queues {
		total += q.Length
	}
	c.Response().Header().Set("X-Total-Count", strconv.Itoa(total))
	return h.Respond(c, kit.Result{JSON: api.Map(entries[min(int(after), len(entries)):], api.QueueEntryOf)})
}

// Load lists all agents with presence, load and utilisation.
func (h *Handlers) Load(c echo.Context) error {
	loads, err := h.Desk.Load(c.Request().Context())
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(loads, api.LoadOf)})
}

// Bots responds with all bots and the chats that they have, which are in no load of an agent.
func (h *Handlers) Bots(c echo.Context) error {
	bots, err := h.Desk.Bots(c.Request().Context(), kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(bots, api.BotOf)})
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
