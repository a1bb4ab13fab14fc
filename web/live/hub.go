package live

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"parley/models"
)

// maxStreams is how many streams one person may hold open on one instance; one more ends the oldest.
const maxStreams = 20

// Options of a Hub. Without Redis there must be no other instance.
type Options struct {
	Desk   *models.Desk
	Redis  *redis.Options
	Prefix string // of the channel's name, the installation's own: Pub/Sub knows no database numbers; required with Redis
	Log    *slog.Logger
}

// Observer counts what this instance does. It must not block.
type Observer interface {
	// Published hears of what was committed here.
	Published(events []models.Event)
	// Relayed hears how long after its commit the oldest of some events was told to the other instances, or why it was not.
	Relayed(lag time.Duration, err error)
}

// SessionObserver keeps what only holds until it hears otherwise. It must not block.
type SessionObserver interface {
	// SignedOut hears of sessions that ended, on whatever instance.
	SignedOut(e *models.Event)
	// Invalidate says that something may have been missed.
	Invalidate()
	// AgentSessions are those of agents that are kept, by hash.
	AgentSessions() [][]byte
}

type noObserver struct{}

func (noObserver) Published([]models.Event)     {}
func (noObserver) Relayed(time.Duration, error) {}
func (noObserver) SignedOut(*models.Event)      {}
func (noObserver) Invalidate()                  {}
func (noObserver) AgentSessions() [][]byte      { return nil }

// Hub is where streams subscribe and changes arrive. It is the desk's Publisher.
type Hub struct {
	desk  *models.Desk
	log   *slog.Logger
	relay *relay
	queue *queueTicker
	// reloads holds one when the settings are to be read.
	reloads    chan struct{}
	heartbeats map[models.ActorKind]*heartbeats

	presences presences
	typing    typingThrottle
	observer  Observer
	sessions  SessionObserver

	mu     sync.RWMutex
	topics map[topic]map[*subscription]struct{}
	owners map[topic][]*subscription // by the owner's own topic, the oldest first
	ending Reason                    // set when no new stream may stay

	pollSoon atomic.Bool // the queue, agents and chats are compared with PostgreSQL soon, whatever is heard
}

// New makes a Hub; Run makes it work.
func New(opts Options) *Hub {
	h := &Hub{
		desk: opts.Desk, log: opts.Log,
		topics: map[topic]map[*subscription]struct{}{},
		owners: map[topic][]*subscription{},

		presences: presences{sent: map[string]sentPresence{}},
		reloads:   make(chan struct{}, 1),
		typing:    typingThrottle{sentAt: map[typingSide]time.Time{}},
		observer:  noObserver{},
		sessions:  noObserver{},
	}
	h.queue = newQueueTicker(h)
	h.heartbeats = map[models.ActorKind]*heartbeats{
		models.KindAgent: newHeartbeats(opts.Desk.RecordAgentsSeen, func() time.Duration {
			return min(10*time.Second, opts.Desk.Settings().PresenceTimeout/4)
		}),
		models.KindUser: newHeartbeats(opts.Desk.RecordUsersSeen, func() time.Duration {
			return min(30*time.Second, opts.Desk.Settings().QueueGrace/4)
		}),
	}
	if opts.Redis != nil {
		h.relay = newRelay(h, *opts.Redis, opts.Prefix)
	}
	return h
}

// Run works until the context ends: it listens to the other instances, tells waiting users their places, reports
// signs of life and ends the streams of whoever was signed out.
func (h *Hub) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if h.relay != nil {
		g.Go(func() error { h.relay.send(ctx); return nil })
		g.Go(func() error { h.relay.receive(ctx); return nil })
	}
	g.Go(func() error { h.poll(ctx); return nil })
	g.Go(func() error { h.queue.run(ctx); return nil })
	g.Go(func() error { h.checkSessions(ctx); return nil })
	g.Go(func() error { h.runReloads(ctx); return nil })
	g.Go(func() error { h.reapDisconnected(ctx); return nil })
	for kind, s := range h.heartbeats {
		g.Go(func() error { s.run(ctx, h.log, func() []string { return h.present(kind) }); return nil })
	}
	err := g.Wait()
	if h.relay != nil {
		_ = h.relay.client.Close()
	}
	return err
}

// Observe says who counts. It is called once, before the hub is used.
func (h *Hub) Observe(o Observer) { h.observer = o }

// ObserveSessions says who is told of sign-outs. It is called once, before the hub is used.
func (h *Hub) ObserveSessions(w SessionObserver) { h.sessions = w }

// Publish tells local streams at once and the other instances by way of a queue; it never waits.
func (h *Hub) Publish(events []models.Event) {
	if events = h.typing.throttle(events, time.Now()); len(events) == 0 {
		return
	}
	h.observer.Published(events)
	h.deliver(events)
	if h.relay != nil {
		h.relay.offer(events)
	}
}

// RecordActivity notes a request as a sign of life.
func (h *Hub) RecordActivity(a models.Actor) {
	if s := h.heartbeats[a.Kind]; s != nil {
		s.record(a.ID)
	}
}

// Drain ends every stream, and each that is opened from now on.
func (h *Hub) Drain() {
	h.mu.Lock()
	h.ending = Stopping
	h.mu.Unlock()
	h.each(func(s *subscription) { s.end(Stopping) })
}

// Streams counts the open streams by kind of actor.
func (h *Hub) Streams(kind models.ActorKind) int {
	n := 0
	h.each(func(s *subscription) {
		if s.actor.Kind == kind {
			n++
		}
	})
	return n
}

// Connected tells whether the other instances can be heard; true where there can be none.
func (h *Hub) Connected() bool { return h.relay == nil || h.relay.receivesOwn() }

// Healthy tells that whatever any instance commits is heard here. It is not while one that said no farewell is silent.
func (h *Hub) Healthy() bool {
	sound, _ := h.health()
	return sound
}

func (h *Hub) health() (sound, settled bool) {
	if h.relay == nil {
		return true, true
	}
	return h.relay.health()
}

func (h *Hub) subscribe(to Receiver, topics ...topic) *subscription {
	actor := to.Actor
	s := &subscription{hub: h, actor: actor, session: to.Session, anonymous: to.Anonymous, wake: make(chan struct{}, 1), topics: map[topic]bool{}}
	h.mu.Lock()
	for _, t := range topics {
		h.join(s, t)
	}
	own := ownTopic(actor)
	h.owners[own] = append(h.owners[own], s)
	var oldest *subscription
	if mine := h.owners[own]; len(mine) > maxStreams {
		oldest = mine[len(mine)-1-maxStreams]
	}
	s.ending = h.ending
	h.mu.Unlock()
	if oldest != nil {
		oldest.end(Replaced)
	}
	h.RecordActivity(actor)
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

// follow makes a stream listen to one topic less and one more; either may be empty.
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

func (h *Hub) each(do func(*subscription)) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, mine := range h.owners {
		for _, s := range mine {
			do(s)
		}
	}
}

func (h *Hub) send(sig signal, topics ...topic) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, t := range topics {
		for s := range h.topics[t] {
			s.push(sig)
		}
	}
}

// listeners tells whether anybody here listens to the topic.
func (h *Hub) listeners(t topic) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.topics[t]) > 0
}

// present returns the ids of the people of that kind who hold a stream here.
func (h *Hub) present(kind models.ActorKind) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var ids []string
	for _, mine := range h.owners {
		if mine[0].actor.Kind == kind {
			ids = append(ids, mine[0].actor.ID)
		}
	}
	return ids
}

// deliver hands committed events to the streams of this instance and acts on those that concern the hub itself.
func (h *Hub) deliver(events []models.Event) {
	for i := range events {
		e := &events[i]
		switch e.Kind {
		case models.KindQueue:
			h.queue.markQueueChanged(e.Queue.Cause)
		case models.KindChange:
			h.queue.markBoardChanged()
		case models.KindPresence:
			h.presences.record(e.Presence)
			h.queue.markLoadChanged(e)
		case models.KindSignedOut:
			h.signedOut(e)
		case models.KindErased:
			h.queue.markBoardChanged()
		case models.KindRecheck:
			if e.Recheck.Queue {
				h.pollSoon.Store(true)
				h.queue.markQueueChanged("")
			}
		}
		h.send(signal{event: e, shared: new(EncodingCache)}, audience(e)...)
	}
}

// signedOut makes the watcher forget whoever was signed out, and ends their streams.
func (h *Hub) signedOut(e *models.Event) {
	h.sessions.SignedOut(e)
	h.each(func(s *subscription) {
		switch {
		case len(e.SessionHash) > 0 && string(s.session) == string(e.SessionHash),
			e.AgentID != "" && s.actor.IsAgent() && s.actor.ID == e.AgentID,
			s.actor.IsUser() && slices.Contains(e.UserIDs, s.actor.ID):
			s.end(SignedOut)
		}
	})
}

// repairAll reads again what may have changed unheard.
func (h *Hub) repairAll() {
	h.sessions.Invalidate()
	h.reload()
	h.each((*subscription).repair)
	h.queue.markQueueChanged("")
}
