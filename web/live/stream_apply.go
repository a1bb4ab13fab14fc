package live

import (
	"context"

	"parley/models"
)

// apply sends what a signal means to the receiver.
func (s *Stream) apply(ctx context.Context, sig signal) error {
	switch {
	case sig.position != nil:
		return s.sendQueued(ctx, sig.position)
	case sig.board != nil:
		return s.sendItem(ctx, *sig.board)
	case sig.versions != nil:
		return s.compare(ctx, sig.versions)
	}
	switch e := sig.event; e.Kind {
	case models.KindChange:
		return s.applyChange(ctx, e.Change, sig.shared)
	case models.KindRecheck:
		return s.recheck(ctx, e.Recheck.Chats)
	case models.KindErased:
		return s.sendErased(ctx, e.Erased)
	case models.KindTyping:
		if s.chats.state(e.Typing.ChatID).Status == models.Active {
			return s.sendItem(ctx, Typing{*e.Typing})
		}
	case models.KindUserChange:
		if s.to.View == Own {
			return s.sendItem(ctx, UserChanged{*e.User})
		}
	case models.KindDraft:
		if s.to.View == Own {
			return s.sendItem(ctx, DraftChanged{e.Draft.Draft})
		}
	case models.KindFlags:
		return s.sendItem(ctx, FlagsChanged{Shared: sig.shared})
	case models.KindOffer:
		return s.applyOffer(ctx, e.Offer)
	case models.KindAlert:
		return s.applyAlert(ctx, e.Alert)
	case models.KindPresence:
		if s.to.Actor.IsAgent() || s.isServedBy(e.Presence.ServiceID) {
			return s.sendPresence(ctx, Presence{PresenceChange: *e.Presence, Agent: e.Agent, Shared: sig.shared})
		}
	}
	return nil
}

// sendErased forgets the agent's chats that were erased, and names them to the agent.
func (s *Stream) sendErased(ctx context.Context, e *models.Erased) error {
	item := Erased{}
	for _, c := range e.Chats {
		if c.AgentID != s.to.Actor.ID && (s.to.View != Watching || c.ID != s.to.ChatID) {
			continue
		}
		item.ChatIDs = append(item.ChatIDs, c.ID)
		s.chats.forget(c.ID)
	}
	if s.to.View == Supervision || len(item.ChatIDs) == 0 {
		return nil
	}
	return s.sendItem(ctx, item)
}

// isServedBy reports whether that agent serves one of the tracked chats. The signal may be older than the chat's end.
func (s *Stream) isServedBy(agentID string) bool {
	for i := range s.chats {
		if c := &s.chats[i]; c.Status == models.Active && c.AgentID == agentID {
			return true
		}
	}
	return false
}

func (s *Stream) sendPresence(ctx context.Context, p Presence) error {
	p.ToUser = s.to.Actor.IsUser()
	if p.OfAnyAgent = s.to.View == Supervision; p.OfAnyAgent {
		s.recordLoad(p.PresenceChange)
	}
	return s.sendItem(ctx, p)
}

func (s *Stream) recordLoad(p models.PresenceChange) {
	if s.loads == nil {
		s.loads = map[string]models.PresenceChange{}
	}
	s.loads[p.ServiceID] = p
}

// sendQueued sends the position of a user who still waits, if it or the estimate changed since it was sent last.
func (s *Stream) sendQueued(ctx context.Context, p *queuePosition) error {
	before := s.queueStatus
	sameChat := before.ChatID == p.status.ChatID
	same := sameChat && before.Position == p.status.Position && before.Estimate == p.status.Estimate &&
		before.MessageOffer == p.status.MessageOffer
	if s.chats.state(p.status.ChatID).Status != models.Waiting || same {
		return nil
	}
	item := Queued{Status: p.status, Before: before}
	if sameChat && before.Position > 0 {
		item.Previous, item.Cause = before.Position, mainCause(before, p.status, p.causes)
	}
	if err := s.sendItem(ctx, item); err != nil {
		return err
	}
	s.queueStatus = p.status
	return nil
}
