package live

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/models"
)

// watchInterval is how often the watches of this instance report that their pages are connected. It is a fraction of the time
// after which [models.Desk.EndWatches] ends one.
const watchInterval = 5 * time.Second

// watchedChats returns the chats that streams of this instance watch.
func (h *Hub) watchedChats() []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var ids []string
	for t := range h.topics {
		if id, ok := strings.CutPrefix(string(t), string(chatTopic(""))); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// watchIDs returns the watches that the streams of this instance keep.
func (h *Hub) watchIDs() []string {
	var ids []string
	h.each(func(s *subscription) {
		if s.watchID != "" {
			ids = append(ids, s.watchID)
		}
	})
	return ids
}

// readWatched is readChats for a stream that watches a chat.
func (s *Stream) readWatched(ctx context.Context) (chats []models.Chat, lost []string, err error) {
	c, err := s.hub.desk.Chat(ctx, s.to.Actor, s.to.ChatID)
	switch {
	case errors.Is(err, models.ErrChatNotFound):
		return nil, []string{s.to.ChatID}, nil
	case err != nil:
		return nil, nil, err
	}
	return []models.Chat{c.Chat}, nil, nil
}
