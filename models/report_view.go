package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// MaxReportViews is how many reports an agent can save.
const MaxReportViews = 50

// ReportView is a report that an agent has saved: the query of its page under a name.
type ReportView struct {
	bun.BaseModel `bun:"table:report_views"`

	ID        string    `bun:"id,pk"`
	AgentID   string    `bun:"agent_id"`
	Name      string    `bun:"name"`
	Query     string    `bun:"query"`
	IsShared  bool      `bun:"is_shared"` // with every supervisor
	CreatedAt time.Time `bun:"created_at"`

	AgentName string `bun:"agent_name,scanonly"`
}

// ReportViews returns the reports that the actor has saved and those that others share, by name. Supervisors only.
func (d *Desk) ReportViews(ctx context.Context, actor Actor) ([]ReportView, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	views := []ReportView{}
	err := d.db.NewRaw(`SELECT v.*, a.name AS agent_name FROM report_views v JOIN agents a ON a.id = v.agent_id
		WHERE v.agent_id = ? OR v.is_shared ORDER BY lower(v.name), v.id`, actor.ID).Scan(ctx, &views)
	return views, translate(err)
}

// SaveReportView saves a report, or replaces the actor's own one of that name. The name has 1 to 60 characters and the
// query at most 1,000, else it is validation_failed, as is one report more than [MaxReportViews]. Supervisors only.
func (d *Desk) SaveReportView(ctx context.Context, actor Actor, name, query string, isShared bool) (*ReportView, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	name, err := validateText("name", oneLine(name), 1, 60)
	if err != nil {
		return nil, err
	}
	if query, err = validateText("query", query, 0, 1000); err != nil {
		return nil, err
	}
	v := new(ReportView)
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var wasShared bool
		var count int
		err := t.NewRaw(`SELECT coalesce(bool_or(is_shared) FILTER (WHERE lower(name) = lower(?1)), false),
			count(*) FILTER (WHERE lower(name) <> lower(?1)) FROM report_views WHERE agent_id = ?0`, actor.ID, name).
			Scan(ctx, &wasShared, &count)
		if err != nil {
			return err
		}
		if count >= MaxReportViews {
			return invalid("name", fieldTooMany, "You can save 50 reports. Remove one first.")
		}
		err = t.NewRaw(`INSERT INTO report_views (id, agent_id, name, query, is_shared) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (agent_id, lower(name)) DO UPDATE SET name = excluded.name, query = excluded.query, is_shared = excluded.is_shared
			RETURNING *, (SELECT name FROM agents WHERE id = agent_id) AS agent_name`,
			uuid.NewString(), actor.ID, name, query, isShared).Scan(ctx, v)
		if err != nil || !isShared && !wasShared {
			return err
		}
		return t.audit(ctx, actor, AuditReportShared, aboutReportView(v), details{"query": query, "shared": isShared})
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// RemoveReportView removes a saved report: one's own, or as an administrator a shared one. Any other is
// report_view_not_found.
func (d *Desk) RemoveReportView(ctx context.Context, actor Actor, id string) error {
	if err := actor.require(RoleSupervisor); err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		v := new(ReportView)
		err := t.NewRaw(`DELETE FROM report_views WHERE id = ? AND (agent_id = ? OR is_shared AND ?) RETURNING *`,
			id, actor.ID, actor.AtLeast(RoleAdmin)).Scan(ctx, v)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrReportViewNotFound
		}
		if err != nil || !v.IsShared {
			return err
		}
		return t.audit(ctx, actor, AuditReportRemoved, aboutReportView(v), nil)
	})
}

func aboutReportView(v *ReportView) Subject {
	return Subject{Kind: SubjectReport, ID: v.ID, Name: v.Name}
}
