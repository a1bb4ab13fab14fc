package live

import (
	"context"

	"parley/models"
)

// recheck catches up with those of the chats that are the receiver's and have come further than the stream knows.
func (s *Stream) recheck(ctx context.Context, chats []models.ChatVersion) error {
	if s.to.View == Supervision {
		return nil
	}
	for i := range chats {
		c, owner := &chats[i], chats[i].UserID
		if s.to.Actor.IsAgent() {
			owner = ""
			if c.AgentID != nil {
				owner = *c.AgentID
			}
		}
		k := s.known.find(c.ChatID)
		switch {
		case owner != s.to.Actor.ID, k != nil && k.Version >= c.Version, k == nil && c.EndedAt != nil && c.EndedAt.Before(s.opened):
			continue
		}
		if err := s.catchUp(ctx, c.ChatID); err != nil {
			return err
		}
	}
	return nil
}
