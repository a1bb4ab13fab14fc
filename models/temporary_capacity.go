package models

import (
	"context"
	"database/sql"
	"errors"
)

// The least and the most minutes that a temporary capacity lasts from the time at which it is applied or extended.
const (
	MinCapacityMinutes = 5
	MaxCapacityMinutes = 240
)

// CapacityRequest is a change of capacity for a limited time.
type CapacityRequest struct {
	Department string // whose online agents get it; "" for all online agents
	Change     int    // chats more or fewer per agent, -10 to 10 without 0
	Minutes    int    // 5 to 240
}

func (r CapacityRequest) validate() error {
	if r.Change == 0 {
		return ErrCapacityUnchanged
	}
	if err := checkCapacityChange(r.Change); err != nil {
		return err
	}
	return checkCapacityMinutes(r.Minutes)
}

func checkCapacityMinutes(minutes int) error {
	if minutes < MinCapacityMinutes || minutes > MaxCapacityMinutes {
		return invalid("minutes", fieldOutOfBounds, "The length must be a whole number from 5 to 240 minutes.")
	}
	return nil
}

var errNoAgentToChange = conflict("no_agent_to_change",
	"No online agent is left whose capacity can be changed by this. Choose another department or end the temporary capacity first.")

// ApplyCapacity changes the capacity of the online agents of a department, or of all, for a number of minutes, and returns
// what it changed. Waiting chats are assigned to the new places at once; chats in progress stay when a capacity is lowered.
// Each agent has at least 1 and at most 100 chats. Agents with capacity 0, and those whose capacity is temporary already,
// are left out; if no agent is left it is 409 no_agent_to_change.
//
// [Desk.SweepCapacities] takes it back. An administrator who sets another capacity for an agent ends it for that agent.
//
// Supervisors only. A change of 0 is 422 capacity_unchanged; numbers out of bounds and an unknown department are
// validation_failed.
func (d *Desk) ApplyCapacity(ctx context.Context, actor Actor, r CapacityRequest) (*TemporaryCapacity, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	var applied *TemporaryCapacity
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := checkDepartmentExists(ctx, t, r.Department); err != nil {
			return err
		}
		agents, err := d.lockForCapacity(ctx, t, r)
		if err != nil {
			return err
		}
		if len(agents) == 0 {
			return errNoAgentToChange
		}
		var id int64
		err = t.NewRaw(`INSERT INTO temporary_capacities (department, change, by_id, ends_at)
			VALUES (nullif(?, ''), ?, ?, clock_timestamp() + make_interval(mins => ?)) RETURNING id`,
			r.Department, r.Change, actor.ID, r.Minutes).Scan(ctx, &id)
		if err != nil {
			return err
		}
		for i := range agents {
			a := &agents[i]
			_, err := t.NewRaw(`INSERT INTO temporary_capacity_agents (temporary_capacity_id, agent_id, from_capacity, to_capacity)
				VALUES (?, ?, ?, ?)`, id, a.ID, a.MaxConcurrent, changedCapacity(a.MaxConcurrent, r.Change)).Exec(ctx)
			if err != nil {
				return err
			}
		}
		if _, err := t.NewRaw(`UPDATE agents a SET regular_max = c.from_capacity, max_concurrent = c.to_capacity,
				max_until = (SELECT ends_at FROM temporary_capacities WHERE id = ?0)
			FROM temporary_capacity_agents c WHERE c.temporary_capacity_id = ?0 AND a.id = c.agent_id`, id).Exec(ctx); err != nil {
			return err
		}
		if applied, err = readTemporaryCapacity(ctx, t, id); err != nil {
			return err
		}
		if err := d.announceCapacities(ctx, t, applied.agentIDs()); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditCapacityApplied, applied.subject(),
			details{"change": r.Change, "for_minutes": r.Minutes, "agents": applied.Agents})
	})
	return applied, err
}

// lockForCapacity locks the agents whose capacity a request changes, in the order of their ids, and returns them.
func (d *Desk) lockForCapacity(ctx context.Context, t *tx, r CapacityRequest) ([]Agent, error) {
	var ids []string
	err := t.NewRaw(`SELECT a.id FROM agents a WHERE a.choice = 'online' AND a.disabled_at IS NULL AND (?0 = ''
			OR EXISTS (SELECT FROM agent_departments ad WHERE ad.agent_id = a.id AND ad.department = ?0)) ORDER BY a.id FOR UPDATE`,
		r.Department).Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	locked, err := d.agents(ctx, t, `WHERE a.id = ANY($2) ORDER BY a.id`, ids)
	var agents []Agent
	for i := range locked {
		a := &locked[i]
		if a.Presence == Online && a.RegularMax == nil && changedCapacity(a.MaxConcurrent, r.Change) != a.MaxConcurrent {
			agents = append(agents, *a)
		}
	}
	return agents, err
}

// announceCapacities emits the agents as they are now, and has the queue drained.
func (d *Desk) announceCapacities(ctx context.Context, t *tx, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	agents, err := d.agents(ctx, t, `WHERE a.id = ANY($2) ORDER BY a.id`, ids)
	for i := range agents {
		e := agents[i].presenceEvent(false)
		e.Presence.DetailChanged = true
		t.emit(e)
	}
	t.emitQueueChange("", nil) // estimated waits
	t.requestDrain()
	return err
}

// ExtendCapacity lets a temporary capacity end in a number of minutes from now, and returns it. Supervisors only. A length
// out of bounds is validation_failed, an unknown one is 404 temporary_capacity_not_found, one that has ended is 409
// temporary_capacity_ended, and one that ends later than that already is 409 ends_later.
func (d *Desk) ExtendCapacity(ctx context.Context, actor Actor, id int64, minutes int) (*TemporaryCapacity, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	if err := checkCapacityMinutes(minutes); err != nil {
		return nil, err
	}
	var extended *TemporaryCapacity
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := lockTemporaryCapacity(ctx, t, id); err != nil {
			return err
		}
		var later bool
		err := t.NewRaw(`UPDATE temporary_capacities SET ends_at = clock_timestamp() + make_interval(mins => ?0)
			WHERE id = ?1 AND ends_at < statement_timestamp() + make_interval(mins => ?0) RETURNING true`, minutes, id).Scan(ctx, &later)
		if errors.Is(err, sql.ErrNoRows) {
			return conflict("ends_later", "The temporary capacity ends later than that already. Choose more minutes, or end it now.")
		}
		if err != nil {
			return err
		}
		if extended, err = readTemporaryCapacity(ctx, t, id); err != nil {
			return err
		}
		if _, err := d.lockAgents(ctx, t, append(extended.agentIDs(), "")...); err != nil {
			return err
		}
		if _, err := t.NewRaw(`UPDATE agents SET max_until = ?0 WHERE regular_max IS NOT NULL AND id IN (SELECT agent_id
			FROM temporary_capacity_agents WHERE temporary_capacity_id = ?1 AND taken_back_at IS NULL)`, extended.EndsAt, id).Exec(ctx); err != nil {
			return err
		}
		if err := d.announceCapacities(ctx, t, extended.agentIDs()); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditCapacityExtended, extended.subject(), details{"change": extended.Change, "for_minutes": minutes})
	})
	return extended, err
}

// EndCapacity takes a temporary capacity back before its time and returns it: its agents have their regular capacity, and
// keep the chats that they have. Supervisors only. An unknown one is 404 temporary_capacity_not_found; one that has ended
// is 409 temporary_capacity_ended.
func (d *Desk) EndCapacity(ctx context.Context, actor Actor, id int64) (*TemporaryCapacity, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	var ended *TemporaryCapacity
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := lockTemporaryCapacity(ctx, t, id); err != nil {
			return err
		}
		var err error
		ended, err = d.takeBackCapacity(ctx, t, actor, id)
		return err
	})
	return ended, err
}

// SweepCapacities takes back the temporary capacities whose time is over. It may run at any time, on any machine, and
// several times at once: each is taken back once.
func (d *Desk) SweepCapacities(ctx context.Context) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var due []int64
		// A second sweep waits for the rows here, and finds that they have ended.
		err := t.NewRaw(`SELECT id FROM temporary_capacities WHERE ended_at IS NULL AND ends_at <= statement_timestamp()
			ORDER BY id FOR UPDATE`).Scan(ctx, &due)
		if err != nil {
			return err
		}
		return d.takeBackCapacities(ctx, t, Actor{}, due)
	})
}

// takeBackCapacitiesOf takes back the temporary capacities of a department that is deleted: nothing would say later for which agents they
// were chosen.
func (d *Desk) takeBackCapacitiesOf(ctx context.Context, t *tx, actor Actor, department string) error {
	var on []int64
	err := t.NewRaw(`SELECT id FROM temporary_capacities WHERE ended_at IS NULL AND department = ? ORDER BY id FOR UPDATE`, department).
		Scan(ctx, &on)
	if err != nil {
		return err
	}
	return d.takeBackCapacities(ctx, t, actor, on)
}

// takeBackCapacities ends locked temporary capacities.
func (d *Desk) takeBackCapacities(ctx context.Context, t *tx, actor Actor, ids []int64) error {
	if len(ids) > 1 { // in the order of their ids over all of them, as every transaction locks agents
		var agents []string
		err := t.NewRaw(`SELECT agent_id FROM temporary_capacity_agents WHERE temporary_capacity_id IN (?) AND taken_back_at IS NULL`,
			bunIn(ids)).Scan(ctx, &agents)
		if err != nil {
			return err
		}
		if _, err := d.lockAgents(ctx, t, append(agents, "")...); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if _, err := d.takeBackCapacity(ctx, t, actor, id); err != nil {
			return err
		}
	}
	return nil
}

// takeBackCapacity ends a locked temporary capacity. An agent whose capacity was set otherwise in the meantime keeps that.
func (d *Desk) takeBackCapacity(ctx context.Context, t *tx, actor Actor, id int64) (*TemporaryCapacity, error) {
	if _, err := t.NewRaw(`UPDATE temporary_capacities SET ended_at = clock_timestamp(), ended_by = ? WHERE id = ?`, actor.ID, id).
		Exec(ctx); err != nil {
		return nil, err
	}
	running, err := readTemporaryCapacity(ctx, t, id)
	if err != nil {
		return nil, err
	}
	if _, err := d.lockAgents(ctx, t, append(running.agentIDs(), "")...); err != nil {
		return nil, err
	}
	var taken []string
	err = t.NewRaw(`UPDATE agents SET max_concurrent = regular_max, regular_max = NULL WHERE regular_max IS NOT NULL
		AND id IN (SELECT agent_id FROM temporary_capacity_agents WHERE temporary_capacity_id = ? AND taken_back_at IS NULL)
		RETURNING id`, id).Scan(ctx, &taken)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if err := d.announceCapacities(ctx, t, taken); err != nil {
		return nil, err
	}
	agents := []TemporaryAgent{}
	for _, a := range running.Agents {
		if a.TakenBackAt == nil {
			agents = append(agents, TemporaryAgent{ID: a.ID, Name: a.Name, From: a.To, To: a.From})
		}
	}
	err = t.audit(ctx, actor, AuditCapacityTakenBack, running.subject(), details{"change": running.Change, "agents": agents})
	if err != nil {
		return nil, err
	}
	return readTemporaryCapacity(ctx, t, id)
}
