package models

import (
	"context"
	"slices"
)

// SweepPresence marks and announces agents who have sent no heartbeat for PRESENCE_TIMEOUT. It puts the chats of agents
// who have sent none for another PRESENCE_GRACE at the front of the queue. It sets online agents to away who gave no
// input for INACTIVE_AFTER; they keep their chats. It announces breaks that are over as planned: the agents stay on them
// until they choose otherwise. It ends what [Desk.OpenExtraChat] allowed in time.
func (d *Desk) SweepPresence(ctx context.Context) error {
	s := d.Settings()
	if err := d.RecordHeartbeat(ctx); err != nil { // first, so that an outage or a jump of the clock does not count against agents
		return err
	}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var lost []string
		err := t.NewRaw(`UPDATE agents a SET lost_at = clock_timestamp(), extra_until = NULL FROM pulse p
			WHERE a.choice <> 'offline' AND a.disabled_at IS NULL AND a.lost_at IS NULL
				AND `+lastSign+` < clock_timestamp() - make_interval(secs => ?)
			RETURNING a.id`, s.PresenceTimeout.Seconds()).Scan(ctx, &lost)
		if err != nil || len(lost) == 0 {
			return err
		}
		agents, err := d.agents(ctx, t, `WHERE a.id = ANY($2)`, lost)
		if err != nil {
			return err
		}
		for i := range agents {
			before := agents[i]
			before.Presence = before.DesiredPresence
			emitPresence(t, &before, &agents[i])
			if err := t.recordPresence(ctx, &before, &agents[i], PresenceLost, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := d.sweepChoices(ctx); err != nil {
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

// sweepChoices does what [Desk.SweepPresence] says of input, breaks and extra chats.
func (d *Desk) sweepChoices(ctx context.Context) error {
	inactiveAfter := d.Settings().InactiveAfter
	type change struct {
		cause     PresenceCause
		set, when string
	}
	changes := []change{
		{PresenceBreakOver, `break_overdue_at = clock_timestamp()`, isOverdue},
		{ExtraExpired, `extra_until = NULL`, isExtraOver},
	}
	if inactiveAfter > 0 {
		changes = append(changes, change{
			PresenceInactive, `choice = 'away', choice_detail = 'inactive', choice_at = clock_timestamp(), idle_since = clock_timestamp()`,
			`a.choice = 'online' AND a.disabled_at IS NULL AND ` + lastInput + ` < clock_timestamp() - make_interval(secs => ?)`,
		})
	}
	for _, s := range changes {
		err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
			var ids []string
			// Which ones are locked is decided by the rows as they are then: an agent who has just come back is left out.
			err := t.NewRaw(`SELECT a.id FROM agents a CROSS JOIN pulse p WHERE `+s.when+` ORDER BY a.id FOR UPDATE OF a`,
				inactiveAfter.Seconds()).Scan(ctx, &ids)
			if err != nil || len(ids) == 0 {
				return err
			}
			before, err := d.agents(ctx, t, `WHERE a.id = ANY($2) ORDER BY a.id`, ids)
			if err != nil {
				return err
			}
			if _, err := t.NewRaw(`UPDATE agents SET `+s.set+` WHERE id IN (?)`, bunIn(ids)).Exec(ctx); err != nil {
				return err
			}
			after, err := d.agents(ctx, t, `WHERE a.id = ANY($2) ORDER BY a.id`, ids)
			if err != nil {
				return err
			}
			for i := range after {
				if s.cause == ExtraExpired {
					t.emit(after[i].extraEvent())
					err = t.recordExtra(ctx, &after[i], s.cause, "")
				} else {
					emitPresence(t, &before[i], &after[i])
					err = t.recordPresence(ctx, &before[i], &after[i], s.cause, "")
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
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
			changes := make([]*chatChange, len(chats))
			for i, c := range chats {
				changes[i] = t.change(c)
			}
			agents, offers, err := d.lockWithReceivers(ctx, t, changes, agentID)
			if err != nil {
				return err
			}
			a := agents[agentID]
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
			slices.SortFunc(changes, func(a, b *chatChange) int { return a.Chat.QueuedAt.Compare(b.Chat.QueuedAt) })
			for _, change := range changes {
				change.now = t.now
				if err := t.withdrawOffer(ctx, change, offers, agents); err != nil {
					return err
				}
				change.requeue(a, kind, false)
				a.release(&change.Chat, t.now)
			}
			t.requestDrain()
			return t.saveAll(ctx, changes, agents.all()...)
		})
		if err != nil || taken == 0 {
			return err
		}
	}
}
