package chat

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type endInput struct {
	Comment string   `json:"comment"`
	Outcome string   `json:"outcome"`
	Tags    []string `json:"tags"`
	// WrapUp is 1 if the agent was asked for outcome and tags, so that none means that none fits.
	WrapUp int `json:"wrap_up"`
}

// endAs ends the chat, and as an agent with the wrap-up if the request has any of it.
func (h *Handlers) endAs(c echo.Context, actor models.Actor, in endInput) error {
	ctx, id := c.Request().Context(), kit.ChatID(c)
	var err error
	switch {
	case in.WrapUp != 0 && in.WrapUp != 1:
		return kit.InvalidField("wrap_up", "out_of_bounds", "wrap_up must be 0 or 1.")
	case actor.IsUser():
		_, err = h.Desk.End(ctx, actor, id, "") // users comment with their rating
	case in.WrapUp == 1 || in.Outcome != "" || len(in.Tags) > 0:
		_, err = h.Desk.EndWrappedUp(ctx, actor, id, in.Comment, models.WrapUp{Outcome: in.Outcome, Tags: in.Tags})
	default:
		_, err = h.Desk.End(ctx, actor, id, in.Comment)
	}
	return err
}

// End ends a chat. A chat that has ended already is 409 chat_ended.
func (h *Handlers) End(c echo.Context) error {
	var in endInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := h.endAs(c, kit.ActorOf(c), in); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.ended")}})
}
