package live

import (
	"slices"

	"parley/models"
)

// subscribe adds a stream to the topics. It ends the receiver's oldest stream when there are too many.
func (h *Hub) subscribe(to Receiver, topics ...topic) *subscription {
	actor := to.Actor
	s := &subscription{
		actor: actor, session: to.Session, anonymous: to.Anonymous, isProgram: to.IsProgram, watchID: to.WatchID,
		wake: make(chan struct{}, 1), topics: map[topic]bool{},
	}
	h.mu.Lock()
	for _, t := range topics {
		h.join(s, t)
	}
	own := ownTopic(actor)
	h.owners[own] = append(h.owners[own], s)
	var oldest *subscription
	if streams := h.owners[own]; len(streams) > maxStreams {
		oldest = streams[len(streams)-1-maxStreams]
	}
	if s.ending = h.ending; s.ending != "" {
		s.wakeUp() // no event may follow that would
	}
	h.mu.Unlock()
	if oldest != nil {
		oldest.end(Replaced)
	}
	if !s.isProgram {
		h.RecordActivity(actor)
	}
	return s
}

func (h *Hub) unsubscribe(s *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range s.topics {
		h.leave(s, t)
	}
	own := ownTopic(s.actor)
	for i, other := range h.owners[own] {
		if other == s {
			h.owners[own] = append(h.owners[own][:i:i], h.owners[own][i+1:]...)
			break
		}
	}
	if len(h.owners[own]) == 0 {
		delete(h.owners, own)
	}
}

// follow moves a stream from one topic to another; either may be empty.
func (h *Hub) follow(s *subscription, from, to topic) {
	if from == to {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if from != "" {
		h.leave(s, from)
	}
	if to != "" {
		h.join(s, to)
	}
}

// join and leave need h.mu.

func (h *Hub) join(s *subscription, t topic) {
	if h.topics[t] == nil {
		h.topics[t] = map[*subscription]struct{}{}
	}
	h.topics[t][s] = struct{}{}
	s.topics[t] = true
}

func (h *Hub) leave(s *subscription, t topic) {
	delete(h.topics[t], s)
	delete(s.topics, t)
	if len(h.topics[t]) == 0 {
		delete(h.topics, t)
	}
}

// each calls do for every stream, under h.mu.
func (h *Hub) each(do func(*subscription)) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, streams := range h.owners {
		for _, s := range streams {
			do(s)
		}
	}
}

// hasSubscribers reports whether a stream of this instance has the topic.
func (h *Hub) hasSubscribers(t topic) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.topics[t]) > 0
}

// receivers returns the ids of the users, or agents, with a stream on this instance.
func (h *Hub) receivers(kind models.ActorKind) []string {
	return h.ownersWith(kind, func(*subscription) bool { return true })
}

// present returns the ids of the users, or agents, with a stream on this instance that is a sign of life.
func (h *Hub) present(kind models.ActorKind) []string {
	return h.ownersWith(kind, func(s *subscription) bool { return !s.isProgram })
}

// ownersWith returns the ids of the users, or agents, with such a stream on this instance.
func (h *Hub) ownersWith(kind models.ActorKind, isSuch func(*subscription) bool) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var ids []string
	for _, streams := range h.owners {
		if streams[0].actor.Kind == kind && slices.ContainsFunc(streams, isSuch) {
			ids = append(ids, streams[0].actor.ID)
		}
	}
	return ids
}
