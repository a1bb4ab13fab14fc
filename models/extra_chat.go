package models

import (
	"context"
	"time"
)

// extraFor is for how long an agent who asked for one more chat than the capacity may get it: long enough for the next
// user to come, short enough that the agent still remembers.
const extraFor = 10 * time.Minute

// isExtraOpen is the condition for agents a who may get one chat more than their capacity.
const isExtraOpen = `coalesce(a.extra_until > statement_timestamp(), false)`

// OpenExtraChat lets the actor, an agent at capacity, be assigned one chat more than that, and returns the agent. It ends
// with the next chat that the agent gets, after 10 minutes, or when the agent is no longer online. While it is open it
// stays as it is.
//
// An actor who is no agent gets 403 agents_only. An agent who is not online gets 409 not_online, one below capacity 409
// has_capacity, and one above it 409 above_capacity: no agent holds two chats more.
func (d *Desk) OpenExtraChat(ctx context.Context, actor Actor) (*Agent, error) {
	return d.setExtraChat(ctx, actor, func(ctx context.Context, t *tx, a *Agent) (PresenceCause, error) {
		switch {
		case a.Presence != Online:
			return "", conflict("not_online", "You are not online. Go online first.")
		case a.ExtraOpen:
			return "", nil
		case a.Load < a.MaxConcurrent:
			return "", conflict("has_capacity", "You have capacity for another chat already.")
		case a.Load > a.MaxConcurrent:
			return "", conflict("above_capacity", "You hold more chats than your capacity already.")
		}
		t.requestDrain()
		_, err := t.NewRaw(`UPDATE agents SET extra_until = clock_timestamp() + make_interval(secs => ?) WHERE id = ?`,
			extraFor.Seconds(), a.ID).Exec(ctx)
		return ExtraOpened, err
	})
}

// CloseExtraChat takes back what [Desk.OpenExtraChat] allowed, if the agent has not got the chat yet, and returns the
// agent. An actor who is no agent gets 403 agents_only.
func (d *Desk) CloseExtraChat(ctx context.Context, actor Actor) (*Agent, error) {
	return d.setExtraChat(ctx, actor, func(ctx context.Context, t *tx, a *Agent) (PresenceCause, error) {
		if !a.ExtraOpen {
			return "", nil
		}
		_, err := t.NewRaw(`UPDATE agents SET extra_until = NULL WHERE id = ?`, a.ID).Exec(ctx)
		return ExtraClosed, err
	})
}

// setExtraChat runs f with the locked agent, and records and announces what it did, unless it returns no cause.
func (d *Desk) setExtraChat(
	ctx context.Context, actor Actor, f func(context.Context, *tx, *Agent) (PresenceCause, error),
) (*Agent, error) {
	if !actor.IsAgent() {
		return nil, forbidden("agents_only", "Only agents have a presence.")
	}
	var after *Agent
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		before, err := d.lockAgent(ctx, t, actor.ID)
		if err != nil {
			return err
		}
		cause, err := f(ctx, t, before)
		if err != nil {
			return err
		}
		if after, err = d.agent(ctx, t, actor.ID); err != nil || cause == "" {
			return err
		}
		emitPresence(t, before, after)
		return t.recordExtra(ctx, after, cause, actor.ID)
	})
	return after, err
}

// extraEvent returns the event after what OpenExtraChat allowed has ended by itself.
func (a *Agent) extraEvent() Event {
	e := a.presenceEvent(false)
	e.Presence.DetailChanged = true
	return e
}

// recordExtra adds to the history what happened to the extra chat of an agent. by is the actor, "" for Parley.
func (t *tx) recordExtra(ctx context.Context, a *Agent, cause PresenceCause, by string) error {
	_, err := t.NewRaw(`INSERT INTO presence_changes (agent_id, from_presence, to_presence, cause, by_id) VALUES (?, ?, ?, ?, ?)`,
		a.ID, a.Detail(), a.Detail(), cause, by).Exec(ctx)
	return err
}
