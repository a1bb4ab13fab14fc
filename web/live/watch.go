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
	// sessionCheck keeps the promise that a stream ends within 5 s of its owner's sign-out when the event is lost.
	sessionCheck = 3 * time.Second
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

// checkSessions ends the streams whose session is gone, and makes the watcher forget it: agents' sessions always, since what they may do is much; users'
// now and then, while sign-outs on other instances may not be heard, and after somebody who tells nobody changed something: a command of the console.
// The streams of anonymous users end once an identity is required. By the same question it learns that the settings have another version.
func (h *Hub) checkSessions(ctx context.Context) {
	var checked time.Time
	erased := map[int64]bool{}
	unheard, _, err := h.unheard(ctx)
	known := err == nil
	for wait(ctx, sessionCheck) {
		h.endAnonymous()
		now, settings, err := h.unheard(ctx)
		if err != nil {
			continue // nobody is signed out because PostgreSQL is away
		}
		told := now != unheard || !known
		if told {
			h.repairAll()
		}
		if settings != h.desk.SettingsVersion() {
			h.reload()
		}
		all := told || !h.Sound() || time.Since(checked) >= assureEvery
		if h.endSignedOut(ctx, all) != nil || all && h.endErased(ctx, erased) != nil {
			continue
		}
		if unheard, known = now, true; all {
			checked = time.Now()
		}
	}
}

func (h *Hub) unheard(ctx context.Context) (n, settings int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return h.desk.Unheard(ctx)
}

func (h *Hub) endSignedOut(ctx context.Context, all bool) error {
	hashes := h.watcher.AgentSessions()
	held := map[string][]*subscription{}
	for _, hash := range hashes {
		held[string(hash)] = nil
	}
	h.each(func(s *subscription) {
		if len(s.session) == 0 || s.actor.IsUser() && !all {
			return
		}
		streams, known := held[string(s.session)]
		if !known {
			hashes = append(hashes, s.session)
		}
		held[string(s.session)] = append(streams, s)
	})
	if len(hashes) == 0 {
		return nil
	}
	live, err := h.liveSessions(ctx, hashes)
	if err != nil {
		return err
	}
	for hash, streams := range held {
		if live[hash] {
			continue
		}
		h.watcher.SignedOut(&models.Event{Kind: models.KindSignedOut, SessionHash: []byte(hash)})
		for _, s := range streams {
			s.end(SignedOut)
		}
	}
	return nil
}

func (h *Hub) endAnonymous() {
	if !h.desk.Settings().RequireIdentity {
		return
	}
	h.each(func(s *subscription) {
		if s.anonymous {
			s.end(SignedOut)
		}
	})
}

// endErased ends the streams of users who were erased without our hearing of it; those who came by a signed token have no session that could be
// gone. It notes in done what it has done.
func (h *Hub) endErased(ctx context.Context, done map[int64]bool) error {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	lately, err := h.desk.ErasedLately(ctx, 2*assureEvery)
	if err != nil {
		return err
	}
	for _, e := range lately {
		if !done[e.ID] {
			done[e.ID] = true
			h.signedOut(&models.Event{Kind: models.KindSignedOut, UserIDs: []string{e.UserID}})
		}
	}
	return nil
}

func (h *Hub) liveSessions(ctx context.Context, hashes [][]byte) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return h.desk.LiveSessions(ctx, hashes)
}

// reload has the settings and sites read again, which admins may have changed on another instance. It does not wait for that.
func (h *Hub) reload() {
	select {
	case h.reloads <- struct{}{}:
	default: // the next read has not begun
	}
}

func (h *Hub) runReloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.reloads:
		}
		asked, cancel := context.WithTimeout(ctx, queryTime)
		err := h.desk.Reload(asked)
		cancel()
		if err != nil && ctx.Err() == nil { // the version tells that they are still to be read
			h.log.Warn("settings that were changed elsewhere could not be read", "error", models.CodeOf(err))
		}
	}
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
