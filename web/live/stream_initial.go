package live

import (
	"context"

	"parley/models"
)

// readInitialState reads what the stream begins with, and from which version each chat is caught up.
func (s *Stream) readInitialState(ctx context.Context) error {
	switch s.to.View {
	case Supervision:
		return s.readSupervisorState(ctx)
	case Wall:
		return s.readBoard(ctx)
	}
	now, err := s.hub.desk.Now(ctx)
	if err != nil {
		return err
	}
	from, _ := parseCursor(s.to.Cursor) // an unreadable cursor is one without chats
	for id, p := range from.chats {
		tracked := s.chats.track(id)
		tracked.Version = p.version
		if p.ended {
			tracked.Status = models.Ended
		}
	}
	s.syncedAt = from.at
	chats, lost, err := s.readChats(ctx)
	if err != nil {
		return err
	}
	for _, id := range lost {
		s.chats.forget(id)
	}
	for i := range chats {
		c := &chats[i]
		before := s.chats.state(c.ID)
		switch {
		case c.IsOpen():
			served, err := s.withAgent(ctx, c, nil)
			if err != nil {
				return err
			}
			s.initial.Chats = append(s.initial.Chats, served)
		case before.Status != models.Ended:
			s.initial.Ended = append(s.initial.Ended, *c)
		}
		tracked := s.chats.track(c.ID)
		tracked.update(c)
		if s.to.Cursor != "" && before.Version < c.Version {
			// 0 for a chat that is not in the cursor, and for every chat when the cursor is unreadable.
			tracked.Version = before.Version
			s.missed = append(s.missed, *c)
		}
	}
	s.openedAt, s.syncedAt = now, now
	if s.to.View == Watching {
		return nil
	}
	return s.readParticipantState(ctx)
}

// readParticipantState reads what only users, or only agents, begin with.
func (s *Stream) readParticipantState(ctx context.Context) (err error) {
	if s.to.Actor.IsUser() {
		status, err := s.hub.desk.QueueStatus(ctx, s.to.Actor.ID)
		if err != nil {
			return err
		}
		if status.State != models.StateAssigned {
			s.initial.QueueStatus, s.queueStatus = &status, status
		}
		return nil
	}
	if s.initial.Self, err = s.hub.desk.AgentByID(ctx, s.to.Actor.ID); err != nil {
		return err
	}
	if s.initial.Offers, err = s.hub.desk.OpenOffers(ctx, s.to.Actor); err != nil {
		return err
	}
	for i := range s.initial.Offers {
		s.recordOffer(&s.initial.Offers[i])
	}
	return s.readBoard(ctx)
}

func (s *Stream) readSupervisorState(ctx context.Context) (err error) {
	if s.openedAt, err = s.hub.desk.Now(ctx); err != nil {
		return err
	}
	if s.initial.Load, err = s.hub.desk.Load(ctx); err != nil {
		return err
	}
	if s.initial.Flags, err = s.hub.desk.Flags(ctx, s.to.Actor); err != nil {
		return err
	}
	for i := range s.initial.Load {
		s.recordLoad(s.initial.Load[i].Agent.PresenceChange())
	}
	if err := s.readAlerts(ctx); err != nil {
		return err
	}
	return s.readBoard(ctx)
}

func (s *Stream) readBoard(ctx context.Context) error {
	if !s.to.Board && s.to.View != Supervision {
		return nil
	}
	overview, err := s.hub.desk.Overview(ctx)
	s.initial.Overview = &overview
	return err
}

// sendInitialState sends the state from when the stream was opened. A client that connects for the first time gets a
// cursor with the last frame, or separately if there is no frame, so that it never has to start over. A client that
// came with a cursor keeps it: what it missed is sent next.
func (s *Stream) sendInitialState(ctx context.Context) error {
	frames, err := s.render(ctx, *s.initial)
	if err != nil {
		return err
	}
	first := s.to.Cursor == "" && (s.to.View == Own || s.to.View == Watching)
	if first && len(frames) == 0 {
		frames = []Frame{{}}
	}
	for i, f := range frames {
		id := ""
		if first && i == len(frames)-1 {
			id = s.chats.cursor(s.syncedAt)
		}
		if err := s.transport.Send(f, id); err != nil {
			return transportError{err}
		}
	}
	s.initial = nil
	return nil
}

// sendMissed catches up with the chats that changed after the cursor. Tried again, it goes on with the chat that failed.
func (s *Stream) sendMissed(ctx context.Context) error {
	for len(s.missed) > 0 {
		if err := s.catchUp(ctx, s.missed[0].ID); err != nil {
			return err
		}
		s.missed = s.missed[1:]
	}
	return nil
}
