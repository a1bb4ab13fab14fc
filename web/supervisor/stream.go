package supervisor

import (
	"bytes"
	"context"
	"reflect"
	"sync"
	"time"
	"weak"

	"github.com/a-h/templ"

	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/live"
)

// boardStream renders the parts of a supervisor's page that have changed since it last rendered.
type boardStream struct {
	handlers *Handlers
	filter   boardFilter // of the page
	drawn    *drawing
	alerts   alertStream
}

// Render implements live.Renderer. It ignores changes of presence, since each is followed by a Board item.
func (f *boardStream) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var now *drawing
	var err error
	var alerts []byte
	switch it := item.(type) {
	case live.AlertChanged:
		return f.alerts.Render(ctx)
	case live.InitialState:
		if alerts, err = f.alerts.html(ctx); err != nil {
			return nil, err
		}
		b, failed := f.handlers.readLiveBoard(ctx, f.filter, known{overview: it.Overview, load: it.Load})
		if failed != nil {
			return nil, failed
		}
		now = draw(ctx, b.view(ctx))
	case live.Board:
		now, err = f.handlers.drawingOf(ctx, it, f.filter)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	html, err := now.since(f.drawn)
	if err != nil {
		return nil, err
	}
	f.drawn = now
	if html = append(alerts, html...); len(html) == 0 {
		return nil, nil
	}
	return []live.Frame{{Event: "part", Data: html}}, nil
}

// boardTimeout bounds a reading that several streams wait for.
const boardTimeout = 5 * time.Second

// boardOf returns the board of a filter at a tick. All streams of the filter share one reading, and all filters that of the agents.
func (h *Handlers) boardOf(ctx context.Context, tick live.Board, f boardFilter) (*board, error) {
	return live.Share(tick.Shared, f, func() (*board, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), boardTimeout)
		defer cancel()
		type agents struct{}
		has, err := live.Share(tick.Shared, agents{}, func() (has known, err error) {
			has.overview = &tick.Overview
			if has.load, err = h.Desk.Load(ctx); err != nil {
				return has, err
			}
			has.departments, err = h.Desk.Departments(ctx)
			return has, err
		})
		if err != nil {
			return nil, err
		}
		return h.readLiveBoard(ctx, f, has)
	})
}

// drawingOf returns the board of a filter at a tick in the language of the reader. All readers of that language share it.
func (h *Handlers) drawingOf(ctx context.Context, tick live.Board, f boardFilter) (*drawing, error) {
	b, err := h.boardOf(ctx, tick, f)
	if err != nil {
		return nil, err
	}
	type key struct {
		boardFilter
		lang string
	}
	return live.Share(tick.Shared, key{f, text.Lang(ctx)}, func() (*drawing, error) {
		ctx := context.WithoutCancel(ctx)
		return draw(ctx, b.view(ctx)), nil
	})
}

// drawing is a board in one language, in the parts of the page.
type drawing struct {
	parts   []part
	changes live.Shared // what since returned, by the weak pointer to the earlier drawing, which must not be kept
}

// part is a part of the page: its view data, and its HTML once a stream has needed it.
type part struct {
	data any
	html func() ([]byte, error)
}

func draw(ctx context.Context, now view.Board) *drawing {
	one := func(data any, components ...templ.Component) part {
		return part{data, sync.OnceValues(func() ([]byte, error) {
			var html bytes.Buffer
			for _, c := range components {
				if err := c.Render(ctx, &html); err != nil {
					return nil, err
				}
			}
			return html.Bytes(), nil
		})}
	}
	return &drawing{parts: []part{
		one(now.Staff, view.StaffLine(now.Staff)),
		one(now.Tiles, view.Tiles(now.Tiles)),
		one(now.Queue, view.QueuePanel(now.Queue)),
		one(now.Agents, view.AgentsPanel(now.Agents), view.AssignList(now.Agents)),
		one(now.Bots, view.BotsPanel(now.Bots)),
		one(now.Day, view.DayFigures(now.Day)),
		one(now.Totals, view.TotalsPanel(now.Totals)),
		one(now.Counts, view.CountsPanel(now.Counts)),
	}}
}

// since returns the parts whose data differs from what was drawn last; all of them if that is nil. Most streams have drawn the same, so
// that they share the comparison.
func (d *drawing) since(drawn *drawing) ([]byte, error) {
	return live.Share(&d.changes, weak.Make(drawn), func() ([]byte, error) { return d.compare(drawn) })
}

func (d *drawing) compare(drawn *drawing) ([]byte, error) {
	var changed []byte
	for i, p := range d.parts {
		if drawn != nil && (drawn == d || reflect.DeepEqual(p.data, drawn.parts[i].data)) {
			continue
		}
		html, err := p.html()
		if err != nil {
			return nil, err
		}
		changed = append(changed, html...)
	}
	return changed, nil
}
