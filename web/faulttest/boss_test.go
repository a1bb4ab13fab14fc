package faulttest_test

import (
	"fmt"
	"math/rand/v2"

	"parley/models"
)

// boss is a supervisor, who moves chats by hand.
type boss struct{ caller }

// boss adds a supervisor. From then on the order of the queue is not checked.
func (p *plant) boss() *boss {
	p.t.Helper()
	p.moved = true
	p.bosses++
	name := fmt.Sprintf("boss%d", p.bosses)
	account := p.account(name, models.RoleSupervisor, 0)
	token, err := p.signIn(name, p.bosses)
	p.must(err)
	return &boss{caller{plant: p, id: account.ID, token: token, at: p.bosses}}
}

// assign assigns a chat to an agent. It returns the code of a refusal.
func (b *boss) assign(chat, agent string) (code string, err error) {
	a, err := b.ask("by hand", "POST", "/supervisor/queue/"+chat+"/assign", map[string]any{"service_id": agent})
	return a.code, err
}

// move transfers a chat to an agent, or for "" back to the queue.
func (b *boss) move(chat, agent string) (code string, err error) {
	in := map[string]any{}
	if agent != "" {
		in["service_id"] = agent
	}
	a, err := b.ask("by hand", "POST", ofAgent+"/chats/"+chat+"/transfer", in)
	return a.code, err
}

// refusals are the expected error codes for concurrent moves of the same chat.
var refusals = map[string]bool{
	"":                  true,
	"agent_not_online":  true,
	"agent_at_capacity": true,
	"already_assigned":  true,
	"chat_not_active":   true,
	"chat_ended":        true,
}

// meddle moves chats at random while conversations run.
func (p *plant) meddle(b *boss, chats func() []string, agents []string) {
	p.talking.Go(func() {
		for p.load.Err() == nil {
			open := chats()
			if len(open) == 0 {
				continue
			}
			chat, to := open[rand.N(len(open))], agents[rand.N(len(agents))]
			var code string
			var err error
			switch rand.N(4) {
			case 0:
				code, err = b.move(chat, "")
			case 1:
				code, err = b.move(chat, to)
			default:
				code, err = b.assign(chat, to)
			}
			if err != nil || !refusals[code] {
				p.t.Errorf("moving a chat: %v %s", err, code)
			}
		}
	})
}
