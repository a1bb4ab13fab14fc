package chat

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type transferInput struct {
	ServiceID  string `json:"service_id"`
	Department string `json:"department"`
	Note       string `json:"note"`
}

// Transfer moves a chat to another agent or department, or back to the queue.
func (h *Handlers) Transfer(c echo.Context) error {
	id := kit.ChatID(c)
	var in transferInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	chat, err := h.Desk.Transfer(c.Request().Context(), kit.ActorOf(c), id, models.TransferRequest(in))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.MovedChat{Message: text.T(c.Request().Context(), "done.transferred"), Chat: api.ChatOf(chat)}})
}
