package chat

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/limit"
)

// StartSession creates an anonymous user and responds with the token of the session.
func (h *Handlers) StartSession(c echo.Context) error {
	token, u, err := h.NewAnonymousUser(c)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
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

	Site    string            `json:"site"`
	Answers map[string]string `json:"answers"`
}

// Assign starts a chat: with the online agent who has the lowest load, otherwise in the queue. A first message counts as a message for the
// rate limit.
func (h *Handlers) Assign(c echo.Context) error {
	var in assignInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	answers, err := answersOf(c, in.Answers)
	if err != nil {
		return err
	}
	var got *models.Assignment
	assign := func() (err error) {
		got, err = h.Desk.Assign(c.Request().Context(), kit.ActorOf(c).ID, models.AssignRequest{
			Message: in.Message, ClientMessageID: in.ClientMessageID, Department: in.Department,
			PageURL: in.PageURL, PageTitle: in.PageTitle, OwnOrigin: h.Origin(c),
			Site: siteOf(c, in.Site), Answers: answers,
		})
		return err
	}
	if in.Message == "" {
		err = assign()
	} else {
		err = h.RateLimited(c, limit.Send, assign)
	}
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.AssignmentOf(c.Request().Context(), got)})
}

type messageInput struct {
	Email           string  `json:"email"`
	Name            string  `json:"name"`
	Message         string  `json:"message"`
	ClientMessageID string  `json:"client_message_id"`
	Consent         kit.Int `json:"consent"` // 0 or 1
	Locale          string  `json:"locale"`
	Department      string  `json:"department"`
	PageURL         string  `json:"page_url"`
	PageTitle       string  `json:"page_title"`

	Site    string            `json:"site"`
	Answers map[string]string `json:"answers"`
}

// LeaveMessage makes the waiting chat of the caller a message, or starts one: its answer goes to the caller by e-mail.
func (h *Handlers) LeaveMessage(c echo.Context) error {
	var in messageInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if in.Consent != 0 && in.Consent != 1 {
		return kit.InvalidField("consent", "out_of_bounds", "consent must be 0 or 1.")
	}
	answers, err := answersOf(c, in.Answers)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	got, err := h.Desk.LeaveMessage(ctx, kit.ActorOf(c).ID, models.LeaveMessage{
		Email: in.Email, Name: in.Name, Message: in.Message, ClientMessageID: in.ClientMessageID, Consent: in.Consent == 1,
		Locale: in.Locale, Department: in.Department, PageURL: in.PageURL, PageTitle: in.PageTitle, OwnOrigin: h.Origin(c),
		Site: siteOf(c, in.Site), Answers: answers,
	})
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.AssignmentOf(ctx, got)})
}

// StillHere restarts the idle timer of an active chat without a message.
func (h *Handlers) StillHere(c echo.Context) error {
	id := kit.ChatID(c)
	if err := h.Desk.KeepAlive(c.Request().Context(), kit.ActorOf(c), id); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{})
}
