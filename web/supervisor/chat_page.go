package supervisor

import (
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/present"
)

// Chat shows one chat, read-only, with the actions of a supervisor.
func (h *Handlers) Chat(c echo.Context) error {
	id := kit.ChatID(c)
	ctx, readAt := c.Request().Context(), time.Now()
	found, err := h.Desk.Chat(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.respondChat(c, found)
	}
	before, err := h.PageWith(c, present.ThreadMessages)
	if err != nil {
		return err
	}
	messages, hasEarlier, err := h.Desk.MessagesBefore(ctx, kit.ActorOf(c), id, before, present.ThreadMessages)
	if err != nil {
		return err
	}
	versions, err := h.versionsOf(c, id, messages)
	if err != nil {
		return err
	}
	b, err := h.readBoard(ctx, boardFilter{showAll: true}, known{})
	if err != nil {
		return err
	}
	agents, err := h.Desk.AgentsAndBots(ctx)
	if err != nil {
		return err
	}
	answers, err := h.Desk.AnswersOf(ctx, &found.Chat)
	if err != nil {
		return err
	}
	page := b.chatPage(ctx, found, messages, versions, agents, present.Answers(ctx, answers), h.PageFileLinks())
	page.Thread.History.Before, page.Thread.History.HasEarlier = before, hasEarlier
	if page.HandOver, err = present.HandOver(ctx, h.Desk, kit.ActorOf(c), id); err != nil {
		return err
	}
	page.Assist = assistView(ctx, kit.ActorOf(c), kit.CSRFToken(c), found, agentNames(agents))
	page.CanWrapUp = found.Status == models.Ended && !h.Desk.WrapUpLists(&found.Chat).IsEmpty()
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, http.StatusOK, view.OneChatParts(page))
	}
	page.Frame = h.AgentFrame(c, "live", text.T(ctx, "supervisor.chat.title", "Name", found.UserName))
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor.", "chat.file.", "workbench.write.not_to_note"}
	if found.IsOpen() {
		page.Frame.Stream = watchURL(ctx, &found.Chat, readAt)
	}
	return h.Render(c, http.StatusOK, view.OneChatPage(page))
}

// EarlierMessages returns the messages of a chat before one, for the scripts of its page.
func (h *Handlers) EarlierMessages(c echo.Context) (templ.Component, error) {
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
	versions, err := h.versionsOf(c, id, messages)
	if err != nil {
		return nil, err
	}
	agents, err := h.Desk.AgentsAndBots(ctx)
	if err != nil {
		return nil, err
	}
	t := threadOf(ctx, found, messages, versions, agentNames(agents), h.PageFileLinks())
	t.History.Before, t.History.HasEarlier = before, hasEarlier
	return chat.EarlierPage(t), nil
}

// versionsOf returns the earlier versions of the messages of a chat by id. If none of these messages was changed, it reads nothing.
func (h *Handlers) versionsOf(c echo.Context, chatID string, messages []models.Message) (map[int64][]models.MessageVersion, error) {
	if !slices.ContainsFunc(messages, func(m models.Message) bool { return m.ChangedVersion > 0 }) {
		return map[int64][]models.MessageVersion{}, nil
	}
	return h.Desk.ChatVersions(c.Request().Context(), kit.ActorOf(c), chatID)
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
	b, err := h.readBoard(ctx, boardFilter{}, known{})
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
	page.Frame.Words = []string{"supervisor.", "chat.file.", "workbench.write.not_to_note"}
	return h.Render(c, http.StatusOK, view.OneAgentPage(page))
}
