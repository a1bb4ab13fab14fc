package live

import (
	"context"

	"parley/models"
)

// The goroutine that publishes a change writes it to the streams that wait, instead of waking them up: that is the larger part of what a
// message costs on its way. It is done where it cannot wait: for the next version of a chat that the stream tracks, in which only
// messages and statuses are new, by a renderer that needs no query for that, with one write that the connection takes at once.
// Everything else is queued for the stream's own goroutine.

// maxInline is to how many streams one event is written by its publisher, which has a request to answer.
const maxInline = 4

// InlineRenderer is a Renderer that renders messages and statuses of a chat without a query.
type InlineRenderer interface {
	Renderer
	RendersInline()
}

// inlineTransport is a Transport that can write without waiting.
type inlineTransport interface {
	Transport
	// HasUnsent reports whether something is not written yet.
	HasUnsent() bool
	// TryFlush writes what the connection takes at once, and reports whether that is everything. The rest, or what an error left, is
	// for Flush.
	TryFlush() (all bool)
}

// acceptInline makes publishers write changes to the stream, if its renderer and its transport can do that.
func (s *Stream) acceptInline(ctx context.Context) {
	_, renders := s.renderer.(InlineRenderer)
	out, writes := s.transport.(inlineTransport)
	if renders && writes && s.to.View == Own {
		s.sub.setInline(func(sig signal) bool { return s.sendInline(ctx, out, sig) })
	}
}

// sendInline applies a signal if that can be done at once, and reports whether it is done.
func (s *Stream) sendInline(ctx context.Context, out inlineTransport, sig signal) bool {
	if !s.working.TryLock() {
		return false
	}
	defer s.working.Unlock()
	change := sig.event.Change
	if s.state != stateLive || s.sub.hasWork() || out.HasUnsent() || !s.isSmall(change) {
		return false
	}
	if err := s.sendChange(ctx, change, sig.shared); err != nil {
		s.fallBehind()
		s.sub.wakeUp()
	} else if !out.TryFlush() {
		s.sub.wakeUp()
	}
	return true
}

// isSmall reports whether a change is the next version of a tracked chat, and adds nothing but messages and statuses.
func (s *Stream) isSmall(change *models.Change) bool {
	c, tracked := &change.Chat, s.chats.find(change.Chat.ID)
	return tracked != nil && c.Version == tracked.Version+1 && tracked.Status == models.Active && c.Status == models.Active &&
		c.ServedBy() == tracked.AgentID && c.ServedBy() != "" && (len(change.Messages) > 0 || len(change.Statuses) > 0)
}
