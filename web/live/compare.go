package live

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/models"
)

const (
	// compareEvery is how often streams are compared with PostgreSQL while the instance is not stable: Redis is away or was a
	// moment ago, or another instance is silent that may have died between a commit and its event.
	compareEvery = 600 * time.Millisecond
	// healthCheckEvery is how soon that is noticed.
	healthCheckEvery = 150 * time.Millisecond
	// fullCheckEvery is how often every stream is compared, and every session checked, even while the instance is stable.
	fullCheckEvery = 15 * time.Second
	// queryTime bounds what the package reads at once.
	queryTime = 4 * time.Second
)

// chatVersions is what a comparison found of the chats of one user or agent.
type chatVersions struct {
	at       time.Time // on PostgreSQL's clock, before the chats were read
	versions map[string]int64
	ended    map[string]time.Time // the chats that ended recently
	offers   []models.Offer
	complete bool // the instance was healthy: no earlier change is still on its way
}

// equal reports whether two comparisons found the same versions. When a comparison was made, and whether it was complete,
// is no news for a stream.
func (v *chatVersions) equal(other *chatVersions) bool {
	sameState := func(a, b models.Offer) bool { return a.ID == b.ID && a.State == b.State }
	return other != nil && maps.Equal(v.versions, other.versions) && len(v.ended) == len(other.ended) &&
		slices.EqualFunc(v.offers, other.offers, sameState)
}

// compareWithDatabase finds changes whose events did not arrive. It reads the versions of the chats of everyone with a stream, with a
// few statements for all of them, and sends them to the streams whose chats changed: every compareEvery while the instance is not
// stable or a comparison is wanted, else every fullCheckEvery. A slow PostgreSQL is asked less often.
func (h *Hub) compareWithDatabase(ctx context.Context) {
	var comparedAt, sentToAllAt time.Time
	var took time.Duration
	var before map[topic]*chatVersions
	queue, flags := "", ""
	for sleep(ctx, healthCheckEvery) {
		every := max(compareEvery, 2*took)
		if _, stable := h.health(); stable && !h.compareSoon.Load() {
			every = fullCheckEvery
		}
		if time.Since(comparedAt) < every {
			continue
		}
		comparedAt = time.Now()
		h.compareSoon.Store(false)
		users, agents, watched := h.receivers(models.KindUser), h.receivers(models.KindAgent), h.watchedChats()
		if len(users)+len(agents) == 0 && !h.hasSubscribers(boards) {
			before = nil
			continue
		}
		began, healthy := time.Now(), h.Healthy()
		bounded, cancel := context.WithTimeout(ctx, queryTime)
		snapshot, err := h.desk.Snapshot(bounded, users, agents, watched)
		cancel()
		took = time.Since(began)
		if err != nil {
			h.compareSoon.Store(true)
			continue
		}
		found := chatVersionsOf(snapshot, users, agents, watched, healthy)
		sendToAll := time.Since(sentToAllAt) >= fullCheckEvery
		if sendToAll {
			sentToAllAt = began
		}
		for t, f := range found {
			if sendToAll || !f.equal(before[t]) {
				h.send(signal{versions: f}, t)
			}
		}
		before = found
		h.deliver(h.presences.missed(began, snapshot.Agents))
		h.deliver(h.missedAlerts(ctx))
		if snapshot.Queue != queue {
			queue = snapshot.Queue
			h.queue.markQueueChanged("")
		}
		if snapshot.Flags != flags {
			flags = snapshot.Flags
			h.deliver([]models.Event{{Kind: models.KindFlags}})
		}
	}
}

// chatVersionsOf groups the chats and offers of a snapshot by their participants, and the watched chats by themselves.
func chatVersionsOf(snapshot *models.Snapshot, users, agents, watched []string, complete bool) map[topic]*chatVersions {
	found := make(map[topic]*chatVersions, len(users)+len(agents))
	add := func(t topic) {
		found[t] = &chatVersions{
			at: snapshot.At, versions: map[string]int64{}, ended: map[string]time.Time{}, complete: complete,
		}
	}
	for _, id := range users {
		add(userTopic(id))
	}
	for _, id := range agents {
		add(agentTopic(id))
	}
	for _, id := range watched {
		add(chatTopic(id))
	}
	for _, row := range snapshot.Chats {
		owners := []topic{userTopic(row.UserID), chatTopic(row.ChatID)}
		if row.AgentID != nil {
			owners = append(owners, agentTopic(*row.AgentID))
		}
		for _, t := range owners {
			f := found[t]
			if f == nil {
				continue
			}
			f.versions[row.ChatID] = row.Version
			if row.EndedAt != nil {
				f.ended[row.ChatID] = *row.EndedAt
			}
		}
	}
	for i := range snapshot.Offers {
		o := &snapshot.Offers[i]
		for _, id := range o.AgentIDs() {
			if f := found[agentTopic(id)]; f != nil {
				f.offers = append(f.offers, *o)
			}
		}
	}
	return found
}

// presences is the presence of each agent according to the latest event.
type presences struct {
	mu   sync.Mutex
	sent map[string]sentPresence
}

type sentPresence struct {
	models.PresenceChange
	at time.Time
}

func (p *presences) record(e *models.PresenceChange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[e.ServiceID] = sentPresence{*e, time.Now()}
}

// missed returns the events that did not arrive: those of agents whose presence in PostgreSQL differs from the recorded
// one. What was recorded after the comparison began is newer than what it read.
func (p *presences) missed(began time.Time, agents []models.PresenceChange) []models.Event {
	var missed []models.Event
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, now := range agents {
		sent, known := p.sent[now.ServiceID]
		now.PresenceChanged = now.Presence != sent.Presence
		now.DetailChanged = now.Detail != sent.Detail || !now.Break.Equal(sent.Break) || !now.SameExtra(&sent.PresenceChange)
		switch {
		case !known && now.Presence == models.Offline: // a new agent; none is announced before its first presence
			p.sent[now.ServiceID] = sentPresence{now, began}
		case !known, !sent.at.After(began) && !samePresence(now, sent.PresenceChange):
			missed = append(missed, models.Event{Kind: models.KindPresence, Presence: &now})
		}
	}
	return missed
}

// samePresence reports whether two events show the same agent in the same state. PresenceChanged and DetailChanged are
// ignored: they are what an event changed, not what the agent's state is. Since follows from the rest.
func samePresence(a, b models.PresenceChange) bool {
	return a.ServiceID == b.ServiceID && a.Presence == b.Presence && a.Load == b.Load && a.Reserved == b.Reserved &&
		a.MaxConcurrent == b.MaxConcurrent && a.Detail == b.Detail && a.Break.Equal(b.Break) && a.SameExtra(&b)
}

// sleep waits for d and reports whether the context still holds.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
