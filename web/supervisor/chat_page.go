package supervisor

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/present"
)

// Chat shows one chat, read-only, with the actions of a supervisor.
func (h *Handlers) Chat(c echo.Context) error {
	id := kit.ChatID(c)
	ctx := c.Request().Context()
	chat, err := h.Desk.Chat(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.respondChat(c, chat)
	}
	messages, err := h.Desk.LatestMessages(ctx, kit.ActorOf(c), id, present.ThreadMessages)
	if err != nil {
		return err
	}
	b, err := h.readBoard(ctx, boardFilter{showAll: true}, nil)
	if err != nil {
		return err
	}
	agents, err := h.Desk.Agents(ctx)
	if err != nil {
		return err
	}
	page := b.chatPage(ctx, chat, messages, agents, h.PageFileLinks())
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, http.StatusOK, view.OneChatParts(page))
	}
	page.Frame = h.AgentFrame(c, "live", text.T(ctx, "supervisor.chat.title", "Name", chat.UserName))
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor."}
	return h.Render(c, http.StatusOK, view.OneChatPage(page))
}

// Agent shows an agent with its active and its latest ended chats.
func (h *Handlers) Agent(c echo.Context) error {
	a, err := h.AgentFromPath(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if kit.Format(c) == kit.JSON {
		return h.respondAgent(c, a)
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
	changes, err := h.Desk.PresenceHistory(ctx, kit.ActorOf(c), a.ID, b.readAt.Add(-timelinePeriod), b.readAt.Add(time.Minute), maxTimeline)
	if err != nil {
		return err
	}
	page.Timeline = timelineOf(ctx, a, changes, b.readAt)
	page.Frame = h.AgentFrame(c, "live", a.Name)
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor."}
	return h.Render(c, http.StatusOK, view.OneAgentPage(page))
}
