package chat

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type handOverInput struct {
	Note       string `json:"note"`
	Department string `json:"department"`
}

// HandOverToPerson hands a chat that a bot has over to a person.
func (h *Handlers) HandOverToPerson(c echo.Context) error {
	var in handOverInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	chat, err := h.Desk.HandOverToPerson(ctx, kit.ActorOf(c), kit.ChatID(c), models.HandOverRequest(in))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.MovedChat{Message: text.T(ctx, "system.handed_over"), Chat: api.ChatOf(chat)}})
}

// AskForPerson hands a chat over because its user asks for a person instead of the bot.
func (h *Handlers) AskForPerson(c echo.Context) error {
	ctx := c.Request().Context()
	chat, err := h.Desk.AskForPerson(ctx, kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.MovedChat{Message: text.T(ctx, "system.handed_over"), Chat: api.ChatOf(chat)}})
}

// FindCannedReplies returns the canned replies that have words of a question.
func (h *Handlers) FindCannedReplies(c echo.Context) error {
	limit, err := kit.QueryLimit(c)
	if err != nil {
		return err
	}
	actor := kit.ActorOf(c)
	found, err := h.Desk.FindCannedReplies(c.Request().Context(), actor, c.QueryParam("text"), limit)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(found, func(r *models.FoundReply) api.FoundReply { return api.FoundReplyOf(r, actor) })})
}
