package faulttest_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"parley/models"
)

// screen is what a supervisor sees of the agents.
type screen struct {
	mu     sync.Mutex
	agents map[string]string // presence by id
}

// screens opens the stream of a supervisor at each instance.
func (p *plant) screens() []*screen {
	p.t.Helper()
	var all []*screen
	for at := range p.instances {
		name := fmt.Sprintf("supervisor%d", at)
		p.account(name, models.RoleSupervisor, 0)
		token, err := p.signIn(name, at)
		p.must(err)
		s := &screen{agents: map[string]string{}}
		l := &listener{plant: p, name: name, path: "/supervisor/events", token: token, at: at, back: 200 * time.Millisecond, hear: s.hear}
		p.work.Go(func() { l.run(p.ctx) })
		all = append(all, s)
	}
	return all
}

func (s *screen) hear(e event) {
	var load struct {
		ServiceID string `json:"service_id"`
		Presence  string `json:"presence"`
	}
	if e.name != "load_changed" || json.Unmarshal(e.data, &load) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agents[load.ServiceID] = load.Presence
}

func (s *screen) presence(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agents[id]
}
