package widget

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	view "parley/views/widget"
	"parley/web/kit"
	"parley/web/limit"
	"parley/web/present"
)

// A link in an e-mail continues a chat on a page of its own. The token in its address is all that counts: the page
// begins no session and reads none, so the browser is not signed in anywhere by it, and a user who is signed in stays so.
// The token is checked by each request again.

// continued is a chat that a link continues.
type continued struct {
	token string
	chat  *models.Chat
	actor models.Actor // its user, for this chat only
}

func (h *Handlers) continued(c echo.Context) (*continued, error) {
	header := c.Response().Header()
	header.Set("X-Robots-Tag", "noindex")
	header.Set("Referrer-Policy", "no-referrer")
	token := c.Param("token")
	found, err := h.Desk.ChatByContinueToken(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	return &continued{token, found, models.UserActor(found.UserID)}, nil
}

// Continue shows a chat by the link of an e-mail.
func (h *Handlers) Continue(c echo.Context) error {
	ctx := c.Request().Context()
	found, err := h.continued(c)
	switch {
	case errors.Is(err, models.ErrContinueLinkInvalid), errors.Is(err, models.ErrContinueLinkExpired):
		return h.Render(c, http.StatusNotFound, view.ContinueClosed(h.continueFrame(c), text.T(ctx, "continue.invalid")))
	case err != nil:
		return err
	}
	page, err := h.continueView(c, found, "", "")
	if err != nil {
		return err
	}
	page.IsAsked = c.QueryParam("asked") != ""
	return h.Render(c, http.StatusOK, view.ContinuePage(page))
}

// ContinueSend sends a message of the user by the link of an e-mail.
func (h *Handlers) ContinueSend(c echo.Context) error {
	var in sendByLink
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	found, err := h.continued(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.allowContinued(c, found); err != nil {
		return err
	}
	_, _, err = h.Desk.Send(ctx, found.actor, found.chat.ID, models.NewMessage{Content: in.Content, ClientMessageID: in.Key})
	if errors.Is(err, models.ErrChatEnded) { // what was typed can be asked again
		if found, err = h.continued(c); err != nil {
			return err
		}
		return h.redrawContinued(c, found, http.StatusConflict, in.Content, text.T(ctx, "continue.ended_meanwhile"))
	}
	return h.sentByLink(c, found, in, found.token, err)
}

// ContinueAsk asks again by the link of a chat that has ended.
func (h *Handlers) ContinueAsk(c echo.Context) error {
	var in sendByLink
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	found, err := h.continued(c)
	if err != nil {
		return err
	}
	if err := h.allowContinued(c, found); err != nil {
		return err
	}
	token, err := h.Desk.AskAgain(c.Request().Context(), found.token, models.NewMessage{Content: in.Content, ClientMessageID: in.Key})
	return h.sentByLink(c, found, in, token, err)
}

// allowContinued limits what is written by links of a chat.
func (h *Handlers) allowContinued(c echo.Context, found *continued) error {
	allowance := h.Limits.Allow(c.Request().Context(), limit.Claim{Action: limit.Send, Who: "continue:" + found.chat.ID})
	if !allowance.OK {
		return kit.TooMany(allowance)
	}
	return nil
}

// sentByLink leads to where a message was sent: the link with a token or, without one, back with a note. A text that is refused
// is kept.
func (h *Handlers) sentByLink(c echo.Context, found *continued, in sendByLink, token string, err error) error {
	var refused *models.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == models.Invalid:
		return h.redrawContinued(c, found, http.StatusUnprocessableEntity, in.Content, kit.ProblemOf(c.Request().Context(), err).Detail)
	case err != nil:
		return err
	case token == "":
		return c.Redirect(http.StatusSeeOther, h.BasePath()+"/continue/"+found.token+"?asked=1")
	}
	return c.Redirect(http.StatusSeeOther, h.BasePath()+"/continue/"+token)
}

func (h *Handlers) redrawContinued(c echo.Context, found *continued, status int, typed, fault string) error {
	page, err := h.continueView(c, found, typed, fault)
	if err != nil {
		return err
	}
	return h.Render(c, status, view.ContinuePage(page))
}

type sendByLink struct {
	Content string `json:"content"`
	Key     string `json:"client_message_id"`
}

// ContinueRead marks everything as read and draws the conversation again. The script of the page calls it while the
// page is visible, so what is read here is not mailed; a program that only fetches the address reads nothing.
func (h *Handlers) ContinueRead(c echo.Context) error {
	found, err := h.continued(c)
	if err != nil {
		return err
	}
	if found.chat.UnreadByUser > 0 {
		if _, err := h.Desk.ConfirmAll(c.Request().Context(), found.actor, found.chat.ID, models.Read); err != nil {
			return err
		}
	}
	return h.Respond(c, kit.Result{
		Redirect: h.BasePath() + "/continue/" + found.token,
		Fragment: func() (templ.Component, error) {
			page, err := h.continueView(c, found, "", "")
			return chat.ThreadLog(page.Thread), err
		},
	})
}

// maxContinued is how many messages the page shows, the latest ones.
const maxContinued = models.MaxLimit

func (h *Handlers) continueFrame(c echo.Context) view.ContinueFrame {
	ctx := c.Request().Context()
	site := h.Desk.Settings().MailName
	if site == "" {
		site = text.T(ctx, "mail.site")
	}
	frame := view.ContinueFrame{
		Page: h.PublicFrame(c, text.T(ctx, "continue.title", "Site", site), "continue.meta_description"),
		Site: site,
	}
	frame.Scripts = []string{"continue.js"}
	return frame
}

func (h *Handlers) continueView(c echo.Context, found *continued, typed, fault string) (view.Continue, error) {
	ctx := c.Request().Context()
	page := view.Continue{
		ContinueFrame: h.continueFrame(c), Path: "/continue/" + found.token, Key: rand.Text(), Typed: typed, Error: fault,
		Thread: chat.Thread{ChatID: found.chat.ID, Label: text.T(ctx, "continue.thread"), Me: chat.FromUser},
	}
	page.HasEnded, page.Email = !found.chat.IsOpen(), present.Deref(found.chat.ContactEmail)
	page.CanAsk = page.HasEnded && page.Email != "" && h.Desk.Settings().Messages
	messages, _, err := h.Desk.MessagesBefore(ctx, found.actor, found.chat.ID, 0, maxContinued)
	if err != nil {
		return page, err
	}
	p := &panel{desk: h.Desk, links: h.PageFileLinks(), agents: map[string]*models.Agent{}}
	for i := range messages {
		line, err := p.continuedLine(ctx, &messages[i])
		if err != nil {
			return page, err
		}
		page.Thread.Messages = append(page.Thread.Messages, line)
	}
	return page, nil
}

// continuedLine is a message on the page of a link, on which nothing can be edited.
func (p *panel) continuedLine(ctx context.Context, m *models.Message) (chat.Message, error) {
	line, err := p.bubble(ctx, m)
	line.ChangeUntil, line.To = time.Time{}, ""
	return line, err
}
