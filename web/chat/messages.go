package chat

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// Messages lists the messages of a chat after an id, or the latest ones before an id, oldest first: 50, or up to 200 by limit. The scripts
// of pages receive the fragment of the route.
func (h *Handlers) Messages(c echo.Context) error {
	id := kit.ChatID(c)
	limit, err := kit.QueryLimit(c)
	if err != nil {
		return err
	}
	after, err := kit.QueryInt(c, "after_id", 0)
	if err != nil {
		return err
	}
	before, err := kit.QueryBeforeID(c)
	if err != nil {
		return err
	}
	if kit.Format(c) != kit.JSON {
		return h.Respond(c, kit.Result{}) // the fragment reads what it draws
	}
	ctx := c.Request().Context()
	var found []models.Message
	if before > 0 {
		found, _, err = h.Desk.MessagesBefore(ctx, kit.ActorOf(c), id, before, limit)
	} else {
		found, err = h.Desk.Messages(ctx, kit.ActorOf(c), id, after, limit)
	}
	if err != nil {
		return err
	}
	links := h.FileLinks(c)
	return h.Respond(c, kit.Result{JSON: api.Map(found, func(m *models.Message) api.Message { return links.MessageOf(ctx, m) })})
}

type sendInput struct {
	Content         string   `json:"content"`
	ClientMessageID *string  `json:"client_message_id"`
	LastSeenID      *kit.Int `json:"last_seen_id"`
	DraftChatID     string   `json:"draft_chat_id"`
	QuickReplies    []string `json:"quick_replies"`
}

// Send stores a message and answers 201, or 200 with the stored message if its client_message_id was used before. With last_seen_id it is
// 409 newer_message if the other side has sent another message since, and with draft_chat_id 409 draft_of_other_chat if that is not this
// chat.
func (h *Handlers) Send(c echo.Context) error {
	id := kit.ChatID(c)
	var in sendInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	key := ""
	if in.ClientMessageID != nil {
		if key = *in.ClientMessageID; key == "" {
			return models.InvalidClientMessageID()
		}
	}
	ctx := c.Request().Context()
	n := models.NewMessage{
		Content: in.Content, ClientMessageID: key, LastSeenID: (*int64)(in.LastSeenID), DraftChatID: in.DraftChatID,
		QuickReplies: in.QuickReplies,
	}
	m, created, err := h.Desk.Send(ctx, kit.ActorOf(c), id, n)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return h.Respond(c, kit.Result{Status: status, JSON: api.MessageOf(ctx, m)})
}

type noteInput struct {
	Content string `json:"content"`
}

// Note stores a note that only agents see and answers 201.
func (h *Handlers) Note(c echo.Context) error {
	id := kit.ChatID(c)
	var in noteInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	m, err := h.Desk.AddNote(ctx, kit.ActorOf(c), id, in.Content)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.MessageOf(ctx, m)})
}

// MarkOneRead confirms that one message was read.
func (h *Handlers) MarkOneRead(c echo.Context) error {
	id := kit.ChatID(c)
	message := messageID(c)
	ctx := c.Request().Context()
	if err := h.Desk.ConfirmOne(ctx, kit.ActorOf(c), id, message, models.Read); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		Message   string `json:"message"`
		MessageID int64  `json:"message_id"`
	}{text.T(ctx, "done.read"), message}})
}

type confirmInput struct {
	UpTo *kit.Int `json:"up_to"`
}

// MarkDelivered confirms that the messages up to one were delivered.
func (h *Handlers) MarkDelivered(c echo.Context) error { return h.confirm(c, models.Delivered) }

// MarkRead confirms that the messages up to one were read.
func (h *Handlers) MarkRead(c echo.Context) error { return h.confirm(c, models.Read) }

// confirm marks the messages of the other side as delivered or read, up to the id in up_to. Without up_to an agent confirms all of them;
// from a user it is 422.
func (h *Handlers) confirm(c echo.Context, status models.MessageStatus) error {
	id := kit.ChatID(c)
	var in confirmInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx, actor := c.Request().Context(), kit.ActorOf(c)
	var marked int
	var err error
	switch {
	case in.UpTo != nil:
		marked, err = h.Desk.Confirm(ctx, actor, id, int64(*in.UpTo), status)
	case actor.IsAgent():
		marked, err = h.Desk.ConfirmAll(ctx, actor, id, status)
	default:
		err = kit.InvalidField("up_to", "required", "Send the id of the last confirmed message as up_to.")
	}
	if err != nil {
		return err
	}
	message := text.T(ctx, "done.delivered")
	if status == models.Read {
		message = text.T(ctx, "done.read")
	}
	return h.Respond(c, kit.Result{JSON: struct {
		Message     string `json:"message"`
		MarkedCount int    `json:"marked_count"`
	}{message, marked}})
}

// Open records that the caller, an agent, has the chat on a screen. It responds with 204.
func (h *Handlers) Open(c echo.Context) error {
	if err := h.Desk.OpenChat(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// Typing announces to the other side that the caller is typing. Nothing is stored.
func (h *Handlers) Typing(c echo.Context) error {
	id := kit.ChatID(c)
	if err := h.Desk.Typing(c.Request().Context(), kit.ActorOf(c), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
