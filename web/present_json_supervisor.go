package web

import (
	"github.com/labstack/echo/v4"

	"parley/models"
)

// supervisedChatJSON is any chat as a supervisor sees it, without its messages.
type supervisedChatJSON struct {
	agentChatJSON
	Service         *serviceJSON    `json:"service"`
	UserEmail       *string         `json:"user_email"`
	PageURL         *string         `json:"page_url"`
	PageTitle       *string         `json:"page_title"`
	EndComment      *string         `json:"end_comment"`
	FirstAssignedAt *moment         `json:"first_assigned_at"`
	FirstResponseAt *moment         `json:"first_response_at"`
	QueueEntry      *queueEntryJSON `json:"queue_entry"`
}

// answerReading answers programs with a chat, its agent, and its place while it waits.
func (s *Server) answerReading(c echo.Context, chat *models.AgentChat) error {
	ctx := c.Request().Context()
	out := supervisedChatJSON{agentChatJSON: agentChatOf(chat), UserEmail: chat.UserEmail, PageURL: chat.PageURL, PageTitle: chat.PageTitle,
		EndComment: chat.EndComment, FirstAssignedAt: momentOf(chat.FirstAssignedAt), FirstResponseAt: momentOf(chat.FirstResponseAt)}
	if id := chat.ServedBy(); id != "" {
		a, err := s.Desk.AgentByID(ctx, id)
		if err != nil {
			return err
		}
		out.Service = serviceOf(a.Card())
	}
	if chat.Status == models.Waiting {
		queue, _, err := s.Desk.Queue(ctx, models.QueueFilter{})
		if err != nil {
			return err
		}
		for i := range queue {
			if queue[i].Chat.ID == chat.ID {
				entry := queueEntryOf(&queue[i])
				out.QueueEntry = &entry
			}
		}
	}
	return s.answer(c, result{JSON: out})
}

// supervisedAgentJSON is an agent as a supervisor sees the agent, with a part of the agent's chats.
type supervisedAgentJSON struct {
	loadJSON
	Role        string          `json:"role"`
	Departments []string        `json:"departments"`
	IsDisabled  flag            `json:"is_disabled"`
	Chats       []agentChatJSON `json:"chats"`
}

// answerReadAgent answers programs with an agent and the chats that status, limit and before ask for.
func (s *Server) answerReadAgent(c echo.Context, a *models.Agent) error {
	f, err := chatFilter(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	chats, err := s.Desk.ChatsOfAgent(ctx, a.ID, f)
	if err != nil {
		return err
	}
	loads, err := s.Desk.Load(ctx)
	if err != nil {
		return err
	}
	load := models.AgentLoad{Agent: *a} // of one who is disabled
	for i := range loads {
		if loads[i].Agent.ID == a.ID {
			load = loads[i]
		}
	}
	return s.answer(c, result{JSON: supervisedAgentJSON{loadJSON: loadOf(&load), Role: string(a.Role), Departments: append([]string{}, a.Departments...),
		IsDisabled: a.DisabledAt != nil, Chats: each(chats, agentChatOf)}})
}
