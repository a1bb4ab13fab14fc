package workbench

import (
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	"parley/web/api"
	"parley/web/kit"
)

// Mail responds with the e-mail of which a message was made: scripts get it drawn below the message, a plain link opens its text.
func (h *Handlers) Mail(c echo.Context) error {
	messageID, _ := strconv.ParseInt(c.Param("message_id"), 10, 64) // 0, which no message has, if it is no number
	m, err := h.Desk.MailOf(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c), messageID)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.Page {
		return c.String(http.StatusOK, m.Content)
	}
	return h.Respond(c, kit.Result{JSON: api.EmailOf(m), Fragment: func() (templ.Component, error) {
		return chat.MailPart(mailView(m, messageID)), nil
	}})
}

func mailView(m *models.ReceivedMail, messageID int64) chat.Mail {
	view := chat.Mail{MessageID: messageID, Subject: m.Subject, From: m.FromEmail, Text: m.Content}
	if m.FromName != "" {
		view.From = m.FromName + " <" + m.FromEmail + ">"
	}
	if m.IsFromOther() {
		view.Expected = m.Expected
	}
	return view
}
