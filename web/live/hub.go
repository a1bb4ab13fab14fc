package live

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/models"
	"parley/models/redisclient"
)

// maxStreams is how many streams one user or agent may hold open on one instance; one more ends the oldest.
const maxStreams = 20

// Options of a Hub.
type Options struct {
	Desk  *models.Desk
	Redis *redisclient.Options // nil when there is no other instance
	// Prefix begins the channel's name and is the installation's own: Pub/Sub ignores database numbers. Required with Redis.
	Prefix string
	Log    *slog.Logger
}

// Observer counts what this instance does, for metrics. Its methods must not block.
type Observer interface {
	// Published is called with the events of a commit of this instance.
	Published(events []models.Event)
	// Relayed is called after each attempt to publish to the other instances, with the time since the oldest event's commit.
	Relayed(lag time.Duration, err error)
}

// SessionObserver caches what depends on sessions. Its methods must not block.
type SessionObserver interface {
	// SignedOut is called when sessions ended, on any instance.
	SignedOut(e *models.Event)
	// Invalidate is called when such an event may have been missed: everything cached must be read again.
	Invalidate()
	// AgentSessions returns the hashes of the cached agents' sessions. The hub checks them every few seconds.
	AgentSessions() [][]byte
}

type noObserver struct{}

func (noObserver) Published([]models.Event)     {}
func (noObserver) Relayed(time.Duration, error) {}
func (noObserver) SignedOut(*models.Event)      {}
func (noObserver) Invalidate()                  {}
func (noObserver) AgentSessions() [][]byte      { return nil }

// Hub is where streams subscribe and changes arrive. It is the desk's Publisher. It is safe for concurrent use.
type Hub struct {
	desk       *models.Desk
	log        *slog.Logger
	relay      *relay // nil without Redis
	queue      *queueTicker
	reloads    chan struct{} // holds one when the settings must be read
	heartbeats map[models.ActorKind]*heartbeats
	inputs     *heartbeats // of agents, see RecordInput
	watches    *heartbeats // of the pages that watch a chat

	presences presences
	typing    typingThrottle
	observer  Observer
	sessions  SessionObserver

	mu     sync.RWMutex
	topics map[topic]map[*subscription]struct{}
	owners map[topic][]*subscription // by the owner's own topic, the oldest first
	ending Reason                    // set by Drain

	compareSoon atomic.Bool // compare with PostgreSQL soon, even while the instance is stable
}

// maxInputInterval is how often clients report input while INACTIVE_AFTER asks for no more.
const maxInputInterval = 20 * time.Second

// New returns a Hub. It delivers nothing from other instances until Run is called.
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
	h.inputs = newHeartbeats(opts.Desk.RecordInput, func() time.Duration {
		return InputInterval(opts.Desk.Settings()) / 2 // shorter, so that none of the reports comes a moment too early
	})
	h.inputs.defers = true // the last input decides, not the first of many
	h.watches = newHeartbeats(opts.Desk.KeepWatches, func() time.Duration { return watchInterval })
	if opts.Redis != nil {
		h.relay = newRelay(h, *opts.Redis, opts.Prefix)
	}
	return h
}

// Run works until the context ends and returns nil then: it exchanges events with the other instances, compares streams
// with PostgreSQL, sends positions and boards, records heartbeats, ends the streams of ended sessions and of clients that
// are gone, and reads settings that changed.
func (h *Hub) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if h.relay != nil {
		g.Go(func() error { h.relay.send(ctx); return nil })
		g.Go(func() error { h.relay.receive(ctx); return nil })
	}
	g.Go(func() error { h.compareWithDatabase(ctx); return nil })
	g.Go(func() error { h.queue.run(ctx); return nil })
	g.Go(func() error { h.checkSessions(ctx); return nil })
	g.Go(func() error { h.runReloads(ctx); return nil })
	g.Go(func() error { h.reapDisconnected(ctx); return nil })
	for kind, beats := range h.heartbeats {
		g.Go(func() error { beats.run(ctx, h.log, func() []string { return h.present(kind) }); return nil })
	}
	g.Go(func() error { h.inputs.run(ctx, h.log, func() []string { return nil }); return nil })
	g.Go(func() error { h.watches.run(ctx, h.log, h.watchIDs); return nil })
	err := g.Wait()
	if h.relay != nil {
		_ = h.relay.client.Close()
	}
	return err
}

// Observe sets the Observer. It is called at most once, before the hub is used.
func (h *Hub) Observe(o Observer) { h.observer = o }

// ObserveSessions sets the SessionObserver. It is called at most once, before the hub is used.
func (h *Hub) ObserveSessions(o SessionObserver) { h.sessions = o }

// Publish sends committed events to the streams of this instance at once, and to the other instances through a queue. It
// never waits: between a commit and its answer nothing may depend on Redis.
func (h *Hub) Publish(events []models.Event) {
	if events = h.typing.throttle(events, time.Now()); len(events) == 0 {
		return
	}
	h.observer.Published(events)
	h.deliverBy(h.sendInline, events)
	if h.relay != nil {
		h.relay.offer(events)
	}
}

// RecordActivity counts a request of a user or an agent as a heartbeat.
func (h *Hub) RecordActivity(a models.Actor) {
	if beats := h.heartbeats[a.Kind]; beats != nil {
		beats.record(a.ID)
	}
}

// RecordInput counts a request of an agent as input by the person. It never waits.
func (h *Hub) RecordInput(a models.Actor) {
	if a.IsAgent() {
		h.inputs.record(a.ID)
	}
}

// InputInterval returns how often a client reports input at most: often enough for INACTIVE_AFTER,
// and while that is off too, so that no agent is set to away the moment it is turned on.
func InputInterval(s models.Settings) time.Duration {
	if s.InactiveAfter > 0 {
		return min(maxInputInterval, s.InactiveAfter/4)
	}
	return maxInputInterval
}

// Drain ends every stream, and each that is opened from now on, with the reason Stopping.
func (h *Hub) Drain() {
	h.mu.Lock()
	h.ending = Stopping
	h.mu.Unlock()
	h.each(func(s *subscription) { s.end(Stopping) })
}

// IsStopping reports whether Drain was called.
func (h *Hub) IsStopping() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ending == Stopping
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

// Connected reports whether this instance is connected to the others; see [relayHealth] for the word. It is true where
// there are no others.
func (h *Hub) Connected() bool { return h.relay == nil || h.relay.health.connected() }

// AloneFor returns how long no other instance of the installation has run, 0 if one does or if this instance cannot know. Without Redis
// it is 0, since nothing tells. It may be called for every request.
func (h *Hub) AloneFor() time.Duration {
	if h.relay == nil {
		return 0
	}
	return h.relay.health.aloneFor()
}

// Healthy reports whether what any instance commits arrives here; see [relayHealth] for the word.
func (h *Hub) Healthy() bool {
	healthy, _ := h.health()
	return healthy
}

func (h *Hub) health() (healthy, stable bool) {
	if h.relay == nil {
		return true, true
	}
	return h.relay.health.current()
}

// send sends a signal to every stream of the topics, once to a stream with several of them.
func (h *Hub) send(sig signal, topics ...topic) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for i, t := range topics {
		for s := range h.topics[t] {
			if !s.hasAny(topics[:i]) {
				s.push(sig)
			}
		}
	}
}

// sendInline is send for a change, which is written to up to maxInline streams at once; see inline.go.
func (h *Hub) sendInline(sig signal, topics ...topic) {
	var few [maxInline]*subscription
	n := 0
	h.mu.RLock()
	for i, t := range topics {
		for s := range h.topics[t] {
			switch {
			case s.hasAny(topics[:i]):
			case n < len(few):
				few[n] = s
				n++
			default:
				s.push(sig)
			}
		}
	}
	h.mu.RUnlock()
	for _, s := range few[:n] { // without the lock, which a stream may take
		s.sendInline(sig)
	}
}

// deliver sends committed events to the streams of this instance, and acts on those that concern the hub itself.
func (h *Hub) deliver(events []models.Event) { h.deliverBy(h.send, events) }

// deliverBy is deliver with another way to send changes.
func (h *Hub) deliverBy(sendChange func(signal, ...topic), events []models.Event) {
	for i := range events {
		e, send := &events[i], h.send
		switch e.Kind {
		case models.KindQueue:
			h.queue.markQueueChanged(e.Queue.Cause)
		case models.KindChange:
			h.queue.markBoardChanged()
			send = sendChange
		case models.KindPresence:
			h.presences.record(e.Presence)
			h.queue.markLoadChanged(e)
		case models.KindSignedOut:
			h.signedOut(e)
		case models.KindErased:
			h.queue.markBoardChanged()
		case models.KindRecheck:
			if e.Recheck.Queue {
				h.compareSoon.Store(true)
				h.queue.markQueueChanged("")
			}
		}
		send(signal{event: e, shared: new(EncodingCache)}, audience(e)...)
	}
}

// signedOut removes ended sessions from the SessionObserver's cache, and ends their streams.
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

// repairAll reads again everything that may have changed without an event: cached sessions, settings, streams, the queue.
func (h *Hub) repairAll() {
	h.sessions.Invalidate()
	h.reload()
	h.each((*subscription).repair)
	h.queue.markQueueChanged("")
}
