package faulttest_test

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// atEveryInstant finds states that must not exist even for a moment. Each statement sees one snapshot.
const atEveryInstant = `
	SELECT 'agent ' || a.id || ' holds ' || count(c.id) || ' of ' || a.max_concurrent FROM agents a
		JOIN chats c ON c.agent_id = a.id AND c.status = 'active' AND c.channel = 'chat'
		GROUP BY a.id HAVING count(c.id) > a.max_concurrent
	UNION ALL SELECT 'agent ' || a.id || ' has load ' || a.load || ' and ' || count(c.id) || ' chats' FROM agents a
		LEFT JOIN chats c ON c.agent_id = a.id AND c.status = 'active' AND c.channel = 'chat' GROUP BY a.id HAVING count(c.id) <> a.load
	UNION ALL SELECT 'agent ' || a.id || ' has message load ' || a.message_load || ' and ' || count(c.id) || ' messages' FROM agents a
		LEFT JOIN chats c ON c.agent_id = a.id AND c.status = 'active' AND c.channel = 'message' GROUP BY a.id HAVING count(c.id) <> a.message_load
	UNION ALL SELECT 'user ' || user_id || ' has ' || count(*) || ' open chats' FROM chats WHERE status <> 'ended' GROUP BY user_id HAVING count(*) > 1
	UNION ALL SELECT 'chat ' || id || ' counts ' || last_seq || ' messages' FROM chats
		WHERE status <> 'ended' AND last_seq <> (SELECT count(*) FROM messages m WHERE m.chat_id = chats.id)`

// sightings are the findings of the watch.
type sightings struct {
	mu    sync.Mutex
	looks int
	found map[string]bool
}

// watch checks the rules while the plant runs. It pauses while PostgreSQL is unavailable.
func (p *plant) watch() {
	p.seen = &sightings{found: map[string]bool{}}
	p.work.Go(func() {
		for p.ctx.Err() == nil {
			p.look(p.ctx)
			pause(p.ctx, 100*time.Millisecond)
		}
	})
}

// look connects and checks until something fails.
func (p *plant) look(ctx context.Context) {
	conn, err := p.connect(ctx)
	if err != nil {
		return
	}
	defer conn.Close(context.Background())
	for pause(ctx, form(40*time.Millisecond, 15*time.Millisecond)) {
		rows, err := conn.Query(ctx, atEveryInstant)
		if err != nil {
			return
		}
		for rows.Next() {
			var what string
			if rows.Scan(&what) == nil {
				p.seen.note(what)
			}
		}
		if rows.Err() != nil {
			return
		}
		p.seen.mu.Lock()
		p.seen.looks++
		p.seen.mu.Unlock()
	}
}

func (s *sightings) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found[what] = true
}

// all returns the findings, or an error if no check ran.
func (s *sightings) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for what := range s.found {
		all = append(all, what)
	}
	if s.looks < 10 {
		all = append(all, fmt.Sprintf("only %d looks", s.looks))
	}
	return all
}
