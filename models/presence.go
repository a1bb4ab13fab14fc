package models

import (
	"context"
	"slices"
)

// SetPresence stores the presence that an agent chose and returns the agent. Online, the agent is assigned chats,
// waiting ones at once. Away, the agent keeps the chats and gets no new ones. Offline, the chats go back to the front
// of the queue. An actor who is no agent gets 403 agents_only, an unknown presence is validation_failed.
func (d *Desk) SetPresence(ctx context.Context, actor Actor, choice Presence) (*Agent, error) {
	if !actor.IsAgent() {
		return nil, forbidden("agents_only", "Only agents have a presence.")
	}
	if choice != Online && choice != Away && choice != Offline {
		return nil, invalid("presence", fieldUnknown, "presence must be online, away or offline.")
	}
	var after *Agent
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		before, err := d.lockAgent(ctx, t, actor.ID)
		if err != nil {
			return err
		}
		_, err = t.NewRaw(`UPDATE agents SET choice = ?, seen_at = clock_timestamp(), lost_at = NULL,
			choice_at = CASE WHEN choice = ? THEN choice_at ELSE clock_timestamp() END,
			idle_since = CASE WHEN choice = 'online' THEN idle_since ELSE clock_timestamp() END WHERE id = ?`, choice, choice, actor.ID).Exec(ctx)
		if err != nil {
			return err
		}
		if after, err = d.agent(ctx, t, actor.ID); err != nil {
			return err
		}
		if before.Presence == after.Presence && before.DesiredPresence != after.DesiredPresence {
			t.emit(after.presenceEvent(false)) // the agent's screens show whether the agent chose it
		}
		emitPresence(t, before.Presence, after)
		return nil
	})
	if err != nil || choice != Offline || after.Load == 0 {
		return after, err
	}
	if err := d.requeueChatsOf(ctx, actor.ID, SystemRequeued); err != nil {
		return nil, err
	}
	return d.AgentByID(ctx, actor.ID)
}

// emitPresence emits that an agent's presence changed, unless it is as before, and what follows from it for the queue.
func emitPresence(t *tx, before Presence, after *Agent) {
	if before == after.Presence {
		return
	}
	t.emit(after.presenceEvent(true))
	switch {
	case after.Presence == Online:
		t.emitQueueChange(CauseAgentOn, nil)
		t.requestDrain()
	case before == Online:
		t.emitQueueChange(CauseAgentOff, nil)
	}
}

// RecordAgentsSeen records signs of life of agents. Those whose connection was lost have the presence again that they
// chose; it is announced, and those online are assigned chats.
func (d *Desk) RecordAgentsSeen(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		before, err := d.agents(ctx, t, `WHERE a.id = ANY($2) ORDER BY a.id FOR UPDATE OF a`, ids)
		if err != nil {
			return err
		}
		if _, err := t.NewRaw(`UPDATE agents SET seen_at = clock_timestamp(), lost_at = NULL WHERE id IN (?)`, bunIn(ids)).
			Exec(ctx); err != nil {
			return err
		}
		back := []string{}
		for _, a := range before {
			if a.Presence != a.DesiredPresence && a.DisabledAt == nil {
				back = append(back, a.ID)
			}
		}
		if len(back) == 0 {
			return nil
		}
		after, err := d.agents(ctx, t, `WHERE a.id = ANY($2)`, back)
		for i := range after {
			emitPresence(t, Away, &after[i])
		}
		return err
	})
}

// RecordUsersSeen records signs of life of users who wait. A chat that is locked is passed over: what locks it either
// ends the wait or is a sign of life itself, or the next call records it.
func (d *Desk) RecordUsersSeen(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := d.db.NewRaw(`UPDATE chats SET user_seen_at = clock_timestamp() WHERE id IN (
		SELECT id FROM chats WHERE user_id IN (?) AND status = 'waiting' ORDER BY id FOR UPDATE SKIP LOCKED)`, bunIn(ids)).Exec(ctx)
	return translate(err)
}

const (
	// lastSign is the last sign of life of an agent a; p is the row of pulse. After an outage all signs count from when
	// Parley ran again.
	lastSign = `greatest(a.seen_at, p.resumed_at)`
	// isGone is the condition for agents who hold chats and will not answer them: offline, disabled, or without a sign
	// of life for PRESENCE_TIMEOUT + PRESENCE_GRACE, which is the argument.
	isGone = `a.load > 0 AND (a.choice = 'offline' OR a.disabled_at IS NOT NULL
		OR ` + lastSign + ` < clock_timestamp() - make_interval(secs => ?))`
)

// SweepPresence marks and announces agents who have sent no heartbeat for PRESENCE_TIMEOUT. It puts the chats of agents
// who have sent none for another PRESENCE_GRACE at the front of the queue.
func (d *Desk) SweepPresence(ctx context.Context) error {
	s := d.Settings()
	if err := d.RecordHeartbeat(ctx); err != nil { // first, so that an outage or a jump of the clock does not count against agents
		return err
	}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var lost []string
		err := t.NewRaw(`UPDATE agents a SET lost_at = clock_timestamp() FROM pulse p
			WHERE a.choice <> 'offline' AND a.disabled_at IS NULL AND a.lost_at IS NULL
				AND `+lastSign+` < clock_timestamp() - make_interval(secs => ?)
			RETURNING a.id`, s.PresenceTimeout.Seconds()).Scan(ctx, &lost)
		if err != nil || len(lost) == 0 {
			return err
		}
		agents, err := d.agents(ctx, t, `WHERE a.id = ANY($2)`, lost)
		for i := range agents {
			emitPresence(t, agents[i].DesiredPresence, &agents[i])
		}
		return err
	})
	if err != nil {
		return err
	}
	var ids []string
	limit := (s.PresenceTimeout + s.PresenceGrace).Seconds()
	if err := d.db.NewRaw(`SELECT a.id FROM agents a CROSS JOIN pulse p WHERE `+isGone, limit).Scan(ctx, &ids); err != nil {
		return translate(err)
	}
	for _, id := range ids {
		if err := d.requeueChatsOf(ctx, id, SystemReturned); err != nil {
			return err
		}
	}
	return nil
}

// requeueChatsOf puts the chats of an agent who is gone at the front of the queue, with a system message of a kind. An
// agent who has come back in the meantime keeps them. The rows are locked in the usual order, chats then agent; a chat that
// the agent got in between is taken in another round.
func (d *Desk) requeueChatsOf(ctx context.Context, agentID, kind string) error {
	s := d.Settings()
	for {
		taken := 0
		err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
			var chats []*Chat
			err := t.NewRaw(`SELECT * FROM chats WHERE agent_id = ? AND status = 'active' ORDER BY id FOR UPDATE`, agentID).
				Scan(ctx, &chats)
			if err != nil {
				return err
			}
			if taken = len(chats); taken == 0 {
				return nil
			}
			a, err := d.lockAgent(ctx, t, agentID)
			if err != nil {
				return err
			}
			var still bool
			err = t.NewRaw(`SELECT EXISTS (SELECT FROM agents a CROSS JOIN pulse p WHERE a.id = ? AND `+isGone+`)`,
				agentID, (s.PresenceTimeout+s.PresenceGrace).Seconds()).Scan(ctx, &still)
			if err != nil {
				return err
			}
			if !still {
				taken = 0
				return nil
			}
			if err := t.tick(ctx); err != nil {
				return err
			}
			slices.SortFunc(chats, func(a, b *Chat) int { return a.QueuedAt.Compare(b.QueuedAt) })
			changes := make([]*chatChange, len(chats))
			for i, c := range chats {
				changes[i] = t.change(c)
				changes[i].requeue(a, kind, false)
			}
			a.release(len(chats), t.now)
			t.requestDrain()
			return t.saveAll(ctx, changes, a)
		})
		if err != nil || taken == 0 {
			return err
		}
	}
}

// recordHeartbeat sets the time of the heartbeat. When the one before is too old it also sets resumed_at, from when on
// heartbeats are counted from now on.
const recordHeartbeat = `UPDATE pulse p SET alive_at = clock_timestamp(),
	resumed_at = CASE WHEN alive_at < clock_timestamp() - interval '15 seconds' THEN clock_timestamp() ELSE resumed_at END`

// RecordHeartbeat records that Parley is running. Where the last heartbeat is more than 15 seconds old, Parley or
// PostgreSQL had an outage in which no signs of life could be given either; the times since the last ones then count
// from now.
func (d *Desk) RecordHeartbeat(ctx context.Context) error {
	_, err := d.db.NewRaw(recordHeartbeat).Exec(ctx)
	return translate(err)
}
