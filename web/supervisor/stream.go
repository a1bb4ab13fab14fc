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

// boardStream draws for a supervisor's page what has changed on it, part by part.
type boardStream struct {
	handlers *Handlers
	filter   boardFilter // of the page
	shown    *view.Board
}

// Render draws the parts that are not what the page shows. Presence says nothing here: a Board follows it.
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
	var drawn bytes.Buffer
	for _, part := range changedParts(&board, f.shown) {
		if err := part.Render(ctx, &drawn); err != nil {
			return nil, err
		}
	}
	f.shown = &board
	if drawn.Len() == 0 {
		return nil, nil
	}
	return []live.Frame{{Event: "part", Data: drawn.Bytes()}}, nil
}

// changedParts are those of the page whose data is not what it was; all of them while nothing was shown.
func changedParts(now, shown *view.Board) []templ.Component {
	if shown == nil {
		shown = &view.Board{}
	}
	parts := []struct {
		now, shown any
		draw       []templ.Component
	}{
		{now.Tiles, shown.Tiles, []templ.Component{view.Tiles(now.Tiles)}},
		{now.Queue, shown.Queue, []templ.Component{view.QueuePanel(now.Queue)}},
		{now.Agents, shown.Agents, []templ.Component{view.AgentsPanel(now.Agents), view.AssignList(now.Agents)}},
		{now.Day, shown.Day, []templ.Component{view.DayFigures(now.Day)}},
		{now.Totals, shown.Totals, []templ.Component{view.TotalsPanel(now.Totals)}},
	}
	var changed []templ.Component
	for _, p := range parts {
		if !reflect.DeepEqual(p.now, p.shown) {
			changed = append(changed, p.draw...)
		}
	}
	return changed
}
