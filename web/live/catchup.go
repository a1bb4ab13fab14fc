package live

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/models"
)

// slack covers transactions that were long, and pages whose cursor was stamped by another clock.
const slack = 2 * time.Minute

// begin finds how things stand, and from where each chat is caught up.
func (s *Stream) begin(ctx context.Context) error {
	if s.to.View == Supervision {
		return s.beginSupervisor(ctx)
	}
	now, err := s.hub.desk.Now(ctx)
	if err != nil {
		return err
	}
	from, _ := parseCursor(s.to.Cursor) // one that cannot be read is one without chats
	for id, p := range from.chats {
		k := s.known.ensure(id)
		k.Version = p.version
		if p.ended {
			k.Status = models.Ended
		}
	}
	s.synced = from.at
	chats, gone, err := s.gather(ctx)
	if err != nil {
		return err
	}
	for _, id := range gone {
		s.known.forget(id)
	}
	for i := range chats {
		c := &chats[i]
		before := s.known.state(c.ID)
		switch {
		case c.IsOpen():
			served, err := s.withAgent(ctx, c)
			if err != nil {
				return err
			}
			s.present.Chats = append(s.present.Chats, served)
		case before.Status != models.Ended:
			s.present.Ended = append(s.present.Ended, *c)
		}
		k := s.known.ensure(c.ID)
		k.update(c)
		if s.to.Cursor != "" && before.Version < c.Version {
			k.Version = before.Version // 0 for chats that the cursor does not have, and for all if it cannot be read
			s.missed = append(s.missed, *c)
		}
	}
	s.opened, s.synced = now, now
	return s.beginParticipant(ctx)
}

func (s *Stream) beginParticipant(ctx context.Context) (err error) {
	if s.to.Actor.IsUser() {
		place, err := s.hub.desk.QueueStatus(ctx, s.to.Actor.ID)
		if err != nil {
			return err
		}
		if place.State != models.StateAssigned {
			s.present.Place, s.place = &place, place
		}
		return nil
	}
	if s.present.Self, err = s.hub.desk.AgentByID(ctx, s.to.Actor.ID); err != nil {
		return err
	}
	return s.readBoard(ctx)
}

func (s *Stream) beginSupervisor(ctx context.Context) (err error) {
	if s.present.Self, err = s.hub.desk.AgentByID(ctx, s.to.Actor.ID); err != nil {
		return err
	}
	if s.present.Load, err = s.hub.desk.Load(ctx); err != nil {
		return err
	}
	for i := range s.present.Load {
		s.recordLoad(presenceOf(&s.present.Load[i].Agent))
	}
	return s.readBoard(ctx)
}

func (s *Stream) readBoard(ctx context.Context) error {
	if !s.to.Board && s.to.View != Supervision {
		return nil
	}
	overview, err := s.hub.desk.Overview(ctx)
	s.present.Overview = &overview
	return err
}

func presenceOf(a *models.Agent) models.PresenceChange {
	return models.PresenceChange{ServiceID: a.ID, Presence: a.Presence, Load: a.Load, MaxConcurrent: a.MaxConcurrent}
}

// sendInitial says the present state, and then what was missed. It may be tried again where it failed.
func (s *Stream) sendInitial(ctx context.Context) error {
	if s.present != nil {
		frames, err := s.render(ctx, *s.present)
		if err != nil {
			return err
		}
		fresh := s.to.Cursor == "" && s.to.View == Own
		if fresh && len(frames) == 0 {
			frames = []Frame{{}}
		}
		for i, f := range frames {
			id := ""
			if fresh && i == len(frames)-1 {
				id = s.known.cursor(s.synced) // from here on, what is lost can be asked for
			}
			if err := s.out.Send(f, id); err != nil {
				return sinkError{err}
			}
		}
		s.present = nil
	}
	for len(s.missed) > 0 {
		if err := s.catchUp(ctx, s.missed[0].ID); err != nil {
			return err
		}
		s.missed = s.missed[1:]
	}
	return nil
}

// repair compares every chat of the receiver with PostgreSQL, and says what was not said.
func (s *Stream) repair(ctx context.Context) error {
	asked, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	if s.to.View == Supervision {
		return s.repairSupervisor(asked)
	}
	now, err := s.hub.desk.Now(asked)
	if err != nil {
		return err
	}
	chats, gone, err := s.gather(asked)
	if err != nil {
		return err
	}
	for _, id := range gone {
		if err := s.leave(ctx, id); err != nil {
			return err
		}
	}
	for i := range chats {
		if chats[i].Version > s.known.state(chats[i].ID).Version {
			if err := s.catchUp(ctx, chats[i].ID); err != nil {
				return err
			}
		}
	}
	s.synced = now
	return nil
}

// compare catches up with the receiver's chats that have come further than the stream knows, and repairs when others are open than it thinks.
func (s *Stream) compare(ctx context.Context, h *chatVersions) error {
	open := 0
	for id, version := range h.versions {
		k := s.known.find(id)
		endedAt, ended := h.ended[id]
		if k == nil && ended && endedAt.Before(s.opened) {
			continue
		}
		if k == nil || k.Version < version {
			if err := s.catchUp(ctx, id); err != nil {
				return err
			}
			k = s.known.find(id)
		}
		if !ended && k != nil && k.Version > 0 && !k.ended() {
			open++
		}
	}
	for i := range s.known {
		if !s.known[i].ended() {
			open--
		}
	}
	if open != 0 {
		return s.repair(ctx)
	}
	if h.complete {
		s.synced = h.at
	}
	return nil
}

func (s *Stream) repairSupervisor(ctx context.Context) error {
	load, err := s.hub.desk.Load(ctx)
	if err != nil {
		return err
	}
	for i := range load {
		p := presenceOf(&load[i].Agent)
		before := s.loads[p.ServiceID]
		before.PresenceChanged = false
		if p != before {
			p.PresenceChanged = p.Presence != before.Presence
			if err := s.presence(ctx, p, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// gather returns the receiver's chats in which something may be new: the open ones, the known ones, and those that began and ended
// since the stream was sure to know all; and the known ones that are the receiver's no longer.
func (s *Stream) gather(ctx context.Context) (chats []models.Chat, gone []string, err error) {
	desk, who := s.hub.desk, s.to.Actor
	if chats, err = desk.OpenChats(ctx, who); err != nil {
		return nil, nil, err
	}
	others := make([]string, len(s.known))
	for i := range s.known {
		others[i] = s.known[i].id
	}
	if !s.synced.IsZero() {
		ended, err := desk.StartedSince(ctx, who, s.synced.Add(-slack))
		if err != nil {
			return nil, nil, err
		}
		others = append(others, ended...)
	}
	have := map[string]bool{}
	for _, c := range chats {
		have[c.ID] = true
	}
	for _, id := range others {
		if have[id] {
			continue
		}
		have[id] = true
		c, err := desk.Chat(ctx, who, id)
		switch {
		case models.CodeOf(err) == "chat_not_found", err == nil && !s.mine(&c.Chat):
			gone = append(gone, id)
		case err != nil:
			return nil, nil, err
		default:
			chats = append(chats, c.Chat)
		}
	}
	slices.SortFunc(chats, func(a, b models.Chat) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	return chats, gone, nil
}

// mine tells whether the receiver is one of the two who talk.
func (s *Stream) mine(c *models.Chat) bool {
	return s.to.Actor.IsUser() || c.ServedBy() == s.to.Actor.ID
}

// catchUp says everything of one chat that the stream has not said.
func (s *Stream) catchUp(ctx context.Context, chatID string) error {
	asked, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	change, err := s.hub.desk.Since(asked, s.to.Actor, chatID, s.known.state(chatID).Version)
	switch {
	case models.CodeOf(err) == "chat_not_found":
		return s.leave(ctx, chatID)
	case err != nil:
		return err
	case change.Chat.Version <= s.known.state(chatID).Version:
		return nil
	}
	return s.tell(ctx, change, nil)
}

// changed takes a change as it comes: in order, again, or after a gap.
func (s *Stream) changed(ctx context.Context, change *models.Change, shared *EncodingCache) error {
	have := s.known.state(change.Chat.ID).Version
	switch {
	case s.to.View == Supervision || change.Chat.Version <= have:
		return nil
	case change.Chat.Version > have+1:
		return s.catchUp(ctx, change.Chat.ID)
	}
	return s.tell(ctx, change, shared)
}

// leave tells an agent that a chat is no longer theirs.
func (s *Stream) leave(ctx context.Context, chatID string) error {
	if s.known.find(chatID) == nil {
		return nil
	}
	before := s.known.state(chatID)
	s.known.forget(chatID)
	return s.sendItem(ctx, Changed{Before: before, Chat: models.Chat{ID: chatID}, Left: true})
}

// tell says a change, and counts it as said once it is on the wire.
func (s *Stream) tell(ctx context.Context, change *models.Change, shared *EncodingCache) error {
	c := &change.Chat
	before, was := s.known.state(c.ID), s.known.find(c.ID) != nil
	item := Changed{Before: before, Chat: *c, Statuses: change.Statuses, Cache: shared}
	if !s.mine(c) {
		if !was {
			return nil
		}
		s.known.forget(c.ID)
		item.Left, item.Statuses = true, nil
		return s.sendItem(ctx, item)
	}
	item.Messages = change.Messages
	if s.to.Actor.IsUser() && slices.ContainsFunc(change.Messages, isNote) {
		item.Messages = slices.DeleteFunc(slices.Clone(change.Messages), isNote)
	}
	if item.Assigned() {
		served, err := s.withAgent(ctx, c)
		if err != nil {
			return err
		}
		item.Service = served.Service
	}
	frames, err := s.render(ctx, item)
	if err != nil {
		return err
	}
	if err := s.send(frames, c); err != nil {
		return err
	}
	if s.known.ensure(c.ID).update(c); c.Status == models.Ended {
		s.known.forgetEnded(time.Now())
	}
	if s.to.Actor.IsUser() && c.Status == models.Waiting && before.Status != models.Waiting {
		s.place = models.QueueStatus{}
		s.hub.queue.markQueueChanged("")
	}
	return nil
}

func isNote(m models.Message) bool { return m.Type == models.Note }

// send gives each frame the cursor that holds once it is received: all that came before it, and its own change if no more frames
// of that change follow.
func (s *Stream) send(frames []Frame, c *models.Chat) error {
	for i, f := range frames {
		k := s.known.ensure(c.ID)
		switch {
		case i == len(frames)-1:
			k.update(c)
		case f.Version > k.Version && frames[i+1].Version > f.Version:
			k.Version = f.Version
		}
		if err := s.out.Send(f, s.known.cursor(s.synced)); err != nil {
			return sinkError{err}
		}
	}
	return nil
}

// withAgent finds who serves an open chat, and makes a user's stream hear of that agent's presence.
func (s *Stream) withAgent(ctx context.Context, c *models.Chat) (ServedChat, error) {
	served := ServedChat{Chat: *c}
	if c.Status != models.Active {
		return served, nil
	}
	asked, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	agent, err := s.hub.desk.AgentByID(asked, c.ServedBy())
	if err != nil {
		return served, err
	}
	served.Service = agent.Card()
	if s.to.Actor.IsUser() {
		s.hub.follow(s.sub, topicOrNone(s.served), servedTopic(agent.ID))
		s.served = agent.ID
	}
	return served, nil
}

func topicOrNone(agentID string) topic {
	if agentID == "" {
		return ""
	}
	return servedTopic(agentID)
}
