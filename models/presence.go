package models

import (
	"context"
	"database/sql"
	"errors"
)

// PresenceChoice is the presence that an agent chooses.
type PresenceChoice struct {
	Detail   PresenceDetail // online, last_chats, break, away or offline
	ReasonID int64          // of a break: one of [Desk.BreakReasons]
	Minutes  int            // planned length of a break, 1 to 480; 0 for the usual one of the reason
}

// presence returns the presence of a choice, and false for what no agent can choose.
func (c PresenceChoice) presence() (Presence, bool) {
	switch c.Detail {
	case DetailOnline:
		return Online, true
	case DetailAway, DetailLastChats, DetailBreak:
		return Away, true
	case DetailOffline:
		return Offline, true
	}
	return "", false
}

// stored returns the column choice_detail of a choice.
func (c PresenceChoice) stored() *PresenceDetail {
	if c.Detail == DetailLastChats || c.Detail == DetailBreak {
		return &c.Detail
	}
	return nil
}

// SetPresence is [Desk.ChoosePresence] for a presence without a detail: online, away or offline.
func (d *Desk) SetPresence(ctx context.Context, actor Actor, choice Presence) (*Agent, error) {
	if choice != Online && choice != Away && choice != Offline {
		return nil, invalid("presence", fieldUnknown, "presence must be online, away or offline.")
	}
	return d.ChoosePresence(ctx, actor, PresenceChoice{Detail: PresenceDetail(choice)})
}

// ChoosePresence stores the presence that an agent chose and returns the agent. Online, the agent is assigned chats,
// waiting ones at once. Away, on a break and with the last chats, the agent keeps the chats and gets no new ones. Offline,
// the chats go back to the front of the queue. To choose the break that is running again plans its end anew.
//
// An actor who is no agent gets 403 agents_only. An unknown presence, a reason that is not in the list and a length out
// of bounds are validation_failed.
func (d *Desk) ChoosePresence(ctx context.Context, actor Actor, choice PresenceChoice) (*Agent, error) {
	if !actor.IsAgent() {
		return nil, forbidden("agents_only", "Only agents have a presence.")
	}
	presence, known := choice.presence()
	if !known {
		return nil, invalid("presence", fieldUnknown, "presence must be online, last_chats, break, away or offline.")
	}
	if choice.Detail == DetailBreak && (choice.Minutes < 0 || choice.Minutes > maxBreakMinutes) {
		return nil, invalid("minutes", fieldOutOfBounds, "The planned length must be a whole number from 1 to 480 minutes.")
	}
	var after *Agent
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		before, err := d.lockAgent(ctx, t, actor.ID)
		if err != nil {
			return err
		}
		var reasonID *int64
		var minutes *int
		if choice.Detail == DetailBreak {
			if minutes, err = plannedMinutes(ctx, t, before, choice); err != nil {
				return err
			}
			reasonID = &choice.ReasonID
		}
		_, err = t.NewRaw(`UPDATE agents SET choice = ?0, choice_detail = ?1, break_reason_id = ?2, break_overdue_at = NULL,
			break_ends_at = clock_timestamp() + make_interval(mins => ?3), seen_at = clock_timestamp(), lost_at = NULL,
			input_at = clock_timestamp(),
			choice_at = CASE WHEN choice = ?0 AND choice_detail IS NOT DISTINCT FROM ?1 AND break_reason_id IS NOT DISTINCT FROM ?2
				THEN choice_at ELSE clock_timestamp() END,
			idle_since = CASE WHEN choice = 'online' THEN idle_since ELSE clock_timestamp() END WHERE id = ?4`,
			presence, choice.stored(), reasonID, minutes, actor.ID).Exec(ctx)
		if err != nil {
			return err
		}
		if after, err = d.agent(ctx, t, actor.ID); err != nil {
			return err
		}
		if before.Presence == after.Presence && before.DesiredPresence != after.DesiredPresence {
			t.emit(after.presenceEvent(false)) // the agent's screens show whether the agent chose it
		}
		emitPresence(t, before, after)
		return t.recordPresence(ctx, before, after, PresenceChosen, actor.ID)
	})
	if err != nil {
		return nil, err
	}
	isGone := choice.Detail == DetailOffline && after.Load+after.MessageLoad > 0
	cannotAnswer := after.Presence != Online && after.Reserved > 0
	if isGone {
		if err := d.requeueChatsOf(ctx, actor.ID, SystemRequeued); err != nil {
			return nil, err
		}
	}
	if cannotAnswer {
		if err := d.SweepOffers(ctx); err != nil {
			return nil, err
		}
	}
	if !isGone && !cannotAnswer {
		return after, nil
	}
	return d.AgentByID(ctx, actor.ID)
}

// plannedMinutes returns how long a break is planned to take. A reason that is not in use is validation_failed, unless it
// is that of the break that goes on.
func plannedMinutes(ctx context.Context, t *tx, a *Agent, choice PresenceChoice) (*int, error) {
	var usual int
	err := t.NewRaw(`SELECT minutes FROM break_reasons WHERE id = ? AND (retired_at IS NULL OR id = ?)`,
		choice.ReasonID, deref(a.BreakReasonID)).Scan(ctx, &usual)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, invalid("reason_id", fieldUnknown, "This reason for a break is not in the list. Choose another one.")
	}
	if choice.Minutes > 0 {
		usual = choice.Minutes
	}
	return &usual, err
}

// emitPresence emits that an agent's presence changed, unless it is as before, and what follows from it for the queue.
func emitPresence(t *tx, before, after *Agent) {
	changed := before.Presence != after.Presence
	if !changed && sameDetail(before, after) && sameExtra(before, after) {
		return
	}
	e := after.presenceEvent(changed)
	e.Presence.DetailChanged = true
	t.emit(e)
	switch {
	case !changed:
	case after.Presence == Online:
		t.emitQueueChange(CauseAgentOn, nil)
		t.requestDrain()
	case before.Presence == Online:
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
		lost := map[string]*Agent{}
		back := []string{}
		for i := range before {
			if a := &before[i]; a.Presence != a.DesiredPresence && a.DisabledAt == nil {
				lost[a.ID] = a
				back = append(back, a.ID)
			}
		}
		if len(back) == 0 {
			return nil
		}
		after, err := d.agents(ctx, t, `WHERE a.id = ANY($2)`, back)
		if err != nil {
			return err
		}
		for i := range after {
			a := &after[i]
			emitPresence(t, lost[a.ID], a)
			if lost[a.ID].LostAt == nil {
				continue // the loss was not stored yet, so the history has none that ends
			}
			if err := t.recordPresence(ctx, lost[a.ID], a, PresenceRestored, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// RecordInput records that agents used their keys or pointer, or did what only a person does, such as to send a message.
func (d *Desk) RecordInput(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := d.db.NewRaw(`UPDATE agents SET input_at = clock_timestamp() WHERE id IN (
		SELECT id FROM agents WHERE id IN (?) ORDER BY id FOR NO KEY UPDATE)`, bunIn(ids)).Exec(ctx)
	return translate(err)
}

// RecordUsersSeen records signs of life of users who wait live, and of those who are there while a message of theirs is open,
// which agents see. A chat that is locked is passed over: what locks it either
// ends the wait or is a sign of life itself, or the next call records it.
func (d *Desk) RecordUsersSeen(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	err := d.queryPreparedRows(ctx, `UPDATE chats SET user_seen_at = clock_timestamp() WHERE id IN (
		SELECT id FROM chats WHERE user_id = ANY($1) AND `+isLive+` ORDER BY id FOR UPDATE SKIP LOCKED)`, []any{ids}, nil)
	if err != nil {
		return translate(err)
	}
	return d.recordUsersHere(ctx, ids)
}

const (
	// lastSign is the last sign of life of an agent a; p is the row of pulse. After an outage all signs count from when
	// Parley ran again.
	lastSign = `greatest(a.seen_at, p.resumed_at)`
	// isGone is the condition for agents who hold chats and will not answer them: offline, disabled, or without a sign
	// of life for PRESENCE_TIMEOUT + PRESENCE_GRACE, which is the argument.
	isGone = `a.load + a.message_load > 0 AND (a.choice = 'offline' OR a.disabled_at IS NOT NULL
		OR ` + lastSign + ` < clock_timestamp() - make_interval(secs => ?))`
	// isOverdue is the condition for agents whose break is over as planned and who were not asked yet.
	isOverdue = `a.choice_detail = 'break' AND a.break_overdue_at IS NULL AND a.break_ends_at < statement_timestamp()`
	// isExtraOver is the condition for agents who asked for one more chat and got none in time.
	isExtraOver = `a.extra_until < statement_timestamp()`
	// lastInput is the last input of an agent a. To choose online counts as input, and so does the end of an outage.
	lastInput = `greatest(a.input_at, a.choice_at, p.resumed_at)`
)

// recordHeartbeat sets the time of the heartbeat. When the one before is too old it also sets resumed_at, from when on
// heartbeats are counted from now on. The clock is the present one: that of a statement which PostgreSQL held back during the outage
// would hide it.
const recordHeartbeat = `UPDATE pulse p SET alive_at = clock_timestamp(),
	resumed_at = CASE WHEN alive_at < clock_timestamp() - interval '15 seconds' THEN clock_timestamp() ELSE resumed_at END`

// RecordHeartbeat records that Parley is running. Where the last heartbeat is more than 15 seconds old, Parley or
// PostgreSQL had an outage in which no signs of life could be given either; the times since the last ones then count
// from now.
func (d *Desk) RecordHeartbeat(ctx context.Context) error {
	_, err := d.db.NewRaw(recordHeartbeat).Exec(ctx)
	return translate(err)
}
