package live

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"parley/models"
)

const (
	relayTimeout = 500 * time.Millisecond
	relaySilence = time.Second // after which the connection is tested
	// relayPause is how long nothing is sent after a failure. The others may still hear the beats of a Redis that is slow, and learn only by the
	// next envelope that they missed something.
	relayPause = 200 * time.Millisecond
	// relayBeat is how often an instance that has nothing to tell says that it lives; three times as long is silence.
	relayBeat = 250 * time.Millisecond
	// peerKept is how long an instance that fell silent without a farewell is taken to live on where it cannot be heard.
	peerKept = 10 * time.Minute
	// relaySettled is how long after the last doubt PostgreSQL is asked still: after a pause Redis first delivers the beats that were on their way,
	// and only then whoever could send nothing says so.
	relaySettled = 3 * time.Second
)

// relay carries events between instances over Redis Pub/Sub. It may lose some: whoever was cut off, and whoever may
// have missed what another could not send, repairs from PostgreSQL.
type relay struct {
	hub     *Hub
	client  *redis.Client
	channel string
	self    string
	out     chan offer
	lost    atomic.Bool // something could not be sent; the others must be told
	up      atomic.Bool // the others can be heard

	mu         sync.Mutex
	receivedAt map[string]time.Time // when each instance was heard last, this one too
	gapAt      time.Time            // when something was last known to be missing
	// announcedAt is when this instance last made itself known to an earlier release.
	announcedAt time.Time
}

// offer is what one transaction did, and when it was committed.
type offer struct {
	events []models.Event
	at     time.Time
}

// envelope is what goes to the other instances, behind the id of the one that sends it: each hears itself too, and need not read that.
type envelope struct {
	Gap    bool           `json:"gap,omitempty"`
	Bye    bool           `json:"bye,omitempty"` // the last of this instance
	Events []models.Event `json:"events,omitempty"`
}

func newRelay(h *Hub, opts redis.Options, prefix string) *relay {
	opts.ContextTimeoutEnabled = true
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = relayTimeout, relayTimeout, relayTimeout, relayTimeout
	opts.MaxRetries, opts.DialerRetries = -1, 1
	if prefix == "" {
		panic("live: a hub with Redis needs the prefix of its installation")
	}
	return &relay{hub: h, client: redis.NewClient(&opts), channel: prefix + "events", self: uuid.NewString(),
		out: make(chan offer, 1024), receivedAt: map[string]time.Time{}}
}

// receivesOwn tells whether this instance hears itself: what is published arrives.
func (r *relay) receivesOwn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.up.Load() && time.Since(r.receivedAt[r.self]) < 3*relayBeat
}

// health is hears, and that nobody fell silent who may live on; settled, that this has been so for a while.
func (r *relay) health() (sound, settled bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if sound = r.receivesAll(now); !sound {
		r.gapAt = now
	}
	return sound, now.Sub(r.gapAt) > relaySettled
}

// receivesAll forgets whoever has been silent for too long, and tells whether all others are heard.
func (r *relay) receivesAll(now time.Time) bool {
	for id, at := range r.receivedAt {
		switch silent := now.Sub(at); {
		case silent > peerKept && id != r.self:
			delete(r.receivedAt, id)
		case silent > 3*relayBeat:
			return false
		}
	}
	return r.up.Load() && !r.receivedAt[r.self].IsZero()
}

func (r *relay) recordPeer(id string, bye bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if bye {
		delete(r.receivedAt, id)
	} else {
		r.receivedAt[id] = time.Now()
	}
}

func (r *relay) recordGap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gapAt = time.Now()
}

// offer queues events for the other instances, or notes that they were lost to them.
func (r *relay) offer(events []models.Event) {
	select {
	case r.out <- offer{events, time.Now()}:
	default:
		r.lost.Store(true)
	}
}

// send publishes what was offered, all that waits at once: a slow Redis delays, but nothing piles up. After a failure it throws away what
// comes for a moment, so that the queue does not grow stale behind a Redis that hangs. What was offered before the end is sent.
func (r *relay) send(ctx context.Context) {
	tick := time.NewTicker(relayBeat)
	defer tick.Stop()
	var failed, told time.Time
	for {
		var e envelope
		var since time.Time
		select {
		case <-ctx.Done():
			// What this instance could not announce the others look for, as long as it seems only to be silent.
			e.Events, e.Bye = r.waiting(nil), !r.hub.desk.HasUncertainCommits()
			_ = r.publish(e) // if that fails, the others find it in PostgreSQL
			r.leavePrevious()
			return
		case first := <-r.out:
			e.Events, since = r.waiting(first.events), first.at
		case <-tick.C:
			if since = time.Now(); !r.lost.Load() && since.Sub(told) < relayBeat {
				continue
			}
		}
		if time.Since(failed) < relayPause {
			r.lost.Store(true)
			continue
		}
		e.Gap = r.lost.Swap(false)
		err := r.publish(e)
		r.hub.observer.Relayed(time.Since(since), err)
		if err != nil {
			if failed.IsZero() {
				r.hub.log.Warn("event publishing failed, other instances poll PostgreSQL", "error", err)
			}
			failed = time.Now()
			r.lost.Store(true)
			continue
		}
		told = time.Now()
		if !failed.IsZero() {
			failed = time.Time{}
			r.hub.log.Info("event publishing resumed")
		}
	}
}

// envelopeEvents is about how many events go into one envelope.
const envelopeEvents = 500

// waiting adds what was offered and not yet sent.
func (r *relay) waiting(events []models.Event) []models.Event {
	for len(events) < envelopeEvents {
		select {
		case more := <-r.out:
			events = slices.Concat(events, more.events)
		default:
			return events
		}
	}
	return events
}

// publish is not cut off by the end of the process: it is bounded by itself.
func (r *relay) publish(e envelope) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), relayTimeout)
	defer cancel()
	return r.client.Publish(ctx, r.channel, append([]byte(r.self), raw...)).Err()
}

// receive listens until the context ends, and subscribes anew whenever the connection is gone.
func (r *relay) receive(ctx context.Context) {
	for ctx.Err() == nil {
		err := r.listen(ctx)
		if r.up.Swap(false) && ctx.Err() == nil {
			r.hub.log.Warn("event subscription lost, polling PostgreSQL", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(relayTimeout):
		}
	}
}

func (r *relay) listen(ctx context.Context) error {
	sub := r.client.Subscribe(ctx, r.channel, previousChannel)
	defer func() { _ = sub.Close() }()
	// Where others publish all the time no receive ever fails, and none looks at its context.
	defer context.AfterFunc(ctx, func() { _ = sub.Close() })()
	tested := false
	for ctx.Err() == nil {
		got, err := sub.ReceiveTimeout(ctx, relaySilence)
		var network net.Error
		switch {
		case err == nil:
			tested = false
			r.take(got)
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

func (r *relay) take(got any) {
	switch m := got.(type) {
	case *redis.Subscription:
		if m.Channel != r.channel {
			return
		}
		// The client subscribes again by itself too; either way, what was published meanwhile is gone.
		if !r.up.Swap(true) {
			r.hub.log.Info("event subscription established")
		}
		r.recordGap()
		r.hub.repairAll()
	case *redis.Message:
		if m.Channel != r.channel {
			r.receivePrevious(m.Payload)
			return
		}
		from := m.Payload[:min(len(r.self), len(m.Payload))]
		if from == r.self {
			r.recordPeer(from, false)
			return
		}
		var e envelope
		if err := json.Unmarshal([]byte(m.Payload[len(from):]), &e); err != nil {
			r.hub.log.Error("event of another instance not decoded, check its version", "error", err)
			r.hub.repairAll()
			return
		}
		r.recordPeer(from, e.Bye)
		r.hub.deliver(e.Events)
		if e.Gap {
			r.recordGap()
			r.hub.repairAll()
		}
		for i := range e.Events {
			if e.Events[i].Kind == models.KindSettings {
				r.hub.reload()
			}
		}
	}
}
