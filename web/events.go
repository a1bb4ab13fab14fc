package web

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/web/api"
	"parley/web/live"
)

func (s *Server) streamTicket(c echo.Context) error {
	who := callerOf(c)
	ticket, err := s.Desk.IssueTicket(c.Request().Context(), who.Actor, who.session, who.ends)
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: struct {
		Ticket string `json:"ticket"`
	}{ticket}})
}

// events is the caller's own chats, live, as JSON.
func (s *Server) events(c echo.Context) error {
	return s.stream(c, live.Receiver{View: live.Own}, &api.Events{Desk: s.Desk, Links: s.links(c)})
}

// houseEvents is the queue and everybody's load, live, as JSON.
func (s *Server) houseEvents(c echo.Context) error {
	return s.stream(c, live.Receiver{View: live.House}, &api.Events{Desk: s.Desk, Links: s.links(c)})
}

// stream keeps a receiver's stream until either side ends it, or answers with what has happened where that is asked for by ?poll=1. What cannot begin is still answered as a problem. The request is over once the
// stream has begun, where its connection can be taken from the server.
func (s *Server) stream(c echo.Context, to live.Receiver, draw live.Renderer) error {
	who := callerOf(c)
	to.Actor, to.Session, to.Ends, to.Anonymous = who.Actor, who.session, who.ends, who.anonymous
	if to.Cursor = c.Request().Header.Get("Last-Event-ID"); to.Cursor == "" {
		to.Cursor = c.QueryParam("last_event_id")
	}
	polled, err := isPoll(c)
	if err != nil {
		return err
	}
	if polled {
		return s.poll(c, to, draw)
	}
	stream, err := s.Hub.Open(c.Request().Context(), to)
	if err != nil {
		return err
	}
	route, lang := c.Path(), text.Lang(c.Request().Context())
	run := func(ctx context.Context, out live.Sink) {
		began := time.Now()
		err := stream.Run(text.With(ctx, lang), draw, out)
		s.Log.Debug("a stream ended", "route", route, "kind", to.Actor.Kind, "lasted", time.Since(began).Round(time.Millisecond), "reason", err)
	}
	wire := live.Hijack(c.Response())
	if wire == nil {
		run(c.Request().Context(), live.NewSSE(c.Response()))
		return nil
	}
	c.Response().Status, c.Response().Committed = http.StatusOK, true
	s.Streams.Go(func() {
		defer wire.Close()
		defer s.survive(route)
		run(s.StreamLife, wire)
	})
	return nil
}

// survive keeps the process when there is a bug.
func (s *Server) survive(route string) {
	if broken := recover(); broken != nil {
		s.Log.Error("a stream panicked", "route", route, "panic", broken, "stack", string(debug.Stack()))
	}
}
