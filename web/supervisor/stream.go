package supervisor

import (
	"bytes"
	"context"
	"reflect"

	"github.com/a-h/templ"

	"parley/models"
	view "parley/views/supervisor"
	"parley/web/live"
)

// boardStream renders the parts of a supervisor's page that have changed since it last rendered.
type boardStream struct {
	handlers *Handlers
	filter   boardFilter // of the page
	drawn    *view.Board
}

// Render implements live.Renderer. It ignores changes of presence, since each is followed by a Board item.
func (f *boardStream) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var overview *models.Overview
	switch it := item.(type) {
	case live.InitialState:
		overview = it.Overview
	case live.Board:
		overview = &it.Overview
	default:
		return nil, nil
	}
	b, err := f.handlers.readBoard(ctx, f.filter, overview)
	if err != nil {
		return nil, err
	}
	if err := f.handlers.readDay(ctx, b); err != nil {
		return nil, err
	}
	board := b.view(ctx)
	var html bytes.Buffer
	for _, part := range changedParts(&board, f.drawn) {
		if err := part.Render(ctx, &html); err != nil {
			return nil, err
		}
	}
	f.drawn = &board
	if html.Len() == 0 {
		return nil, nil
	}
	return []live.Frame{{Event: "part", Data: html.Bytes()}}, nil
}

// changedParts returns the parts of the page whose data differs from what was drawn last; all of them the first time.
func changedParts(now, drawn *view.Board) []templ.Component {
	if drawn == nil {
		drawn = &view.Board{}
	}
	parts := []struct {
		now, drawn any
		draw       []templ.Component
	}{
		{now.Tiles, drawn.Tiles, []templ.Component{view.Tiles(now.Tiles)}},
		{now.Queue, drawn.Queue, []templ.Component{view.QueuePanel(now.Queue)}},
		{now.Agents, drawn.Agents, []templ.Component{view.AgentsPanel(now.Agents), view.AssignList(now.Agents)}},
		{now.Day, drawn.Day, []templ.Component{view.DayFigures(now.Day)}},
		{now.Totals, drawn.Totals, []templ.Component{view.TotalsPanel(now.Totals)}},
		{now.Counts, drawn.Counts, []templ.Component{view.CountsPanel(now.Counts)}},
	}
	var changed []templ.Component
	for _, p := range parts {
		if !reflect.DeepEqual(p.now, p.drawn) {
			changed = append(changed, p.draw...)
		}
	}
	return changed
}
