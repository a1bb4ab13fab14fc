package chat

import (
	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type endInput struct {
	Comment string `json:"comment"`
}

// End ends a chat. A chat that has ended already is 409 chat_ended.
func (h *Handlers) End(c echo.Context) error {
	id := kit.ChatID(c)
	var in endInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	actor := kit.ActorOf(c)
	if actor.IsUser() {
		in.Comment = "" // users comment with their rating
	}
	if _, err := h.Desk.End(c.Request().Context(), actor, id, in.Comment); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.ended")}})
}
