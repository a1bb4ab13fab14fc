package supervisor

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
	"parley/web/kit"
)

// respondChat responds with the JSON of a chat, with its agent and, while it waits, its entry in the queue.
func (h *Handlers) respondChat(c echo.Context, chat *models.AgentChat) error {
	ctx := c.Request().Context()
	out := api.SupervisedChat{
		AgentChat: api.AgentChatOf(chat), UserEmail: chat.UserEmail, PageURL: chat.PageURL, PageTitle: chat.PageTitle,
		EndComment: chat.EndComment, FirstAssignedAt: api.OptionalTime(chat.FirstAssignedAt),
		FirstResponseAt: api.OptionalTime(chat.FirstResponseAt),
	}
	answers, err := h.Desk.AnswersOf(ctx, &chat.Chat)
	if err != nil {
		return err
	}
	out.Answers = api.Map(answers, api.AnswerOf)
	if id := chat.ServedBy(); id != "" {
		a, err := h.Desk.AgentByID(ctx, id)
		if err != nil {
			return err
		}
		out.Service = api.ServiceOf(a.Card())
	}
	if chat.Status == models.Waiting {
		var queue []models.QueueEntry
		var err error
		if chat.IsMessage() {
			queue, err = h.Desk.WaitingMessages(ctx, models.QueueFilter{})
		} else {
			queue, _, err = h.Desk.Queue(ctx, models.QueueFilter{})
		}
		if err != nil {
			return err
		}
		for i := range queue {
			if queue[i].Chat.ID == chat.ID {
				entry := api.QueueEntryOf(&queue[i])
				out.QueueEntry = &entry
			}
		}
	}
	return h.Respond(c, kit.Result{JSON: out})
}

// respondAgent responds with the JSON of an agent and its chats, filtered by status, limit and before.
func (h *Handlers) respondAgent(c echo.Context, a *models.Agent) error {
	f, err := kit.ChatFilter(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	chats, err := h.Desk.ChatsOfAgent(ctx, a.ID, f)
	if err != nil {
		return err
	}
	loads, err := h.Desk.Load(ctx)
	if err != nil {
		return err
	}
	load := models.AgentLoad{Agent: *a} // Load leaves out disabled agents
	for i := range loads {
		if loads[i].Agent.ID == a.ID {
			load = loads[i]
		}
	}
	return h.Respond(c, kit.Result{JSON: api.SupervisedAgent{
		AgentLoad: api.LoadOf(&load), Role: string(a.Role),
		Departments: append([]string{}, a.Departments...),
		IsDisabled:  a.DisabledAt != nil, Chats: api.Map(chats, api.AgentChatOf),
	}})
}
