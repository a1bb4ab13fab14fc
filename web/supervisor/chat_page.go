package supervisor

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/present"
)

// Chat is one chat, read only, with what a supervisor may do to it.
func (h *Handlers) Chat(c echo.Context) error {
	id := kit.ChatID(c)
	ctx := c.Request().Context()
	found, err := h.Desk.Chat(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.answerChat(c, found)
	}
	before := kit.EarlierThan(c)
	messages, hasEarlier, err := h.Desk.MessagesBefore(ctx, kit.ActorOf(c), id, before, present.ThreadMessages)
	if err != nil {
		return err
	}
	b, err := h.readBoard(ctx, boardFilter{all: true}, nil)
	if err != nil {
		return err
	}
	people, err := h.Desk.Agents(ctx)
	if err != nil {
		return err
	}
	page := b.chatPage(ctx, found, messages, people, h.PageFileLinks())
	page.Thread.History.Before, page.Thread.History.HasEarlier = before, hasEarlier
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, http.StatusOK, view.OneChatParts(page))
	}
	page.Frame = h.StaffFrame(c, "live", text.T(ctx, "supervisor.chat.title", "Name", found.UserName))
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor."}
	return h.Render(c, http.StatusOK, view.OneChatPage(page))
}

// Earlier draws for the scripts of the page what a chat has before a message.
func (h *Handlers) Earlier(c echo.Context) (templ.Component, error) {
	before, err := kit.QueryBeforeID(c)
	if err != nil {
		return nil, err
	}
	ctx, id := c.Request().Context(), kit.ChatID(c)
	found, err := h.Desk.Chat(ctx, kit.ActorOf(c), id)
	if err != nil {
		return nil, err
	}
	messages, hasEarlier, err := h.Desk.MessagesBefore(ctx, kit.ActorOf(c), id, before, present.ThreadMessages)
	if err != nil {
		return nil, err
	}
	people, err := h.Desk.Agents(ctx)
	if err != nil {
		return nil, err
	}
	t := threadOf(ctx, found, messages, agentNames(people), h.PageFileLinks())
	t.History.Before, t.History.HasEarlier = before, hasEarlier
	return chat.EarlierPage(t), nil
}

// Agent lists the chats of one agent.
func (h *Handlers) Agent(c echo.Context) error {
	a, err := h.AgentFromPath(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if kit.Format(c) == kit.JSON {
		return h.answerAgent(c, a)
	}
	chats, err := h.Desk.ChatsOfAgent(ctx, a.ID, models.ChatFilter{})
	if err != nil {
		return err
	}
	b, err := h.readBoard(ctx, boardFilter{}, nil)
	if err != nil {
		return err
	}
	page := b.agentPage(ctx, a, chats)
	page.Frame = h.StaffFrame(c, "live", a.Name)
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor."}
	return h.Render(c, http.StatusOK, view.OneAgentPage(page))
}
