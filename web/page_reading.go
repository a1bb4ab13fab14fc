package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/present"
)

// readingPage is one chat, read only, with what a supervisor may do to it.
func (s *Server) readingPage(c echo.Context) error {
	id := kit.ChatID(c)
	ctx := c.Request().Context()
	chat, err := s.Desk.Chat(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return s.answerReading(c, chat)
	}
	messages, err := s.Desk.LatestMessages(ctx, kit.ActorOf(c), id, present.ThreadMessages)
	if err != nil {
		return err
	}
	h, err := s.readHouse(ctx, houseFilter{whole: true}, nil)
	if err != nil {
		return err
	}
	people, err := s.Desk.Agents(ctx)
	if err != nil {
		return err
	}
	page := h.reading(ctx, chat, messages, people, s.PageFileLinks())
	page.Frame = s.StaffFrame(c, "live", text.T(ctx, "supervisor.chat.title", "Name", chat.UserName))
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor."}
	return s.Render(c, http.StatusOK, view.OneChatPage(page))
}

// agentPage lists the chats of one agent.
func (s *Server) agentPage(c echo.Context) error {
	a, err := s.person(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if kit.Format(c) == kit.JSON {
		return s.answerReadAgent(c, a)
	}
	chats, err := s.Desk.ChatsOfAgent(ctx, a.ID, models.ChatFilter{})
	if err != nil {
		return err
	}
	h, err := s.readHouse(ctx, houseFilter{}, nil)
	if err != nil {
		return err
	}
	page := h.agentChats(ctx, a, chats)
	page.Frame = s.StaffFrame(c, "live", a.Name)
	page.Frame.Scripts = []string{"supervisor.js"}
	page.Frame.Words = []string{"supervisor."}
	return s.Render(c, http.StatusOK, view.OneAgentPage(page))
}
