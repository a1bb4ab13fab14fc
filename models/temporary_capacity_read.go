package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// TemporaryCapacity is a change of capacity for a limited time.
type TemporaryCapacity struct {
	ID             int64      `bun:"id"`
	Department     *string    `bun:"department"` // whose online agents were chosen; nil for all
	DepartmentName string     `bun:"department_name"`
	Change         int        `bun:"change"`
	ByID           string     `bun:"by_id"`
	ByName         string     `bun:"by_name"`
	StartedAt      time.Time  `bun:"started_at"`
	EndsAt         time.Time  `bun:"ends_at"`
	EndedAt        *time.Time `bun:"ended_at"`
	EndedBy        string     `bun:"ended_by"` // "" for by itself

	Agents []TemporaryAgent `bun:"-"`
}

// TemporaryAgent is an agent of a temporary capacity. It is stored in the audit log, so its names stay as they are.
type TemporaryAgent struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	From        int        `json:"from"`
	To          int        `json:"to"`
	TakenBackAt *time.Time `json:"taken_back_at,omitempty"` // set when it ended for the agent, maybe before the rest
}

func (c *TemporaryCapacity) agentIDs() []string {
	ids := make([]string, len(c.Agents))
	for i := range c.Agents {
		ids[i] = c.Agents[i].ID
	}
	return ids
}

func (c *TemporaryCapacity) subject() Subject {
	return Subject{Kind: SubjectTemporaryCapacity, ID: strconv.FormatInt(c.ID, 10), Name: c.DepartmentName}
}

// TemporaryCapacities returns the temporary capacities that are on, the next to end first. Supervisors only.
func (d *Desk) TemporaryCapacities(ctx context.Context, actor Actor) ([]TemporaryCapacity, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	all, err := readTemporaryCapacities(ctx, d.db, `WHERE c.ended_at IS NULL ORDER BY c.ends_at, c.id`)
	return all, translate(err)
}

// readTemporaryCapacities returns the temporary capacities c that a condition selects, with their agents by name.
func readTemporaryCapacities(ctx context.Context, db rawQuerier, where string, args ...any) ([]TemporaryCapacity, error) {
	var rows []struct {
		TemporaryCapacity `bun:",extend"`

		AgentsJSON string `bun:"agents"`
	}
	err := db.NewRaw(`SELECT c.id, c.department, coalesce(d.name, '') AS department_name, c.change, c.by_id,
			coalesce(b.name, c.by_id) AS by_name, c.started_at, c.ends_at, c.ended_at, c.ended_by,
			(SELECT coalesce(json_agg(json_build_object('id', a.id, 'name', a.name, 'from', t.from_capacity, 'to', t.to_capacity,
					'taken_back_at', t.taken_back_at) ORDER BY lower(a.name), a.id), '[]')
				FROM temporary_capacity_agents t JOIN agents a ON a.id = t.agent_id WHERE t.temporary_capacity_id = c.id)::text AS agents
		FROM temporary_capacities c LEFT JOIN departments d ON d.slug = c.department LEFT JOIN agents b ON b.id = c.by_id `+where,
		args...).Scan(ctx, &rows)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	all := make([]TemporaryCapacity, len(rows))
	for i := range rows {
		all[i] = rows[i].TemporaryCapacity
		if err := json.Unmarshal([]byte(rows[i].AgentsJSON), &all[i].Agents); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readTemporaryCapacity(ctx context.Context, db rawQuerier, id int64) (*TemporaryCapacity, error) {
	all, err := readTemporaryCapacities(ctx, db, `WHERE c.id = ?`, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrTemporaryCapacityNotFound
	}
	return &all[0], nil
}

// lockTemporaryCapacity locks one that is on. It comes before its agents in the order of locks. An unknown one is
// temporary_capacity_not_found, one that has ended temporary_capacity_ended.
func lockTemporaryCapacity(ctx context.Context, t *tx, id int64) error {
	var ended bool
	err := t.NewRaw(`SELECT ended_at IS NOT NULL FROM temporary_capacities WHERE id = ? FOR UPDATE`, id).Scan(ctx, &ended)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrTemporaryCapacityNotFound
	case err != nil:
		return err
	case ended:
		return conflict("temporary_capacity_ended", "This temporary capacity has ended already.")
	}
	return nil
}

// checkDepartmentExists refuses an unknown department with validation_failed, and keeps the one that exists. "" is none.
func checkDepartmentExists(ctx context.Context, t *tx, slug string) error {
	if slug == "" {
		return nil
	}
	var found bool
	err := t.NewRaw(`SELECT true FROM departments WHERE slug = ? FOR KEY SHARE`, slug).Scan(ctx, &found)
	if errors.Is(err, sql.ErrNoRows) {
		return invalid("department", fieldUnknown, "This department does not exist.")
	}
	return err
}
