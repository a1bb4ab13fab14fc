package chat

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
	"parley/web/kit"
)

type editInput struct {
	Content string `json:"content"`
}

// EditMessage replaces the text of a message that the caller sent, and answers with the message.
func (h *Handlers) EditMessage(c echo.Context) error {
	var in editInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	m, err := h.Desk.EditMessage(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c), messageID(c), in.Content)
	if err != nil {
		return err
	}
	return h.respondMessage(c, m)
}

// WithdrawMessage takes back a message that the caller sent, and answers with what is left of it.
func (h *Handlers) WithdrawMessage(c echo.Context) error {
	m, err := h.Desk.WithdrawMessage(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c), messageID(c))
	if err != nil {
		return err
	}
	return h.respondMessage(c, m)
}

func (h *Handlers) respondMessage(c echo.Context, m *models.Message) error {
	c.Set(kit.MessageKey, m)
	return h.Respond(c, kit.Result{JSON: h.FileLinks(c).MessageOf(c.Request().Context(), m)})
}

// MessageVersions lists what a message was before it was edited or withdrawn, oldest first.
func (h *Handlers) MessageVersions(c echo.Context) error {
	versions, err := h.Desk.MessageVersions(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c), messageID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(versions, h.FileLinks(c).VersionOf)})
}

// messageID returns the message that the path names, 0 for what is no number and so no message either.
func messageID(c echo.Context) int64 {
	id, err := strconv.ParseInt(c.Param("message_id"), 10, 64)
	if err != nil {
		return 0
	}
	return id
}
