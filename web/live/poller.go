package live

import (
	"context"
	"maps"
	"sync"
	"time"

	"parley/models"
)

const (
	// pollEvery is how often PostgreSQL is asked for what nobody tells: Redis is away or was a moment ago, or somebody cannot be heard, who may
	// have died between a commit and telling of it.
	pollEvery = 600 * time.Millisecond
	// healthCheckEvery is how soon that is noticed.
	healthCheckEvery = 150 * time.Millisecond
	// fullCheckEvery is how often every stream is told that it knows all, whatever is heard.
	fullCheckEvery = 15 * time.Second
	queryTime      = 4 * time.Second
)

// chatVersions is what a poll found of one person's chats.
type chatVersions struct {
	at       time.Time
	versions map[string]int64
	ended    map[string]time.Time // of those chats that have ended a moment ago
	complete bool                 // the other instances can be heard
}

func (a *chatVersions) equal(b *chatVersions) bool {
	return b != nil && maps.Equal(a.versions, b.versions) && len(a.ended) == len(b.ended)
}

// poll compares what streams know with PostgreSQL, for everybody who holds one, by a few statements: often while somebody cannot be
// heard, else now and then.
func (h *Hub) poll(ctx context.Context) {
	var assured, asked time.Time
	var took time.Duration
	var before map[topic]*chatVersions
	queue := ""
	for wait(ctx, healthCheckEvery) {
		every := max(pollEvery, 2*took)
		if _, settled := h.health(); settled && !h.pollSoon.Load() {
			every = fullCheckEvery
		}
		if time.Since(asked) < every {
			continue
		}
		asked = time.Now()
		h.pollSoon.Store(false)
		users, agents := h.present(models.KindUser), h.present(models.KindAgent)
		if len(users)+len(agents) == 0 {
			before = nil
			continue
		}
		began, sure := time.Now(), h.Healthy()
		bounded, cancel := context.WithTimeout(ctx, queryTime)
		now, err := h.desk.Snapshot(bounded, users, agents)
		cancel()
		took = time.Since(began)
		if err != nil {
			h.pollSoon.Store(true)
			continue
		}
		found := chatVersionsOf(now, users, agents, sure)
		everybody := time.Since(assured) >= fullCheckEvery
		if everybody {
			assured = began
		}
		for t, f := range found {
			if everybody || !f.equal(before[t]) {
				h.send(signal{versions: f}, t)
			}
		}
		before = found
		h.presences.compare(h, began, now.Agents)
		if now.Queue != queue {
			queue = now.Queue
			h.queue.markQueueChanged("")
		}
	}
}

// chatVersionsOf sorts the chats by whose they are.
func chatVersionsOf(now *models.Snapshot, users, agents []string, sure bool) map[topic]*chatVersions {
	found := make(map[topic]*chatVersions, len(users)+len(agents))
	add := func(t topic) {
		found[t] = &chatVersions{at: now.At, versions: map[string]int64{}, ended: map[string]time.Time{}, complete: sure}
	}
	for _, id := range users {
		add(userTopic(id))
	}
	for _, id := range agents {
		add(agentTopic(id))
	}
	for _, row := range now.Heads {
		owners := []topic{userTopic(row.UserID)}
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
	return found
}

// presences are what was last told of each agent.
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

// compare tells what was not told. What was told after the poll began is newer than the poll.
func (p *presences) compare(h *Hub, began time.Time, agents []models.PresenceChange) {
	var missed []models.Event
	p.mu.Lock()
	for _, now := range agents {
		before, known := p.sent[now.ServiceID]
		now.PresenceChanged, before.PresenceChanged = before.Presence != now.Presence, before.Presence != now.Presence
		switch {
		case !known && now.Presence == models.Offline: // whoever added this agent told nobody that it is there
			p.sent[now.ServiceID] = sentPresence{now, began}
		case !known, !before.at.After(began) && before.PresenceChange != now:
			missed = append(missed, models.Event{Kind: models.KindPresence, Presence: &now})
		}
	}
	p.mu.Unlock()
	h.deliver(missed)
}

// wait sleeps, and tells whether the context still holds.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
