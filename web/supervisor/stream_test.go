package supervisor

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"weak"

	"parley/models"
	"parley/models/testdb"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/live"
)

// All streams of a filter share one reading of the board per tick, whatever their language, and nothing of it remains when they have
// drawn it and closed.
func TestTheBoardIsReadOncePerFilterAndTick(t *testing.T) {
	t.Parallel()
	h := newHandlers(t)

	var streams []*boardStream
	for range 10 {
		streams = append(streams, &boardStream{handlers: h})
	}
	tick := func() live.Board { return live.Board{Overview: models.Overview{Waiting: 3}, Shared: new(live.Shared)} }
	reads := func(item live.Item) int64 {
		t.Helper()
		before := h.BoardReads()
		var all sync.WaitGroup
		for i, s := range streams {
			ctx := text.With(t.Context(), []string{"en", "zh-CN"}[i%2])
			all.Go(func() {
				if _, err := s.Render(ctx, item); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		return h.BoardReads() - before
	}
	if n := reads(tick()); n != 1 {
		t.Errorf("ten streams of one filter read the board %d times", n)
	}
	streams[9].filter = boardFilter{department: "cards"}
	for range 3 {
		if n := reads(tick()); n != 2 {
			t.Errorf("streams of two filters read the board %d times", n)
		}
	}
	earlier := weak.Make(streams[0].drawn)
	reads(tick())
	reads(tick())
	for range 10 {
		runtime.GC()
	}
	if earlier.Value() != nil {
		t.Error("an earlier board is kept although every stream has drawn a later one")
	}
	if n := reads(live.Presence{}); n != 0 {
		t.Errorf("a change of presence reads the board %d times", n)
	}

	reads(tick())
	drawn := weak.Make(streams[0].drawn)
	streams = nil
	for range 10 {
		if runtime.GC(); drawn.Value() == nil {
			return
		}
	}
	t.Error("the board is kept although its streams are closed")
}

// The stream that asks first may close while the others wait for its reading.
func TestAClosedStreamDoesNotEndTheReadingOfOthers(t *testing.T) {
	t.Parallel()
	h := newHandlers(t)
	ctx, closeStream := context.WithCancel(t.Context())
	closeStream()
	if _, err := h.drawingOf(ctx, live.Board{Shared: new(live.Shared)}, boardFilter{}); err != nil {
		t.Errorf("the reading ends with the stream that began it: %v", err)
	}
}

// newHandlers returns handlers with a desk on a database of their own.
func newHandlers(t *testing.T) *Handlers {
	t.Helper()
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { desk.Close(); _ = db.Close() })
	return New(&kit.Kit{Desk: desk})
}
