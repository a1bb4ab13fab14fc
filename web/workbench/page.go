package workbench

import (
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/views/chat"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/kit"
	"parley/web/live"
	"parley/web/present"
)

// Page is the agent's list, with nothing open beside it.
func (h *Handlers) Page(c echo.Context) error {
	b, err := h.readBench(c)
	if err != nil {
		return err
	}
	return h.showWorkbench(c, b, nil)
}

// Chat is the list with one chat open; with ?dialog= that dialog of the chat is open too.
func (h *Handlers) Chat(c echo.Context) error {
	id := kit.ChatID(c)
	b, err := h.readBench(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	dialog := c.QueryParam("dialog")
	if dialog == "transfer" && kit.Format(c) == kit.Fragment {
		t, err := b.transfer(ctx, id)
		if err != nil {
			return err
		}
		return h.Render(c, http.StatusOK, view.TransferDialog(*t, false))
	}
	open, err := b.open(ctx, id, dialog, kit.EarlierThan(c))
	if err != nil {
		return err
	}
	return h.showWorkbench(c, b, open)
}

// showWorkbench draws the page, or for its script only what stands beside the list.
func (h *Handlers) showWorkbench(c echo.Context, b *workbench, open *view.Open) error {
	ctx := c.Request().Context()
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, http.StatusOK, view.Beside(open, b.empty()))
	}
	title := text.T(ctx, "workbench.title")
	list := b.list()
	if open != nil {
		title = text.T(ctx, "workbench.title_chat", "Name", open.Head.Name)
		list.Current = open.Head.ChatID
	}
	frame := h.StaffFrame(c, "workbench", title)
	frame.Scripts = []string{"workbench.js"}
	frame.Words = []string{"workbench."}
	frame.StreamShare = "parley.workbench"
	frame.Stream = "/workbench/events?last_event_id=" + b.cursor()
	return h.Render(c, http.StatusOK, view.Workbench(view.Page{
		Frame: frame, PresenceTimeout: h.Desk.Settings().PresenceTimeout,
		Me: b.me(), Strip: b.strip(), List: list, Open: open, Empty: b.empty(),
	}))
}

// Earlier draws for the scripts of the page what a chat has before a message.
func (h *Handlers) Earlier(c echo.Context) (templ.Component, error) {
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

// Events is what happens in the agent's chats and in the queue, live, as parts of the page.
func (h *Handlers) Events(c echo.Context) error {
	draw := &frameWriter{handlers: h, agent: kit.AgentOf(c), csrf: kit.CSRFToken(c)}
	return h.Stream(c, live.Receiver{View: live.Own, Board: true}, draw)
}

// Parts are what the scripts of the workbench get of an action, so that its effect is seen even while the stream is away: the parts of
// the page, and those of the chat where the path names one.
func (h *Handlers) Parts(c echo.Context) (templ.Component, error) {
	b, err := h.readBench(c)
	if err != nil {
		return nil, err
	}
	parts := b.parts()
	if id := kit.ChatID(c); id != "" {
		more, err := b.chatParts(c.Request().Context(), id)
		if err != nil {
			return nil, err
		}
		parts = append(parts, more...)
	}
	return templ.Join(parts...), nil
}
