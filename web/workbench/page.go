package workbench

import (
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/kit"
	"parley/web/live"
	"parley/web/present"
)

// Page shows the agent's list without an open chat.
func (h *Handlers) Page(c echo.Context) error {
	b, err := h.readWorkbench(c)
	if err != nil {
		return err
	}
	return h.renderWorkbench(c, http.StatusOK, b, nil)
}

// Chat shows the list with one open chat; ?dialog= opens a dialog of it. A chat that the agent may not see is 404.
func (h *Handlers) Chat(c echo.Context) error {
	id := kit.ChatID(c)
	b, err := h.readWorkbench(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	dialog := c.QueryParam("dialog")
	if kit.Format(c) == kit.Fragment && (dialog == "end" || dialog == "wrap-up") {
		return h.wrapUpFragment(c, b, id, dialog)
	}
	if dialog == "transfer" && kit.Format(c) == kit.Fragment {
		t, err := b.transfer(ctx, id)
		if err != nil {
			return err
		}
		return h.Render(c, http.StatusOK, view.TransferDialog(*t, false))
	}
	before, err := h.PageWith(c, present.ThreadMessages)
	if err != nil {
		return err
	}
	open, err := b.open(ctx, id, dialog, before)
	if err != nil {
		return err
	}
	if f := earlierQuery(c); f != (earlierFilter{}) {
		open.User.Earlier = nil
		if err := b.addEarlier(ctx, &open.User, f); err != nil {
			return err
		}
	}
	return h.renderWorkbench(c, http.StatusOK, b, open)
}

// renderWorkbench renders the page, or for its scripts only the part next to the list.
func (h *Handlers) renderWorkbench(c echo.Context, status int, b *workbench, open *view.OpenChat) error {
	ctx := c.Request().Context()
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, status, view.Beside(open, b.empty()))
	}
	title := text.T(ctx, "workbench.title")
	list := b.list()
	if open != nil {
		title = text.T(ctx, "workbench.title_chat", "Name", open.Head.Name)
		list.Current = open.Head.ChatID
	}
	frame := h.AgentFrame(c, "workbench", title)
	frame.Scripts = []string{"workbench.js"}
	frame.Words = []string{"workbench."}
	frame.StreamShare = "parley.workbench"
	frame.Stream = "/workbench/events?last_event_id=" + b.cursor()
	return h.Render(c, status, view.Workbench(view.Page{
		Frame: frame, HasAssistant: h.Assistant != nil, PresenceTimeout: h.Desk.Settings().PresenceTimeout,
		InputInterval: live.InputInterval(h.Desk.Settings()),
		Reminders:     b.reminders(),
		Closing:       b.closing(),
		Me:            b.me(), Queue: b.queueSummary(), List: list, Offers: b.offerCards(ctx), Open: open, Empty: b.empty(),
	}))
}

// EarlierMessages returns the messages of a chat before one, for the scripts of the page.
func (h *Handlers) EarlierMessages(c echo.Context) (templ.Component, error) {
	before, err := kit.QueryBeforeID(c)
	if err != nil {
		return nil, err
	}
	b := &workbench{desk: h.Desk, links: h.PageFileLinks(), at: time.Now(), self: kit.AgentOf(c)}
	ctx, id := c.Request().Context(), kit.ChatID(c)
	found, err := b.desk.Chat(ctx, b.actor(), id)
	if err != nil {
		return nil, err
	}
	messages, hasEarlier, err := b.desk.MessagesBefore(ctx, b.actor(), id, before, present.ThreadMessages)
	if err != nil {
		return nil, err
	}
	t, err := b.thread(ctx, found, messages)
	t.History.Before, t.History.HasEarlier = before, hasEarlier
	return chat.EarlierPage(t), err
}

// Events streams what happens in the agent's chats and in the queue as parts of the page.
func (h *Handlers) Events(c echo.Context) error {
	draw := &frameWriter{handlers: h, agent: kit.AgentOf(c), csrf: kit.CSRFToken(c)}
	return h.Stream(c, live.Receiver{View: live.Own, Board: true}, draw)
}

// Parts returns the parts of the page as the response to an action of its scripts, so that its effect shows even while the stream is
// disconnected. If the path names a chat, its parts are among them.
func (h *Handlers) Parts(c echo.Context) (templ.Component, error) {
	b, err := h.readWorkbench(c)
	if err != nil {
		return nil, err
	}
	parts := b.parts(c.Request().Context())
	if id := kit.ChatID(c); id != "" {
		more, err := b.chatParts(c.Request().Context(), id)
		if err != nil {
			return nil, err
		}
		parts = append(parts, more...)
	}
	return templ.Join(parts...), nil
}

// Message returns the message that an action of the agent changed.
func (h *Handlers) Message(c echo.Context) (templ.Component, error) {
	m, ctx := c.Get(kit.MessageKey).(*models.Message), c.Request().Context()
	b := &workbench{desk: h.Desk, links: h.PageFileLinks(), self: kit.AgentOf(c)}
	in, err := h.Desk.Chat(ctx, b.actor(), m.ChatID)
	if err != nil {
		return nil, err
	}
	bubble, err := b.bubble(ctx, in.UserName, m)
	return chat.UpdatedBubble(bubble), err
}
