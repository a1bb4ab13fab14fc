package kit

import (
	"context"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"parley/models"
	"parley/views/text"
	"parley/web/live"
)

// Stream opens a live stream for the caller and writes it until either side closes it; with ?poll=1 it responds with the events since the
// previous poll instead. An error before the stream has begun is returned and answered as a problem. Where the connection can be taken over
// from the HTTP server, the stream goes on in a goroutine of its own and Stream returns at once.
func (k *Kit) Stream(c echo.Context, to live.Receiver, draw live.Renderer) error {
	// Parameters of a query that cannot be read count as absent, and a cursor must not: the client would miss what came since.
	if _, err := url.ParseQuery(c.Request().URL.RawQuery); err != nil {
		return Malformed("The query of the address cannot be read: after % two hexadecimal digits must follow, and & separates parameters.")
	}
	caller := CallerOf(c)
	to.Actor, to.Session, to.Ends, to.Anonymous = caller.Actor, caller.Session, caller.ExpiresAt, caller.Anonymous
	to.IsProgram = caller.APIKey != nil
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
	endSpan(c, http.StatusOK)
	route, kind, asked := c.Path(), to.Actor.Kind, c.Request().Context()
	run := func(ctx context.Context, out live.Transport) {
		start := time.Now()
		k.logEnd(route, kind, start, stream.Run(text.Like(ctx, asked), draw, out))
	}
	sse := live.Hijack(c.Response())
	if sse == nil {
		run(c.Request().Context(), live.NewSSE(c.Response()))
		return nil
	}
	c.Response().Status, c.Response().Committed = http.StatusOK, true
	k.Streams.Go(func() {
		defer sse.Close()
		defer k.recoverStream(route)
		run(k.StreamContext, sse)
	})
	return nil
}

func (k *Kit) logEnd(route string, kind models.ActorKind, start time.Time, reason error) {
	k.Log.Debug("stream ended", "route", route, "kind", kind, "lasted", time.Since(start).Round(time.Millisecond), "reason", reason)
}

// endSpan ends the span of a request whose answer has begun and may go on for an hour.
func endSpan(c echo.Context, status int) {
	if span := trace.SpanFromContext(c.Request().Context()); span.IsRecording() {
		span.SetAttributes(semconv.HTTPResponseStatusCode(status))
		span.End()
	}
}

// recoverStream logs a panic of a stream's goroutine and keeps the process running. It must be deferred.
func (k *Kit) recoverStream(route string) {
	if panicked := recover(); panicked != nil {
		k.Log.Error("stream panicked", "route", route, "panic", panicked, "stack", string(debug.Stack()))
	}
}
