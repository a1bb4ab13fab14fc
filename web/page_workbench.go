package web

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/views/workbench"
	"parley/web/kit"
	"parley/web/live"
)

// workbenchPage is the agent's list, with nothing open beside it.
func (s *Server) workbenchPage(c echo.Context) error {
	b, err := s.readBench(c)
	if err != nil {
		return err
	}
	return s.showWorkbench(c, b, nil)
}

// workbenchChat is the list with one chat open; with ?dialog= that dialog of the chat is open too.
func (s *Server) workbenchChat(c echo.Context) error {
	id := kit.ChatID(c)
	b, err := s.readBench(c)
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
		return s.Render(c, http.StatusOK, workbench.TransferDialog(*t, false))
	}
	open, err := b.open(ctx, id, dialog)
	if err != nil {
		return err
	}
	return s.showWorkbench(c, b, open)
}

// showWorkbench draws the page, or for its script only what stands beside the list.
func (s *Server) showWorkbench(c echo.Context, b *bench, open *workbench.Open) error {
	ctx := c.Request().Context()
	if kit.Format(c) == kit.Fragment {
		return s.Render(c, http.StatusOK, workbench.Beside(open, b.empty()))
	}
	title := text.T(ctx, "workbench.title")
	list := b.list()
	if open != nil {
		title = text.T(ctx, "workbench.title_chat", "Name", open.Head.Name)
		list.Current = open.Head.ChatID
	}
	frame := s.StaffFrame(c, "workbench", title)
	frame.Scripts = []string{"workbench.js"}
	frame.Words = []string{"workbench."}
	frame.Stream = "/workbench/events?last_event_id=" + b.cursor()
	return s.Render(c, http.StatusOK, workbench.Workbench(workbench.Page{
		Frame: frame, PresenceTimeout: s.Desk.Settings().PresenceTimeout,
		Me: b.me(), Strip: b.strip(), List: list, Open: open, Empty: b.empty(),
	}))
}

// workbenchEvents is what happens in the agent's chats and in the queue, live, as parts of the page.
func (s *Server) workbenchEvents(c echo.Context) error {
	draw := &benchFrames{server: s, agent: kit.AgentOf(c), csrf: kit.CSRFToken(c)}
	return s.Stream(c, live.Receiver{View: live.Own, Board: true}, draw)
}

// workbenchParts are what the scripts of the workbench get of an action, so that its effect is seen even while the stream is away: the parts of
// the page, and those of the chat where the path names one.
func (s *Server) workbenchParts(c echo.Context) (templ.Component, error) {
	b, err := s.readBench(c)
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
