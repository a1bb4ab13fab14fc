package widget

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	"parley/views/ui"
	"parley/views/widget"
	"parley/web/kit"
	"parley/web/live"
)

// Page serves the panel in the frame, also to a browser without a session. The session begins with the next request of the panel's scripts
// or its plain form, since only that shows whether the browser keeps cookies for the frame. While an identity is required, the page of an
// anonymous user is 403.
func (h *Handlers) Page(c echo.Context) error {
	caller, found, err := h.Guest(c)
	if err != nil {
		return err
	}
	if found {
		c.Set(kit.CallerKey, caller)
	} else if !h.KeepsCookies(c) {
		h.SetCookie(c, kit.FrameProbeCookie, "1", 0)
	}
	p := h.newPanel(c)
	if err := p.load(c.Request().Context()); err != nil {
		return err
	}
	return h.renderPage(c, p, http.StatusOK)
}

// renderPage draws the page of a loaded panel.
func (h *Handlers) renderPage(c echo.Context, p *panel, status int) error {
	ctx := c.Request().Context()
	v, err := p.view(ctx)
	if err != nil {
		return err
	}
	if err := p.addMessages(ctx, &v.Thread, kit.PageBefore(c)); err != nil {
		return err
	}
	if err := p.checkDepartment(ctx, &v); err != nil {
		return err
	}
	frame := h.PublicFrame(c, text.T(ctx, "widget.title_default"), "widget.meta_description")
	frame.Framed, frame.HTMLClass = true, "w-page"
	for _, colour := range []string{p.look.Colour, p.options.Query.Get("colour")} { // the site's page overrides administrators
		if brand, ok := ui.ParseBrand(colour); ok {
			frame.Brand, frame.HTMLClass = brand, "w-page w-brand"
		}
	}
	frame.Scripts, frame.Words = []string{"widget.js"}, widget.Words
	frame.Stream = "/widget/events?last_event_id=" + p.cursor()
	if v.State == widget.Locked {
		status = http.StatusForbidden // the page itself waits for the site to identify the user
	}
	return h.RenderEmbedded(
		c,
		kit.Embedding{Ancestors: append([]string{"'self'"}, h.Desk.AllowedOrigins()...)},
		status,
		widget.Page(frame, v),
	)
}

// EarlierMessages returns the messages of a chat before one, for the scripts of the panel. The panel may show another chat by now.
func (h *Handlers) EarlierMessages(c echo.Context) (templ.Component, error) {
	before, err := kit.QueryBeforeID(c)
	if err != nil {
		return nil, err
	}
	p := h.newPanel(c)
	ctx := c.Request().Context()
	found, err := h.Desk.Chat(ctx, p.user, kit.ChatID(c))
	if err != nil {
		return nil, err
	}
	p.chat = &found.Chat
	var t chat.Thread
	err = p.addMessages(ctx, &t, before)
	return chat.EarlierPage(t), err
}

// Events streams what happens in the user's chat as parts of the page.
func (h *Handlers) Events(c echo.Context) error {
	return h.Stream(c, live.Receiver{View: live.Own, Board: true}, &frameWriter{panel: h.newPanel(c)})
}

// Parts returns the parts of the panel as the response to an action of its scripts, so that its effect shows even while the stream is
// disconnected.
func (h *Handlers) Parts(c echo.Context) (templ.Component, error) {
	p := h.newPanel(c)
	ctx := c.Request().Context()
	if err := p.load(ctx); err != nil {
		return nil, err
	}
	v, err := p.view(ctx)
	return widget.Parts(v), err
}

// Message returns the message that an action of the user changed.
func (h *Handlers) Message(c echo.Context) (templ.Component, error) {
	p := h.newPanel(c)
	ctx := c.Request().Context()
	if err := p.load(ctx); err != nil {
		return nil, err
	}
	bubble, err := p.bubble(ctx, c.Get(kit.MessageKey).(*models.Message))
	return chat.UpdatedBubble(bubble), err
}
