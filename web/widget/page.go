package widget

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/views/chat"
	"parley/views/text"
	"parley/views/ui"
	"parley/views/widget"
	"parley/web/kit"
	"parley/web/live"
)

// Page is the panel in the frame. Whoever comes without a session sees it too; the session begins with what the panel's scripts, or
// its plain form, ask for next, since only then it is known whether the browser keeps cookies for the frame.
func (h *Handlers) Page(c echo.Context) error {
	who, found, err := h.Guest(c)
	if err != nil {
		return err
	}
	if found {
		c.Set(kit.CallerKey, who)
	} else if !h.KeepsCookies(c) {
		h.SetCookie(c, kit.ProbeCookie, "1", 0)
	}
	ctx := c.Request().Context()
	p := h.newPanel(c)
	if err := p.read(ctx); err != nil {
		return err
	}
	v, err := p.view(ctx)
	if err != nil {
		return err
	}
	if err := p.withMessages(ctx, &v.Thread, kit.EarlierThan(c)); err != nil {
		return err
	}
	if err := p.withDepartment(ctx, &v); err != nil {
		return err
	}
	frame := h.PublicFrame(c, text.T(ctx, "widget.title_default"), "widget.meta_description")
	frame.Framed, frame.HTMLClass = true, "w-page"
	if brand, ok := ui.ParseBrand(p.visit.Query.Get("colour")); ok {
		frame.Brand, frame.HTMLClass = brand, "w-page w-brand"
	}
	frame.Scripts, frame.Words = []string{"widget.js"}, widget.Words
	frame.Stream = "/widget/events?last_event_id=" + p.cursor()
	status := http.StatusOK
	if v.State == widget.Locked {
		status = http.StatusForbidden // in words: it waits for the site to say who it is
	}
	return h.RenderEmbedded(c, kit.Embedding{Sites: append([]string{"'self'"}, h.Desk.AllowedOrigins()...)}, status, widget.Page(frame, v))
}

// Earlier draws for the scripts of the panel what a chat has before a message. It may be one that the panel shows no more.
func (h *Handlers) Earlier(c echo.Context) (templ.Component, error) {
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
	err = p.withMessages(ctx, &t, before)
	return chat.EarlierPage(t), err
}

// Events is what happens in the user's chat, live, as parts of the page.
func (h *Handlers) Events(c echo.Context) error {
	return h.Stream(c, live.Receiver{View: live.Own, Board: true}, &frameWriter{panel: h.newPanel(c)})
}

// Parts are what the scripts of the panel get of an action, so that its effect is seen even while the stream is away.
func (h *Handlers) Parts(c echo.Context) (templ.Component, error) {
	p := h.newPanel(c)
	ctx := c.Request().Context()
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	v, err := p.view(ctx)
	return widget.Parts(v), err
}
