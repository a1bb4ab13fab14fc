package web

import (
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/limit"
)

func (s *Server) startSession(c echo.Context) error {
	token, u, err := s.NewAnonymousUser(c)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: struct {
		Token  string `json:"token"`
		UserID string `json:"user_id"`
	}{token, u.ID}})
}

type assignInput struct {
	Message         string `json:"message"`
	ClientMessageID string `json:"client_message_id"`
	Department      string `json:"department"`
	PageURL         string `json:"page_url"`
	PageTitle       string `json:"page_title"`
}

func (s *Server) assign(c echo.Context) error {
	var in assignInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	var got *models.Assignment
	do := func() (err error) {
		got, err = s.Desk.Assign(c.Request().Context(), kit.ActorOf(c).ID, models.AssignRequest(in))
		return err
	}
	err := do
	if in.Message != "" { // a message is a message, whichever way it comes
		err = func() error { return s.RateLimited(c, limit.Send, do) }
	}
	if err := err(); err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: api.AssignmentOf(c.Request().Context(), got)})
}

func (s *Server) queueStatus(c echo.Context) error {
	status, err := s.Desk.QueueStatus(c.Request().Context(), kit.ActorOf(c).ID)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: api.QueueStatusOf(status)})
}

func (s *Server) cancelQueue(c echo.Context) error {
	if err := s.Desk.CancelQueue(c.Request().Context(), kit.ActorOf(c).ID); err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.left_queue")}})
}

type availabilityJSON struct {
	Available   bool   `json:"available"`
	OnlineCount int    `json:"online_count"`
	Message     string `json:"message"`
}

func (s *Server) availability(c echo.Context) error {
	n, err := s.Desk.OnlineCount(c.Request().Context())
	if err != nil {
		return err
	}
	said := text.T(c.Request().Context(), "done.somebody_online", "Count", n)
	if n == 0 {
		said = text.T(c.Request().Context(), "done.nobody_online")
	}
	return s.Respond(c, kit.Result{JSON: availabilityJSON{n > 0, n, said}})
}

func (s *Server) checkAvailability(c echo.Context) error { return s.availability(c) }

func (s *Server) userChats(c echo.Context) error {
	chats, err := s.Desk.ChatsOfUser(c.Request().Context(), kit.ActorOf(c).ID)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: api.Map(chats, api.ChatOf)})
}

// chatFilter reads which of an agent's chats are asked for: status, limit and before.
func chatFilter(c echo.Context) (f models.ChatFilter, err error) {
	f.Status = models.Status(c.QueryParam("status"))
	if f.Limit, err = kit.QueryLimit(c); err != nil {
		return f, err
	}
	f.Before, err = kit.QueryTime(c, "before", time.Time{})
	return f, err
}

func (s *Server) agentChats(c echo.Context) error {
	f, err := chatFilter(c)
	if err != nil {
		return err
	}
	chats, err := s.Desk.ChatsOfAgent(c.Request().Context(), kit.ActorOf(c).ID, f)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: api.Map(chats, api.AgentChatOf)})
}

func (s *Server) stillHere(c echo.Context) error {
	id := kit.ChatID(c)
	if err := s.Desk.StillHere(c.Request().Context(), kit.ActorOf(c), id); err != nil {
		return err
	}
	return s.Respond(c, kit.Result{})
}

type pageInput struct {
	PageURL   string `json:"page_url"`
	PageTitle string `json:"page_title"`
}

// movePage is told when the user goes to another page of the site in the middle of a chat.
func (s *Server) movePage(c echo.Context) error {
	id := kit.ChatID(c)
	var in pageInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if err := s.Desk.MovePage(c.Request().Context(), kit.ActorOf(c), id, in.PageURL, in.PageTitle); err != nil {
		return err
	}
	return s.Respond(c, kit.Result{})
}

type endInput struct {
	Comment string `json:"comment"`
}

func (s *Server) end(c echo.Context) error {
	id := kit.ChatID(c)
	var in endInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	who := kit.ActorOf(c)
	if who.IsUser() {
		in.Comment = "" // a user's words about a chat are the rating
	}
	if _, err := s.Desk.End(c.Request().Context(), who, id, in.Comment); err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.ended")}})
}

type rateInput struct {
	Rating  *float64 `json:"rating"`
	Comment string   `json:"comment"`
}

func (s *Server) rate(c echo.Context) error {
	id := kit.ChatID(c)
	var in rateInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if in.Rating == nil {
		return kit.InvalidField("rating", "required", "Give a rating from 1 to 5.")
	}
	if err := s.Desk.Rate(c.Request().Context(), kit.ActorOf(c), id, *in.Rating, in.Comment); err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.rated")}})
}

type transferInput struct {
	ServiceID  string `json:"service_id"`
	Department string `json:"department"`
	Note       string `json:"note"`
}

func (s *Server) transfer(c echo.Context) error {
	id := kit.ChatID(c)
	var in transferInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	chat, err := s.Desk.Transfer(c.Request().Context(), kit.ActorOf(c), id, models.TransferRequest(in))
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: api.MovedChat{Message: text.T(c.Request().Context(), "done.transferred"), Chat: api.ChatOf(chat)}})
}

func (s *Server) timeoutStatus(c echo.Context) error {
	id := kit.ChatID(c)
	t, err := s.Desk.TimeoutStatus(c.Request().Context(), kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	return s.Respond(c, kit.Result{JSON: struct {
		IsEnded              api.IntBool `json:"is_ended"`
		IsTimeout            api.IntBool `json:"is_timeout"`
		TimeoutAvailable     bool        `json:"timeout_available"`
		LastMessageTime      *api.Time   `json:"last_message_time"`
		TimeSinceLastMessage int         `json:"time_since_last_message"`
	}{api.IntBool(t.IsEnded), api.IntBool(t.IsTimeout), t.IsTimeout, api.OptionalTime(t.LastMessageAt), t.SinceSeconds}})
}
