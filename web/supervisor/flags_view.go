package supervisor

import (
	"context"
	"sync"

	"parley/models"
	view "parley/views/supervisor"
	"parley/web/api"
	"parley/web/live"
	"parley/web/present"
)

// flagCache keeps the flags that were read for the last event, for all pages of this instance.
type flagCache struct {
	mu    sync.Mutex
	event *live.EncodingCache // which stands for the event
	flags []models.Flag
}

// readFlags returns the flags: those of the event if it is not nil, which are read once, else as they are now.
func (h *Handlers) readFlags(ctx context.Context, actor models.Actor, event *live.EncodingCache) ([]models.Flag, error) {
	if event == nil {
		return h.Desk.Flags(ctx, actor)
	}
	h.flags.mu.Lock()
	defer h.flags.mu.Unlock()
	if h.flags.event == event {
		return h.flags.flags, nil
	}
	flags, err := h.Desk.Flags(ctx, actor)
	if err == nil {
		h.flags.event, h.flags.flags = event, flags
	}
	return flags, err
}

// initialFlags is how many flagged chats are shown until the page is asked for all.
const initialFlags = 20

// flagsView returns the flags of a page's filter by chat.
func flagsView(ctx context.Context, flags []models.Flag, filter boardFilter, csrf string) view.Flags {
	shown, at := view.Flags{CSRF: csrf, Filter: view.Filter{Chosen: filter.department}}, map[string]int{}
	for i := range flags {
		f := &flags[i]
		if filter.department != "" && present.Deref(f.Department) != filter.department {
			continue
		}
		if _, known := at[f.ChatID]; !known {
			at[f.ChatID] = len(shown.Rows)
			shown.Rows = append(shown.Rows, view.FlagRow{
				ChatID: f.ChatID, Name: f.UserName, Unverified: f.NameIsUnverified, Agent: f.AgentName, IsRaised: f.Kind == models.FlagHand,
			})
		}
		row := &shown.Rows[at[f.ChatID]]
		row.Reasons = append(row.Reasons, view.FlagReason{Kind: string(f.Kind), Text: api.FlagReason(ctx, f), Since: f.Since})
	}
	if more := len(shown.Rows) - initialFlags; more > 0 && !filter.showAll {
		shown.Rows, shown.More = shown.Rows[:initialFlags], more
	}
	return shown
}

// flagStream renders the flags of a supervisor's page, and leaves everything else to the board.
type flagStream struct {
	*boardStream
	actor models.Actor
	csrf  string
}

// Render implements live.Renderer.
func (f *flagStream) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	frames, err := f.boardStream.Render(ctx, item)
	if err != nil {
		return nil, err
	}
	out := api.FrameWriter{Frames: frames}
	switch it := item.(type) {
	case live.InitialState:
		err = f.draw(ctx, &out, it.Flags)
	case live.FlagsChanged:
		var flags []models.Flag
		if flags, err = f.handlers.readFlags(ctx, f.actor, it.Shared); err == nil {
			err = f.draw(ctx, &out, flags)
		}
	}
	return out.Frames, err
}

func (f *flagStream) draw(ctx context.Context, out *api.FrameWriter, flags []models.Flag) error {
	return present.AddHTML(ctx, out, "part", 0, view.FlagsPanel(flagsView(ctx, flags, f.filter, f.csrf)))
}
