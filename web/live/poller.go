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
	// lookForSilence is how soon that is noticed.
	lookForSilence = 150 * time.Millisecond
	// assureEvery is how often every stream is told that it knows all, whatever is heard.
	assureEvery = 15 * time.Second
	queryTime    = 4 * time.Second
)

// heads is what a poll found of one person's chats.
type heads struct {
	at       time.Time
	versions map[string]int64
	ended    map[string]time.Time // of those chats that have ended a moment ago
	sure     bool                 // the other instances can be heard
}

func (a *heads) same(b *heads) bool {
	return b != nil && maps.Equal(a.versions, b.versions) && len(a.ended) == len(b.ended)
}

// poll compares what streams know with PostgreSQL, for everybody who holds one, by a few statements: often while somebody cannot be
// heard, else now and then.
func (h *Hub) poll(ctx context.Context) {
	var assured, asked time.Time
	var took time.Duration
	var before map[topic]*heads
	queue := ""
	for wait(ctx, lookForSilence) {
		every := max(pollEvery, 2*took)
		if _, settled := h.sound(); settled && !h.pollSoon.Load() {
			every = assureEvery
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
		began, sure := time.Now(), h.Sound()
		bounded, cancel := context.WithTimeout(ctx, queryTime)
		now, err := h.desk.Glance(bounded, users, agents)
		cancel()
		took = time.Since(began)
		if err != nil {
			h.pollSoon.Store(true)
			continue
		}
		found := headsOf(now, users, agents, sure)
		everybody := time.Since(assured) >= assureEvery
		if everybody {
			assured = began
		}
		for t, f := range found {
			if everybody || !f.same(before[t]) {
				h.send(signal{heads: f}, t)
			}
		}
		before = found
		h.presences.compare(h, began, now.Agents)
		if now.Queue != queue {
			queue = now.Queue
			h.queue.poke("")
		}
	}
}

// headsOf sorts the chats by whose they are.
func headsOf(now *models.Glance, users, agents []string, sure bool) map[topic]*heads {
	found := make(map[topic]*heads, len(users)+len(agents))
	add := func(t topic) {
		found[t] = &heads{at: now.At, versions: map[string]int64{}, ended: map[string]time.Time{}, sure: sure}
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
	told map[string]toldPresence
}

type toldPresence struct {
	models.PresenceChange
	at time.Time
}

func (p *presences) note(e *models.PresenceChange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told[e.ServiceID] = toldPresence{*e, time.Now()}
}

// compare tells what was not told. What was told after the poll began is newer than the poll.
func (p *presences) compare(h *Hub, began time.Time, agents []models.PresenceChange) {
	var missed []models.Event
	p.mu.Lock()
	for _, now := range agents {
		before, known := p.told[now.ServiceID]
		now.PresenceChanged, before.PresenceChanged = before.Presence != now.Presence, before.Presence != now.Presence
		switch {
		case !known && now.Presence == models.Offline: // whoever added this agent told nobody that it is there
			p.told[now.ServiceID] = toldPresence{now, began}
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
