package live

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"parley/models"
	"parley/models/redisclient"
)

const (
	relayTimeout = 500 * time.Millisecond
	// relayTestAfter is how long nothing arrives before the connection is tested.
	relayTestAfter = time.Second
	// relayPause is how long nothing is sent after a failure. Other instances may still receive the heartbeats that a slow
	// Redis delivers late, and learn of the gap from the next envelope.
	relayPause = 200 * time.Millisecond
	// relayQueue is how many commits wait to be published before their events are lost to the others.
	relayQueue = 1024
	// envelopeEvents is about how many events go into one envelope.
	envelopeEvents = 500
)

// relay carries events between instances over Redis Pub/Sub. It may lose some. An instance whose subscription was
// interrupted, or that receives an envelope with Gap, repairs from PostgreSQL.
//
// While this instance is alone it publishes only heartbeats. The first one of another instance is answered by an envelope with Gap.
//
// In a cluster too it is plain Pub/Sub, which every node passes on to all others. Sharded Pub/Sub would save that, but all events of an
// installation use one channel, so one shard would carry them all; its messages stop while that shard fails over or its slot moves,
// whereas here publishing works at any node; and it needs Redis 7.
type relay struct {
	hub     *Hub
	client  redis.UniversalClient
	redis   *redisclient.Health
	channel string
	self    string // names this instance
	queue   chan committed
	arrived chan struct{} // holds one when another instance came
	lost    atomic.Bool   // something was not published; the next envelope must report it
	health  relayHealth

	previous previousRelease
}

// committed is what one transaction did, and when it was committed.
type committed struct {
	events []models.Event
	at     time.Time
}

// envelope is what goes to the other instances, after the id of the sender: each instance receives its own envelopes too,
// and need not decode them.
type envelope struct {
	Gap    bool           `json:"gap,omitempty"` // events before this were lost
	Bye    bool           `json:"bye,omitempty"` // the last of this instance
	Events []models.Event `json:"events,omitempty"`
}

func newRelay(h *Hub, opts redisclient.Options, prefix string) *relay {
	if prefix == "" {
		panic("live: a hub with Redis needs the prefix of its installation")
	}
	opts.ContextTimeoutEnabled = true
	opts.SetTimeout(relayTimeout)
	opts.MaxRetries, opts.DialerRetries = -1, 1
	self := uuid.NewString()
	return &relay{
		hub: h, client: opts.Client(), redis: opts.Health, channel: prefix + "events", self: self,
		queue: make(chan committed, relayQueue), arrived: make(chan struct{}, 1), health: newRelayHealth(self),
	}
}

// offer queues events for the other instances. It never waits: when the queue is full the events are lost to them, and the
// next envelope reports it.
func (r *relay) offer(events []models.Event) {
	select {
	case r.queue <- committed{events, time.Now()}:
	default:
		r.lost.Store(true)
	}
}

// sendPace decides when an envelope is sent: not within relayPause of a failure.
type sendPace struct {
	failedAt time.Time // zero while Redis answers
}

func (p *sendPace) paused(now time.Time) bool { return now.Sub(p.failedAt) < relayPause }

// failed begins a pause and reports whether this is the first failure in a row.
func (p *sendPace) failed(now time.Time) (first bool) {
	first, p.failedAt = p.failedAt.IsZero(), now
	return first
}

// sent reports whether Redis is back after a failure.
func (p *sendPace) sent() (back bool) {
	back, p.failedAt = !p.failedAt.IsZero(), time.Time{}
	return back
}

// send publishes what was offered, everything that waits in one envelope, so that a slow Redis delays events without a
// growing queue, and a heartbeat when nothing was published for relayHeartbeat; the first one at once. During a pause events
// are dropped instead, so that the queue does not hold old ones when a Redis that hangs comes back; while the instance is alone
// they are dropped too. What was offered before the context ends is still sent.
func (r *relay) send(ctx context.Context) {
	heartbeat := time.NewTimer(0)
	defer heartbeat.Stop()
	var pace sendPace
	for {
		var e envelope
		var since time.Time
		select {
		case <-ctx.Done():
			r.sayGoodbye()
			return
		case first := <-r.queue:
			e.Events, since = r.addQueued(first.events), first.at
			if r.health.aloneFor() >= stableAfter {
				r.lost.Store(true)
				continue
			}
		case <-r.arrived:
			since = time.Now()
		case <-heartbeat.C:
			since = time.Now()
		}
		heartbeat.Reset(relayHeartbeat)
		if pace.paused(time.Now()) {
			r.lost.Store(true)
			continue
		}
		e.Gap = r.health.aloneFor() == 0 && r.lost.Swap(false) // kept while alone, for the next instance that comes
		err := r.publish(e)
		r.hub.observer.Relayed(time.Since(since), err)
		if err != nil {
			r.lost.Store(true)
			if pace.failed(time.Now()) {
				r.hub.log.Warn("event publishing failed, other instances poll PostgreSQL", "error", err)
			}
			continue
		}
		if pace.sent() {
			r.hub.log.Info("event publishing resumed")
		}
	}
}

// sayGoodbye publishes what is left in the queue, and that this instance ends. With uncertain commits it only falls
// silent: what it could not announce the others then find by comparing, which they do while an instance is silent.
func (r *relay) sayGoodbye() {
	last := envelope{Gap: r.lost.Load(), Events: r.addQueued(nil), Bye: !r.hub.desk.HasUncertainCommits()}
	_ = r.publish(last) // on an error the others find the events in PostgreSQL
	r.leavePrevious()
}

// addQueued returns the events and what waits in the queue, up to about envelopeEvents.
func (r *relay) addQueued(events []models.Event) []models.Event {
	for len(events) < envelopeEvents {
		select {
		case more := <-r.queue:
			events = slices.Concat(events, more.events)
		default:
			return events
		}
	}
	return events
}

// publish does not use the context of the process, whose end must not cut the last envelope off; a timeout bounds it.
func (r *relay) publish(e envelope) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), relayTimeout)
	defer cancel()
	return r.client.Publish(ctx, r.channel, append([]byte(r.self), raw...)).Err()
}

// receive listens until the context ends, and subscribes again when the connection is lost.
func (r *relay) receive(ctx context.Context) {
	for ctx.Err() == nil {
		err := r.listen(ctx)
		r.redis.Observe(err) // a subscription is no command, which its client would record
		if r.health.setSubscribed(false) && ctx.Err() == nil {
			r.hub.log.Warn("event subscription lost, polling PostgreSQL", "error", err)
		}
		sleep(ctx, relayTimeout)
	}
}

// listen handles messages until the connection fails: an error, or no answer to a ping that follows a time without
// messages.
func (r *relay) listen(ctx context.Context) error {
	sub := r.client.Subscribe(ctx, r.channel, previousChannel)
	defer func() { _ = sub.Close() }()
	// While messages arrive all the time no receive fails, and a successful one does not look at its context.
	defer context.AfterFunc(ctx, func() { _ = sub.Close() })()
	tested := false
	for ctx.Err() == nil {
		got, err := sub.ReceiveTimeout(ctx, relayTestAfter)
		var network net.Error
		switch {
		case err == nil:
			tested = false
			r.handle(got)
		case !tested && errors.As(err, &network) && network.Timeout():
			if err := sub.Ping(ctx); err != nil {
				return err
			}
			tested = true
		default:
			return err
		}
	}
	return ctx.Err()
}

// handle takes what a subscription received: the confirmation of the subscription, or a message.
func (r *relay) handle(got any) {
	switch m := got.(type) {
	case *redis.Subscription:
		if m.Channel != r.channel {
			return
		}
		// The client also resubscribes by itself. In both cases, what was published in between is lost.
		if !r.health.setSubscribed(true) {
			r.hub.log.Info("event subscription established")
		}
		r.health.recordGap()
		r.hub.repairAll()
	case *redis.Message:
		if m.Channel != r.channel {
			r.receivePrevious(m.Payload)
			return
		}
		r.handleEnvelope(m.Payload)
	}
}

func (r *relay) handleEnvelope(payload string) {
	from := payload[:min(len(r.self), len(payload))]
	if from == r.self { // its events were delivered when they were published
		r.health.recordHeartbeat(from, false)
		return
	}
	var e envelope
	if err := json.Unmarshal([]byte(payload[len(from):]), &e); err != nil {
		r.hub.log.Error("event of another instance not decoded, check its version", "error", err)
		r.hub.repairAll()
		return
	}
	if r.health.recordHeartbeat(from, e.Bye) {
		select {
		case r.arrived <- struct{}{}:
		default:
		}
	}
	r.hub.deliver(e.Events)
	if e.Gap {
		r.health.recordGap()
		r.hub.repairAll()
	}
	for i := range e.Events {
		if e.Events[i].Kind == models.KindSettings {
			r.hub.reload()
		}
	}
}
