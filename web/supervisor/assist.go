package supervisor

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// Join makes the caller part of an active chat.
func (h *Handlers) Join(c echo.Context) error { return h.assist(c, h.Desk.JoinChat, "done.joined") }

// Leave ends that.
func (h *Handlers) Leave(c echo.Context) error { return h.assist(c, h.Desk.LeaveChat, "done.left") }

// assist does something in a chat and responds with what supervisors do in it then. done is the key of the message.
func (h *Handlers) assist(c echo.Context, do func(context.Context, models.Actor, string) (*models.Chat, error), done string) error {
	ctx := c.Request().Context()
	chat, err := do(ctx, kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.AssistedChatOf(text.T(ctx, done), chat)})
}

// TakeOver moves a chat to the caller; a browser then shows it in the workbench, also after a second click.
func (h *Handlers) TakeOver(c echo.Context) error {
	ctx, actor, id := c.Request().Context(), kit.ActorOf(c), kit.ChatID(c)
	page := "/workbench/chats/" + url.PathEscape(id)
	chat, err := h.Desk.AssignByHand(ctx, actor, id, actor.ID)
	if errors.Is(err, models.ErrAlreadyAssigned) && kit.Format(c) == kit.Page {
		return c.Redirect(http.StatusSeeOther, page)
	}
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{
		JSON: api.MovedChat{Message: text.T(ctx, "done.taken_over"), Chat: api.ChatOf(chat)}, Redirect: page,
	})
}

// Flags lists why chats need a supervisor.
func (h *Handlers) Flags(c echo.Context) error {
	ctx := c.Request().Context()
	flags, err := h.Desk.Flags(ctx, kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(flags, api.FlagOf(ctx))})
}

type dismissFlagInput struct {
	Kind string `json:"kind"`
}

// DismissFlag removes a flag of a chat from the list; a raised hand is lowered.
func (h *Handlers) DismissFlag(c echo.Context) error {
	var in dismissFlagInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Desk.DismissFlag(ctx, kit.ActorOf(c), kit.ChatID(c), models.FlagKind(in.Kind)); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		Message string `json:"message"`
	}{text.T(ctx, "done.flag_dismissed")}})
}
