package workbench

import (
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
	"parley/web/kit"
)

// LeftMessages lists the messages that users left, as far as the caller may know of them, the latest first.
func (h *Handlers) LeftMessages(c echo.Context) error {
	f, err := kit.ChatFilter(c)
	if err != nil {
		return err
	}
	messages, err := h.Desk.LeftMessages(c.Request().Context(), kit.ActorOf(c), f)
	if err != nil {
		return err
	}
	now := time.Now()
	return h.Respond(c, kit.Result{JSON: api.Map(messages, func(m *models.AgentChat) api.LeftMessage {
		return api.LeftMessageOf(m, h.Desk.ReplyDebt(&m.Chat, now))
	})})
}
