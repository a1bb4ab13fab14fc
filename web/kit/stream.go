package kit

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"parley/views/text"
	"parley/web/live"
)

// Stream keeps a receiver's stream until either side ends it, or answers with what has happened where that is asked for by ?poll=1. What cannot begin is still answered as a problem. The request is over once the
// stream has begun, where its connection can be taken from the server.
func (k *Kit) Stream(c echo.Context, to live.Receiver, draw live.Renderer) error {
	who := CallerOf(c)
	to.Actor, to.Session, to.Ends, to.Anonymous = who.Actor, who.Session, who.Ends, who.Anonymous
	if to.Cursor = c.Request().Header.Get("Last-Event-ID"); to.Cursor == "" {
		to.Cursor = c.QueryParam("last_event_id")
	}
	polled, err := isPoll(c)
	if err != nil {
		return err
	}
	if polled {
		return k.poll(c, to, draw)
	}
	stream, err := k.Hub.Open(c.Request().Context(), to)
	if err != nil {
		return err
	}
	route, lang := c.Path(), text.Lang(c.Request().Context())
	run := func(ctx context.Context, out live.Transport) {
		began := time.Now()
		err := stream.Run(text.With(ctx, lang), draw, out)
		k.Log.Debug("stream ended", "route", route, "kind", to.Actor.Kind, "lasted", time.Since(began).Round(time.Millisecond), "reason", err)
	}
	wire := live.Hijack(c.Response())
	if wire == nil {
		run(c.Request().Context(), live.NewSSE(c.Response()))
		return nil
	}
	c.Response().Status, c.Response().Committed = http.StatusOK, true
	k.Streams.Go(func() {
		defer wire.Close()
		defer k.recoverStream(route)
		run(k.StreamLife, wire)
	})
	return nil
}

// recoverStream keeps the process when there is a bug.
func (k *Kit) recoverStream(route string) {
	if broken := recover(); broken != nil {
		k.Log.Error("stream panicked", "route", route, "panic", broken, "stack", string(debug.Stack()))
	}
}
