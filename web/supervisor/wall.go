package supervisor

import (
	"bytes"
	"context"
	"reflect"
	"strconv"
	"time"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/live"
)

// wallFilter is what a wallboard shows: a department or all, and since when chats count as served today.
type wallFilter struct {
	department string
	since      time.Time
}

func wallFilterOf(key *models.WallboardKey, zone string) wallFilter {
	f := wallFilter{since: midnight(time.Now(), zone).UTC()}
	if key.Department != nil {
		f.department = *key.Department
	}
	return f
}

// wall is the data of a wallboard: the board of supervisors, and what only a wallboard shows.
type wall struct {
	*board
	figures models.WallboardFigures
}

// readWall reads a wallboard, with the board's overview if it is known.
func (h *Handlers) readWall(ctx context.Context, f wallFilter, overview *models.Overview) (*wall, error) {
	b, err := h.readBoard(ctx, boardFilter{department: f.department}, known{overview: overview})
	if err != nil {
		return nil, err
	}
	return h.withFigures(ctx, b, f)
}

func (h *Handlers) withFigures(ctx context.Context, b *board, f wallFilter) (*wall, error) {
	figures, err := h.Desk.WallboardFigures(ctx, f.department, f.since)
	return &wall{b, figures}, err
}

// wallOf returns a wallboard at a tick. It shares the board with the streams of supervisors, and its figures with other wallboards.
func (h *Handlers) wallOf(ctx context.Context, tick live.Board, f wallFilter) (*wall, error) {
	return live.Share(tick.Shared, f, func() (*wall, error) {
		b, err := h.boardOf(ctx, tick, boardFilter{department: f.department})
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), boardTimeout)
		defer cancel()
		return h.withFigures(ctx, b, f)
	})
}

// wallStream renders a wallboard again when one of its numbers changes.
type wallStream struct {
	handlers *Handlers
	key      *models.WallboardKey
	zone     string
	drawn    *view.Wall
}

// Render implements live.Renderer.
func (s *wallStream) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var w *wall
	var err error
	f := wallFilterOf(s.key, s.zone)
	switch it := item.(type) {
	case live.InitialState:
		w, err = s.handlers.readWall(ctx, f, it.Overview)
	case live.Board:
		w, err = s.handlers.wallOf(ctx, it, f)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	now := w.view(ctx, s.handlers.build())
	if s.drawn != nil && reflect.DeepEqual(*s.drawn, now) {
		return nil, nil
	}
	var html bytes.Buffer
	if err := view.WallMain(now).Render(ctx, &html); err != nil {
		return nil, err
	}
	s.drawn = &now
	return []live.Frame{{Event: "part", Data: html.Bytes()}}, nil
}

// view returns the numbers of the page, with the thresholds of the supervisors' tiles. It has no names of users and no texts of chats.
func (w *wall) view(ctx context.Context, build string) view.Wall {
	served := view.Tile{ID: "served", Label: text.T(ctx, "wallboard.served"), Number: strconv.Itoa(w.figures.Served)}
	online := view.Tile{ID: "online", Label: text.T(ctx, "wallboard.online"), Number: strconv.Itoa(w.online())}
	if w.online() == 0 {
		online.Level = view.Over
	}
	left := view.Tile{ID: "left", Label: text.T(ctx, "wallboard.left"), Number: strconv.Itoa(w.figures.AbandonedLast30)}
	if w.figures.AbandonedLast30 > maxAbandoned {
		left.Level, left.ThresholdText = view.Over, text.T(ctx, "supervisor.tile.over", "Limit", maxAbandoned)
	}
	out := view.Wall{
		Build: build,
		Tiles: []view.Tile{w.waitingTile(ctx), w.longestWaitTile(ctx), w.estimatedWaitTile(ctx), w.capacityTile(ctx), online, left, served},
	}
	for i := range out.Tiles {
		out.Tiles[i].Href, out.Tiles[i].Spark = "", nil
	}
	if w.department != "" {
		out.Department = w.departmentName(w.department)
	}
	return out
}

// json returns the same numbers for programs.
func (w *wall) json(name string) api.Wallboard {
	n, oldest := w.waiting()
	used, slots := w.capacity()
	out := api.Wallboard{
		Name: name, AsOf: api.Time(w.readAt), Waiting: n, Load: used, Capacity: slots, Free: slots - used, AgentsOnline: w.online(),
		AbandonedLast30Minutes: w.figures.AbandonedLast30, ServedToday: w.figures.Served,
	}
	if n > 0 {
		out.LongestWaitSeconds = max(0, int(w.readAt.Sub(oldest).Seconds()))
	}
	if w.department != "" {
		out.Department = &w.department
	}
	if e := w.nextEstimate(); e.Known {
		out.EstimatedWaitSeconds, out.EstimatedLowSeconds, out.EstimatedHighSeconds = &e.Seconds, &e.LowSeconds, &e.HighSeconds
	}
	return out
}
