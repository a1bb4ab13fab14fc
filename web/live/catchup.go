package live

import (
	"context"
	"errors"
	"slices"
	"time"

	"parley/models"
)

// cursorSlack is how far before the cursor's time chats are looked for: a transaction may have been long, and the cursor
// of a page was stamped before the page was read.
const cursorSlack = 2 * time.Minute

// repair compares everything that the stream shows with PostgreSQL and sends the difference. It is the work of the state
// repairing.
func (s *Stream) repair(ctx context.Context) error {
	s.hub.queue.markQueueChanged("") // the ticker sends positions and the board again
	return s.compareAll(ctx)
}

// compareAll sends what is missing of the receiver's chats, or of the agents' loads.
func (s *Stream) compareAll(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	switch s.to.View {
	case Supervision:
		return s.compareLoads(bounded)
	case Wall:
		return nil // the ticker sends the board again
	}
	now, err := s.hub.desk.Now(bounded)
	if err != nil {
		return err
	}
	chats, lost, err := s.readChats(bounded)
	if err != nil {
		return err
	}
	for _, id := range lost {
		if err := s.sendLeft(bounded, id); err != nil {
			return err
		}
	}
	for i := range chats {
		if chats[i].Version > s.chats.state(chats[i].ID).Version {
			if err := s.catchUp(bounded, chats[i].ID); err != nil {
				return err
			}
		}
	}
	if err := s.readAndCompareOffers(bounded); err != nil {
		return err
	}
	s.syncedAt = now
	return s.sendItem(ctx, Repaired{ForAgent: s.to.Actor.IsAgent() && s.to.View == Own})
}

// compareLoads sends the presences that differ from those sent last.
func (s *Stream) compareLoads(ctx context.Context) error {
	loads, err := s.hub.desk.Load(ctx)
	if err != nil {
		return err
	}
	for i := range loads {
		now := loads[i].Agent.PresenceChange()
		sent := s.loads[now.ServiceID]
		if samePresence(now, sent) {
			continue
		}
		now.PresenceChanged = now.Presence != sent.Presence
		now.DetailChanged = now.Detail != sent.Detail || !now.Break.Equal(sent.Break) || !now.SameExtra(&sent)
		if err := s.sendPresence(ctx, Presence{PresenceChange: now}); err != nil {
			return err
		}
	}
	if err := s.compareAlerts(ctx); err != nil {
		return err
	}
	return s.sendItem(ctx, FlagsChanged{})
}

// compare catches up with the chats whose version in PostgreSQL is later than the tracked one, and compares everything
// when the stream tracks other open chats than PostgreSQL has.
func (s *Stream) compare(ctx context.Context, found *chatVersions) error {
	if err := s.compareOffers(ctx, found.offers); err != nil {
		return err
	}
	unmatched := 0 // open chats found, less those tracked
	for id, version := range found.versions {
		tracked := s.chats.find(id)
		endedAt, ended := found.ended[id]
		if tracked == nil && ended && endedAt.Before(s.openedAt) {
			continue // before the stream; it was never shown
		}
		if tracked == nil || tracked.Version < version {
			if err := s.catchUp(ctx, id); err != nil {
				return err
			}
			tracked = s.chats.find(id)
		}
		if !ended && tracked != nil && tracked.Version > 0 && !tracked.ended() {
			unmatched++
		}
	}
	for i := range s.chats {
		if !s.chats[i].ended() {
			unmatched--
		}
	}
	if unmatched != 0 {
		return s.compareAll(ctx)
	}
	if found.complete {
		s.syncedAt = found.at
	}
	return nil
}

// recheck catches up with those of the chats that are the receiver's and are at a later version than the tracked one, and
// with offers, since the receiver may be one of those that the chat is offered to.
func (s *Stream) recheck(ctx context.Context, chats []models.ChatVersion) error {
	if s.to.View == Supervision {
		return nil
	}
	for i := range chats {
		c, owner := &chats[i], chats[i].UserID
		switch {
		case s.to.View == Watching:
			if owner = ""; c.ChatID == s.to.ChatID {
				owner = s.to.Actor.ID
			}
		case s.to.Actor.IsAgent():
			owner = ""
			if c.AgentID != nil {
				owner = *c.AgentID
			}
		}
		tracked := s.chats.find(c.ChatID)
		switch {
		case owner != s.to.Actor.ID,
			tracked != nil && tracked.Version >= c.Version,
			tracked == nil && c.EndedAt != nil && c.EndedAt.Before(s.openedAt):
			continue
		}
		if err := s.catchUp(ctx, c.ChatID); err != nil {
			return err
		}
	}
	bounded, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return s.readAndCompareOffers(bounded)
}

// readChats returns the chats in which something may be new: the receiver's open ones, the tracked ones, and those that
// started and ended since the stream last tracked every chat. lost are the tracked ones that are no longer the receiver's.
func (s *Stream) readChats(ctx context.Context) (chats []models.Chat, lost []string, err error) {
	if s.to.View == Watching {
		return s.readWatched(ctx)
	}
	tracked := make([]string, len(s.chats))
	for i := range s.chats {
		tracked[i] = s.chats[i].id
	}
	chats, err = s.hub.desk.ChatsToCompare(ctx, s.to.Actor, tracked, s.unsyncedSince())
	if err != nil {
		return nil, nil, err
	}
	found := make(map[string]bool, len(chats))
	for i := range chats {
		found[chats[i].ID] = true
	}
	lost = slices.DeleteFunc(tracked, func(id string) bool { return found[id] })
	return chats, lost, nil
}

// unsyncedSince returns the time from which the receiver may have had chats that the stream does not track, the zero time if the stream
// has no cursor and begins.
func (s *Stream) unsyncedSince() time.Time {
	if s.syncedAt.IsZero() {
		return time.Time{}
	}
	return s.syncedAt.Add(-cursorSlack)
}

// isReceivers reports whether the receiver is one of the chat's two participants, or watches it.
func (s *Stream) isReceivers(c *models.Chat) bool {
	if s.to.View == Watching {
		return c.ID == s.to.ChatID
	}
	return s.to.Actor.IsUser() || c.ServedBy() == s.to.Actor.ID
}

// catchUp reads everything after the tracked version of a chat, and sends it.
func (s *Stream) catchUp(ctx context.Context, chatID string) error {
	bounded, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	change, err := s.hub.desk.Since(bounded, s.to.Actor, chatID, s.chats.state(chatID).Version)
	switch {
	case errors.Is(err, models.ErrChatNotFound):
		return s.sendLeft(ctx, chatID)
	case err != nil:
		return err
	case change.Chat.Version <= s.chats.state(chatID).Version:
		return nil
	}
	return s.sendChange(ctx, change, nil)
}

// applyChange takes a change of an event by its version: the next one is sent as it is, one that was sent already is
// ignored, and a later one shows a gap, which is filled from PostgreSQL. Of a user's chat that was erased together with its
// end nothing is stored, and a comparison may have found that before the event came: the event is sent by itself.
func (s *Stream) applyChange(ctx context.Context, change *models.Change, shared *EncodingCache) error {
	version, tracked := change.Chat.Version, s.chats.state(change.Chat.ID).Version
	switch {
	case s.to.View == Supervision, version <= tracked:
		return nil
	case version == tracked+1:
		return s.sendChange(ctx, change, shared)
	case tracked == 0 && s.to.Actor.IsAgent() && len(change.Messages) == 0 && s.isForgotten(&change.Chat):
		s.trackForgotten(change)
		return s.sendChange(ctx, change, shared)
	case change.Ended && s.to.Actor.IsUser():
		bounded, cancel := context.WithTimeout(ctx, queryTime)
		defer cancel()
		stored, err := s.hub.desk.IsStored(bounded, change.Chat.ID)
		if err != nil {
			return err
		}
		if !stored {
			return s.sendChange(ctx, change, shared)
		}
	}
	return s.catchUp(ctx, change.Chat.ID)
}

// isForgotten reports whether a chat that the stream does not track ended before the stream began, or so long ago that it
// was forgotten. Its client has what happened before, or did not ask for it.
func (s *Stream) isForgotten(c *models.Chat) bool {
	return c.EndedAt != nil && (c.EndedAt.Before(s.openedAt) || time.Since(*c.EndedAt) > keepEnded)
}

// trackForgotten tracks an ended chat as it was before a change, so that the change is sent alone and not everything
// since the beginning.
func (s *Stream) trackForgotten(change *models.Change) {
	c := &change.Chat
	if !s.isReceivers(c) {
		return
	}
	t := s.chats.track(c.ID)
	t.update(c)
	t.Version, t.WrapUp, t.IsRated = c.Version-1, "", c.Rating != nil && !change.Rated
}

// sendLeft forgets a tracked chat that is no longer the receiver's, and sends that.
func (s *Stream) sendLeft(ctx context.Context, chatID string) error {
	if s.chats.find(chatID) == nil {
		return nil
	}
	before := s.chats.state(chatID)
	s.chats.forget(chatID)
	return s.sendItem(ctx, Changed{Before: before, Chat: models.Chat{ID: chatID}, Left: true})
}

// sendChange sends a change and moves the chat to its version once it is written.
func (s *Stream) sendChange(ctx context.Context, change *models.Change, shared *EncodingCache) error {
	c := &change.Chat
	before, wasTracked := s.chats.state(c.ID), s.chats.find(c.ID) != nil
	item := Changed{Before: before, Chat: *c, Statuses: change.Statuses, Cache: shared}
	if !s.isReceivers(c) {
		if !wasTracked {
			return nil
		}
		s.chats.forget(c.ID)
		item.Left, item.Statuses, item.Service = true, nil, change.Agent
		return s.sendItem(ctx, item)
	}
	item.Messages, item.Updated, item.User = s.readable(change.Messages), s.readable(change.Updated), change.User
	if item.Assigned() {
		served, err := s.withAgent(ctx, c, change.Agent)
		if err != nil {
			return err
		}
		item.Service = served.Service
	}
	frames, err := s.render(ctx, item)
	if err != nil {
		return err
	}
	if err := s.sendFrames(frames, c); err != nil {
		return err
	}
	if s.chats.track(c.ID).update(c); c.Status == models.Ended {
		s.chats.forgetEnded(time.Now(), s.unsyncedSince())
	}
	if s.to.Actor.IsUser() && c.Status == models.Waiting && (before.Status != models.Waiting || before.Channel != c.Channel) {
		s.queueStatus = models.QueueStatus{}
		s.hub.queue.markQueueChanged("")
	}
	return nil
}

// readable returns the messages that the receiver may read: for users all but notes.
func (s *Stream) readable(messages []models.Message) []models.Message {
	if s.to.Actor.IsUser() && slices.ContainsFunc(messages, isNote) {
		return slices.DeleteFunc(slices.Clone(messages), isNote)
	}
	return messages
}

func isNote(m models.Message) bool { return m.Type == models.Note }

// sendFrames sends each frame with the cursor that holds once it is received: it includes everything before the frame, and
// the frame's own version only if no later frame belongs to that version too.
func (s *Stream) sendFrames(frames []Frame, c *models.Chat) error {
	for i, f := range frames {
		tracked := s.chats.track(c.ID)
		switch {
		case i == len(frames)-1:
			tracked.update(c)
		case f.Version > tracked.Version && frames[i+1].Version > f.Version:
			tracked.Version = f.Version
		}
		if err := s.transport.Send(f, s.chats.cursor(s.syncedAt)); err != nil {
			return transportError{err}
		}
	}
	return nil
}

// withAgent returns an open chat with the agent who serves it, reading the agent unless the event has the data, and
// subscribes a user's stream to that agent's presence.
func (s *Stream) withAgent(ctx context.Context, c *models.Chat, agent *models.AgentCard) (ServedChat, error) {
	served := ServedChat{Chat: *c}
	if c.Status != models.Active {
		return served, nil
	}
	if agent == nil || agent.ID != c.ServedBy() {
		bounded, cancel := context.WithTimeout(ctx, queryTime)
		defer cancel()
		read, err := s.hub.desk.AgentByID(bounded, c.ServedBy())
		if err != nil {
			return served, err
		}
		agent = read.Card()
	}
	served.Service = agent
	if s.to.Actor.IsUser() {
		s.hub.follow(s.sub, servedTopicOrNone(s.agentID), servedTopic(agent.ID))
		s.agentID = agent.ID
	}
	return served, nil
}

func servedTopicOrNone(agentID string) topic {
	if agentID == "" {
		return ""
	}
	return servedTopic(agentID)
}
