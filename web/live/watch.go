package live

import (
	"context"
	"time"

	"parley/models"
)

const (
	// pollAway is how often PostgreSQL is asked for changes while the other instances cannot be heard, and pollCalm
	// how often otherwise: another instance may be cut off without our noticing.
	pollAway = time.Second
	pollCalm = 15 * time.Second
	// sessionCheck keeps the promise that a stream ends within 5 s of its owner's sign-out when the event is lost.
	sessionCheck = 3 * time.Second
	queryTime    = 4 * time.Second
)

// heads is what a poll found of one person: the versions of the open chats.
type heads struct {
	at   time.Time
	open map[string]int64
	sure bool // the other instances could be heard since the poll before
}

// poll compares the open chats of everybody who holds a stream with PostgreSQL, by one statement.
func (h *Hub) poll(ctx context.Context) {
	var last time.Time
	for wait(ctx, pollAway) {
		if h.Connected() && time.Since(last) < pollCalm {
			continue
		}
		last = time.Now()
		users, agents := h.present(models.KindUser), h.present(models.KindAgent)
		if len(users)+len(agents) == 0 {
			continue
		}
		asked, cancel := context.WithTimeout(ctx, queryTime)
		rows, err := h.desk.Heads(asked, users, agents)
		cancel()
		if err != nil {
			continue
		}
		found := map[topic]*heads{}
		for _, id := range users {
			found[userTopic(id)] = &heads{at: last, open: map[string]int64{}, sure: h.Connected()}
		}
		for _, id := range agents {
			found[agentTopic(id)] = &heads{at: last, open: map[string]int64{}, sure: h.Connected()}
		}
		for _, row := range rows {
			owners := []topic{userTopic(row.UserID)}
			if row.AgentID != nil {
				owners = append(owners, agentTopic(*row.AgentID))
			}
			for _, t := range owners {
				if f := found[t]; f != nil {
					f.open[row.ChatID] = row.Version
				}
			}
		}
		for t, f := range found {
			h.send(signal{heads: f}, t)
		}
		if !h.Connected() {
			h.queue.poke("")
		}
	}
}

// checkSessions ends the streams of agents whose session is gone, and, while sign-outs on other instances
// cannot be heard, those of users too.
func (h *Hub) checkSessions(ctx context.Context) {
	for wait(ctx, sessionCheck) {
		heard := h.Connected()
		var hashes [][]byte
		held := map[string][]*subscription{}
		h.each(func(s *subscription) {
			if len(s.session) == 0 || s.actor.IsUser() && heard {
				return
			}
			if held[string(s.session)] == nil {
				hashes = append(hashes, s.session)
			}
			held[string(s.session)] = append(held[string(s.session)], s)
		})
		if len(hashes) == 0 {
			continue
		}
		live, err := h.liveSessions(ctx, hashes)
		if err != nil {
			continue // nobody is signed out because PostgreSQL is away
		}
		for hash, streams := range held {
			if live[hash] {
				continue
			}
			for _, s := range streams {
				s.end(SignedOut)
			}
		}
	}
}

func (h *Hub) liveSessions(ctx context.Context, hashes [][]byte) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return h.desk.LiveSessions(ctx, hashes)
}

// reload reads the settings that an admin changed on another instance.
func (h *Hub) reload() {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), queryTime)
		defer cancel()
		if err := h.desk.Reload(ctx); err != nil {
			h.log.Warn("settings that were changed elsewhere could not be read", "error", models.CodeOf(err))
		}
	}()
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
