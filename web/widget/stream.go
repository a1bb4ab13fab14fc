package widget

import (
	"context"
	"slices"
	"time"

	"parley/models"
	"parley/views/chat"
	"parley/views/widget"
	"parley/web/api"
	"parley/web/live"
	"parley/web/present"
)

// frameWriter writes the stream of the widget: messages and parts as HTML, what moves as JSON.
type frameWriter struct {
	panel *panel
	there bool // somebody was online when that was last told
}

// Render is live.Renderer.
func (f *frameWriter) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var out api.FrameWriter
	var err error
	switch it := item.(type) {
	case live.InitialState:
		if len(it.Chats) > 0 {
			err = f.parts(ctx, &out, kept(it))
		} else {
			err = f.greet(ctx, &out) // the page may be older than the line
		}
	case live.Board:
		if f.panel.chat == nil && f.there != (it.Overview.Online > 0) {
			err = f.greet(ctx, &out)
		}
	case live.Changed:
		err = f.changed(ctx, &out, it)
	case live.Queued:
		err = f.parts(ctx, &out, reasonOf(it))
	case live.Typing:
		if it.SenderType == models.FromAgent {
			out.Add("typing", 0, api.TypingEvent{ChatID: it.ChatID, SenderType: string(it.SenderType)})
		}
	case live.Presence:
		delete(f.panel.agents, it.ServiceID)
		if it.PresenceChanged {
			err = f.head(ctx, &out)
		}
	case live.Closing:
		out.Add("closing", 0, api.ClosingEvent{Reason: string(it.Reason)})
	}
	if err == nil {
		err = out.Err
	}
	return out.Frames, err
}

// greet tells who has no chat whether anybody is there.
func (f *frameWriter) greet(ctx context.Context, out *api.FrameWriter) error {
	if err := f.panel.read(ctx); err != nil || f.panel.chat != nil {
		return err
	}
	v, err := f.panel.view(ctx)
	if err != nil {
		return err
	}
	f.there = v.State == widget.Greeting
	return present.AddHTML(ctx, out, "part", 0, widget.Parts(v))
}

// changed tells first which chat is shown and how it stands, where that changed, and then what was said in it.
func (f *frameWriter) changed(ctx context.Context, out *api.FrameWriter, it live.Changed) error {
	if stands(it) {
		if err := f.parts(ctx, out, returned(it)); err != nil {
			return err
		}
	} else if f.panel.chat == nil || f.panel.chat.ID == it.Chat.ID {
		f.panel.chat = &it.Chat
	}
	for i := range it.Messages {
		said, err := f.panel.bubble(ctx, &it.Messages[i])
		if err != nil {
			return err
		}
		if err := present.AddHTML(ctx, out, "message", it.Messages[i].Version, chat.Bubble(said)); err != nil {
			return err
		}
	}
	for _, status := range it.Statuses {
		if status.SenderType == models.FromUser {
			for _, event := range api.StatusEvents(it.Chat.ID, status) {
				out.Add("message_status", status.Version, event)
			}
		}
	}
	slices.SortStableFunc(out.Frames, func(a, b live.Frame) int { return int(a.Version - b.Version) })
	return nil
}

// stands tells whether more changed than what was said.
func stands(it live.Changed) bool {
	return it.Before.Status != it.Chat.Status || it.Before.AgentID != it.Chat.ServedBy() || it.Warned() || it.Unwarned() ||
		it.Chat.Status == models.Ended
}

// returned is the reason to be told when the chat came back from an agent.
func returned(it live.Changed) *widget.Reason {
	if it.Before.Status != models.Active || it.Chat.Status != models.Waiting {
		return nil
	}
	for _, m := range slices.Backward(it.Messages) {
		if present.Deref(m.SystemKind) == models.SystemReturned {
			return &widget.Reason{Kind: "you_returned", Name: present.ShortName(m.SystemArgs["agent"])}
		}
	}
	return nil
}

// kept is the reason to be told when somebody who waits comes back, from a reload or a lost line.
func kept(it live.InitialState) *widget.Reason {
	if it.Place == nil || it.Place.State != models.StateWaiting || time.Duration(it.Place.WaitSeconds)*time.Second < keptAfter {
		return nil
	}
	return &widget.Reason{Kind: "kept_place", To: it.Place.Position}
}

// parts draws the panel as it now stands.
func (f *frameWriter) parts(ctx context.Context, out *api.FrameWriter, why *widget.Reason) error {
	if err := f.panel.read(ctx); err != nil {
		return err
	}
	v, err := f.panel.view(ctx)
	if err != nil {
		return err
	}
	if v.Queue != nil {
		v.Queue.Reason = why
	}
	return present.AddHTML(ctx, out, "part", 0, widget.Parts(v))
}

func (f *frameWriter) head(ctx context.Context, out *api.FrameWriter) error {
	v, err := f.panel.view(ctx)
	if err != nil || v.State != widget.Active {
		return err
	}
	return present.AddHTML(ctx, out, "part", 0, widget.Head(v))
}
