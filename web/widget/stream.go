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

// frameWriter renders the stream of the widget: messages and parts of the panel as HTML, typing and statuses as JSON.
type frameWriter struct {
	panel  *panel
	online bool // an agent was online when the panel was last drawn without a chat
	closed bool // it was outside the opening hours then

	offered models.MessageOffer // then
}

// Render implements live.Renderer.
func (f *frameWriter) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var out api.FrameWriter
	var err error
	switch it := item.(type) {
	case live.InitialState:
		if len(it.Chats) > 0 {
			err = f.writeParts(ctx, &out, keptPositionReason(it))
		} else {
			err = f.writeAvailability(ctx, &out) // availability may have changed since the page was drawn
		}
	case live.Board:
		if f.panel.chat == nil && f.availabilityChanged(ctx, it.Overview.Online > 0) {
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

// availabilityChanged reports whether a panel without a chat would be drawn differently.
func (f *frameWriter) availabilityChanged(ctx context.Context, online bool) bool {
	return f.online != online || !online && f.closed != f.panel.isClosed() || f.offered != f.panel.offerNow(ctx)
}

// writeAvailability draws a panel without a chat: whether an agent is online.
func (f *frameWriter) writeAvailability(ctx context.Context, out *api.FrameWriter) error {
	if err := f.panel.load(ctx); err != nil || f.panel.chat != nil {
		return err
	}
	v, err := f.panel.view(ctx)
	if err != nil {
		return err
	}
	f.offered = f.panel.offerNow(ctx)
	f.online, f.closed = v.State == widget.Greeting, v.IsClosed
	return present.AddHTML(ctx, out, "part", 0, widget.Parts(v))
}

// writeChange writes the panel if the state of the chat changed, and then messages and statuses in the order of their versions.
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
	for i := range it.Updated {
		message, err := f.panel.bubble(ctx, &it.Updated[i])
		if err != nil {
			return err
		}
		if err := present.AddHTML(ctx, out, "message", it.Updated[i].ChangedVersion, chat.UpdatedBubble(message)); err != nil {
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

// stateChanged reports whether more has changed than messages and statuses.
func stateChanged(it live.Changed) bool {
	return it.Before.Status != it.Chat.Status || it.Before.AgentID != it.Chat.ServedBy() || it.Warned() || it.Unwarned() ||
		it.ChannelChanged() || it.ContactChanged() ||
		it.Chat.Status == models.Ended
}

// returnedReason returns the notice for a chat that went back to the queue because its agent lost contact, nil for any other change.
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

// keptPositionReason returns the notice for a waiting user who reconnects, after a reload or a lost connection; nil for anyone else.
func keptPositionReason(it live.InitialState) *widget.Reason {
	s := it.QueueStatus
	if s == nil || s.State != models.StateWaiting || time.Duration(s.WaitSeconds)*time.Second < keptPositionAfter {
		return nil
	}
	return &widget.Reason{Kind: "kept_place", To: s.Position}
}

// writeParts reads the panel again and renders it, with the reason for the changed position.
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
