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
	panel  *panel
	online bool // somebody was online when that was last told
}

// Render is live.Renderer.
func (f *frameWriter) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var out api.FrameWriter
	var err error
	switch it := item.(type) {
	case live.InitialState:
		if len(it.Chats) > 0 {
			err = f.writeParts(ctx, &out, keptPositionReason(it))
		} else {
			err = f.writeAvailability(ctx, &out) // the page may be older than the line
		}
	case live.Board:
		if f.panel.chat == nil && f.online != (it.Overview.Online > 0) {
			err = f.writeAvailability(ctx, &out)
		}
	case live.Changed:
		err = f.writeChange(ctx, &out, it)
	case live.Queued:
		err = f.writeParts(ctx, &out, queueReason(it))
	case live.Typing:
		if it.SenderType == models.FromAgent {
			out.Add("typing", 0, api.TypingEvent{ChatID: it.ChatID, SenderType: string(it.SenderType)})
		}
	case live.Presence:
		delete(f.panel.agents, it.ServiceID)
		if it.PresenceChanged {
			err = f.writeHead(ctx, &out)
		}
	case live.Closing:
		out.Add("closing", 0, api.ClosingEvent{Reason: string(it.Reason)})
	}
	if err == nil {
		err = out.Err
	}
	return out.Frames, err
}

// writeAvailability tells who has no chat whether anybody is there.
func (f *frameWriter) writeAvailability(ctx context.Context, out *api.FrameWriter) error {
	if err := f.panel.load(ctx); err != nil || f.panel.chat != nil {
		return err
	}
	v, err := f.panel.view(ctx)
	if err != nil {
		return err
	}
	f.online = v.State == widget.Greeting
	return present.AddHTML(ctx, out, "part", 0, widget.Parts(v))
}

// writeChange tells first which chat is shown and how it stands, where that changed, and then what was said in it.
func (f *frameWriter) writeChange(ctx context.Context, out *api.FrameWriter, it live.Changed) error {
	if stateChanged(it) {
		if err := f.writeParts(ctx, out, returnedReason(it)); err != nil {
			return err
		}
	} else if f.panel.chat == nil || f.panel.chat.ID == it.Chat.ID {
		f.panel.chat = &it.Chat
	}
	for i := range it.Messages {
		message, err := f.panel.bubble(ctx, &it.Messages[i])
		if err != nil {
			return err
		}
		if err := present.AddHTML(ctx, out, "message", it.Messages[i].Version, chat.Bubble(message)); err != nil {
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

// stateChanged tells whether more changed than what was said.
func stateChanged(it live.Changed) bool {
	return it.Before.Status != it.Chat.Status || it.Before.AgentID != it.Chat.ServedBy() || it.Warned() || it.Unwarned() ||
		it.Chat.Status == models.Ended
}

// returnedReason is the reason to be told when the chat came back from an agent.
func returnedReason(it live.Changed) *widget.Reason {
	if it.Before.Status != models.Active || it.Chat.Status != models.Waiting {
		return nil
	}
	for _, m := range slices.Backward(it.Messages) {
		if present.Deref(m.SystemKind) == models.SystemReturned {
			return &widget.Reason{Kind: "you_returned", Name: api.ShortName(m.SystemArgs["agent"])}
		}
	}
	return nil
}

// keptPositionReason is the reason to be told when somebody who waits comes back, from a reload or a lost line.
func keptPositionReason(it live.InitialState) *widget.Reason {
	if it.Place == nil || it.Place.State != models.StateWaiting || time.Duration(it.Place.WaitSeconds)*time.Second < keptPositionAfter {
		return nil
	}
	return &widget.Reason{Kind: "kept_place", To: it.Place.Position}
}

// writeParts draws the panel as it now stands.
func (f *frameWriter) writeParts(ctx context.Context, out *api.FrameWriter, why *widget.Reason) error {
	if err := f.panel.load(ctx); err != nil {
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

func (f *frameWriter) writeHead(ctx context.Context, out *api.FrameWriter) error {
	v, err := f.panel.view(ctx)
	if err != nil || v.State != widget.Active {
		return err
	}
	return present.AddHTML(ctx, out, "part", 0, widget.Head(v))
}
