package chat

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
	"parley/web/kit"
)

// UserChats lists the caller's chats, newest first.
func (h *Handlers) UserChats(c echo.Context) error {
	chats, err := h.Desk.ChatsOfUser(c.Request().Context(), kit.ActorOf(c).ID)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(chats, api.ChatOf)})
}

// AgentChats lists the agent's chats: active ones by their last message, then ended ones.
func (h *Handlers) AgentChats(c echo.Context) error {
	f, err := kit.ChatFilter(c)
	if err != nil {
		return err
	}
	chats, err := h.Desk.ChatsOfAgent(c.Request().Context(), kit.ActorOf(c).ID, f)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(chats, api.AgentChatOf)})
}

type pageInput struct {
	PageURL   string `json:"page_url"`
	PageTitle string `json:"page_title"`
}

// UpdatePage stores the page of the site that the user has opened during a chat.
func (h *Handlers) UpdatePage(c echo.Context) error {
	id := kit.ChatID(c)
	var in pageInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	page := models.Page{URL: in.PageURL, Title: in.PageTitle, OwnOrigin: h.Origin(c)}
	if err := h.Desk.MovePage(c.Request().Context(), kit.ActorOf(c), id, page); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{})
}

// TimeoutStatus responds with how long a chat has been idle and whether it has timed out.
func (h *Handlers) TimeoutStatus(c echo.Context) error {
	id := kit.ChatID(c)
	t, err := h.Desk.TimeoutStatus(c.Request().Context(), kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		IsEnded              api.IntBool `json:"is_ended"`
		IsTimeout            api.IntBool `json:"is_timeout"`
		TimeoutAvailable     bool        `json:"timeout_available"`
		LastMessageTime      *api.Time   `json:"last_message_time"`
		TimeSinceLastMessage int         `json:"time_since_last_message"`
	}{api.IntBool(t.IsEnded), api.IntBool(t.IsTimeout), t.IsTimeout, api.OptionalTime(t.LastMessageAt), t.SinceSeconds}})
}
