package admin

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

// MailPage shows the state of e-mail and lists what was not sent.
func (h *Handlers) MailPage(c echo.Context) error {
	ctx := c.Request().Context()
	failed, delayed, err := h.Desk.UnsentMails(ctx, kit.ActorOf(c))
	if err != nil {
		return err
	}
	figures, err := h.Desk.MailFigures(ctx)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.MailStateOf(ctx, h.Desk.CanMail(), figures, failed, delayed)})
	}
	page := view.Mail{
		Frame: h.AdminFrame(c, "mail", text.T(ctx, "admin.mail.title")), IsConfigured: h.Desk.CanMail(), Waiting: figures.Waiting,
	}
	if figures.IsFailing {
		page.Trouble = api.MailReason(ctx, figures.Reason)
	}
	row := func(m *models.OutgoingMail) view.MailRow {
		r := view.MailRow{
			ID:       m.ID,
			Kind:     string(m.Kind),
			To:       m.Recipient,
			ChatID:   m.ChatID,
			Reason:   api.MailReason(ctx, m.Error),
			Reply:    present.Deref(m.Reply),
			Attempts: m.Attempts,
			At:       m.CreatedAt,
		}
		r.IsSending = m.IsBeingSent() && m.DueAt.After(time.Now())
		if m.AttemptedAt != nil {
			r.At = *m.AttemptedAt
		}
		if m.State != models.MailFailed && m.DueAt.After(time.Now()) {
			r.NextAt = &m.DueAt
		}
		return r
	}
	page.Failed, page.Delayed = api.Map(failed, row), api.Map(delayed, row)
	return h.Render(c, http.StatusOK, view.MailPage(page))
}

// RetryMail has a mail sent again.
func (h *Handlers) RetryMail(c echo.Context) error {
	if err := h.Desk.RetryMail(c.Request().Context(), kit.ActorOf(c), c.Param("mail_id")); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.mail_retried")}, Redirect: "/admin/mail"})
}
