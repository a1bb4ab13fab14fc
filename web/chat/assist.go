package chat

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type raiseHandInput struct {
	Line string `json:"line"`
}

// RaiseHand asks supervisors for help with a chat of the caller.
func (h *Handlers) RaiseHand(c echo.Context) error {
	id := kit.ChatID(c)
	var in raiseHandInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	chat, err := h.Desk.RaiseHand(c.Request().Context(), kit.ActorOf(c), id, in.Line)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.AssistedChatOf(text.T(c.Request().Context(), "done.hand_raised"), chat)})
}

// LowerHand takes back a raised hand.
func (h *Handlers) LowerHand(c echo.Context) error {
	chat, err := h.Desk.LowerHand(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.AssistedChatOf(text.T(c.Request().Context(), "done.hand_lowered"), chat)})
}

type whisperInput struct {
	Content         string  `json:"content"`
	ClientMessageID *string `json:"client_message_id"`
}

// Whisper stores a whisper of a supervisor and answers 201, or 200 with the stored one if its client_message_id was used before.
func (h *Handlers) Whisper(c echo.Context) error { return h.whisper(c, h.Desk.Whisper) }

// AnswerWhisper stores the answer of the chat's agent, and is otherwise like Whisper.
func (h *Handlers) AnswerWhisper(c echo.Context) error { return h.whisper(c, h.Desk.AnswerWhisper) }

type whisperFunc func(context.Context, models.Actor, string, models.NewWhisper) (*models.Message, bool, error)

func (h *Handlers) whisper(c echo.Context, store whisperFunc) error {
	id := kit.ChatID(c)
	var in whisperInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	w := models.NewWhisper{Content: in.Content}
	if in.ClientMessageID != nil {
		if w.ClientMessageID = *in.ClientMessageID; w.ClientMessageID == "" {
			return models.InvalidClientMessageID()
		}
	}
	ctx := c.Request().Context()
	m, created, err := store(ctx, kit.ActorOf(c), id, w)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return h.Respond(c, kit.Result{Status: status, JSON: api.MessageOf(ctx, m)})
}
