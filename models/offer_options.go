package models

import (
	"cmp"
	"context"
	"slices"
)

// TransferOptions are the agents and departments that can be offered a chat now.
type TransferOptions struct {
	Agents      []Agent // online with a free place, those of the least load first
	Departments []TransferDepartment
}

// TransferDepartment is a department with how many of its agents are online, how many of them have a free place, and how
// many users wait in its queue.
type TransferDepartment struct {
	Department `bun:",extend"`

	Online, Free, Waiting int
}

// TransferOptions returns the agents and departments that can be offered a chat. It is for the chat's agent and
// supervisors, to all others 404 chat_not_found.
func (d *Desk) TransferOptions(ctx context.Context, actor Actor, chatID string) (*TransferOptions, error) {
	c, err := d.readableChat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	if !actor.IsAgent() {
		return nil, ErrChatNotFound
	}
	agents, err := d.Agents(ctx)
	if err != nil {
		return nil, err
	}
	departments, err := d.Departments(ctx)
	if err != nil {
		return nil, err
	}
	var queues []struct {
		Department string
		Waiting    int
	}
	err = d.db.NewRaw(`SELECT department, count(*) AS waiting FROM chats WHERE `+isLive+` AND department IS NOT NULL GROUP BY 1`).
		Scan(ctx, &queues)
	if err != nil {
		return nil, translate(err)
	}
	options := &TransferOptions{Agents: []Agent{}, Departments: make([]TransferDepartment, len(departments))}
	for i, department := range departments {
		one := TransferDepartment{Department: department}
		for j := range agents {
			a := &agents[j]
			if a.Presence != Online || a.ID == c.ServedBy() || !a.Serves(&department.Slug) {
				continue
			}
			one.Online++
			if a.HasPlaceFor(c) {
				one.Free++
			}
		}
		for _, q := range queues {
			if q.Department == department.Slug {
				one.Waiting = q.Waiting
			}
		}
		options.Departments[i] = one
	}
	for i := range agents {
		if agents[i].HasPlaceFor(c) && agents[i].ID != c.ServedBy() {
			options.Agents = append(options.Agents, agents[i])
		}
	}
	slices.SortStableFunc(options.Agents, func(a, b Agent) int { return cmp.Compare(a.Load+a.Reserved, b.Load+b.Reserved) })
	return options, nil
}
