package supervisor

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/present"
)

// Chat is one chat, read only, with what a supervisor may do to it.
func (h *Handlers) Chat(c echo.Context) error {
	id := kit.ChatID(c)
	ctx := c.Request().Context()
	chat, err := h.Desk.Chat(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.answerChat(c, chat)
	}
	messages, err := h.Desk.LatestMessages(ctx, kit.ActorOf(c), id, present.ThreadMessages)
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
	page := b.chatPage(ctx, chat, messages, people, h.PageFileLinks())
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, http.StatusOK, view.OneChatParts(page))
	}
	page.Frame = h.StaffFrame(c, "live", text.T(ctx, "supervisor.chat.title", "Name", chat.UserName))
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor."}
	return h.Render(c, http.StatusOK, view.OneChatPage(page))
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
