package models

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// AuditRow is one row of the audit log.
type AuditRow struct {
	ID          int64           `bun:"id"`
	At          time.Time       `bun:"at"`
	ActorID     string          `bun:"actor_id"`   // "console" for the command line, "" for a failed sign-in
	ActorName   string          `bun:"actor_name"` // as it was
	ActorRole   Role            `bun:"actor_role"` // as it was
	Action      AuditAction     `bun:"action"`
	SubjectKind SubjectKind     `bun:"subject_kind"`
	SubjectID   string          `bun:"subject_id"`
	SubjectName string          `bun:"subject_name"` // as it was
	UserID      *string         `bun:"user_id"`      // the user concerned, for chats and users
	Details     json.RawMessage `bun:"details,type:jsonb"`
	Address     string          `bun:"address"`
	RequestID   string          `bun:"request_id"`

	User *User `bun:"-"` // the user as stored now, with id and name only; nil after erasure
}

// AuditFilter selects rows of the audit log. Empty and zero fields select all.
type AuditFilter struct {
	ActorID  string
	Action   AuditAction
	Subject  string // an id, or a name in any case
	From, To time.Time
	Before   AuditPosition
	Limit    int // 1 to 1,000; 0 for 50
}

// AuditPosition is the position after which the next page of the log continues.
type AuditPosition struct {
	At time.Time
	ID int64
}

// maxAuditRows is the length of the longest page of the log.
const maxAuditRows = 1000

// AuditLog returns the rows that a filter selects, newest first, and where older rows continue; nil when there are none.
// Admins only. A limit that is not 1 to 1,000 is validation_failed.
func (d *Desk) AuditLog(ctx context.Context, actor Actor, f AuditFilter) ([]AuditRow, *AuditPosition, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, nil, err
	}
	limit, err := limitOrDefault(f.Limit, maxAuditRows)
	if err != nil {
		return nil, nil, err
	}
	f.Limit = limit
	subject, err := validateText("subject", f.Subject, 0, 500)
	if err != nil {
		return nil, nil, err
	}
	query, args := f.query(subject)
	var found []struct {
		AuditRow  `bun:",extend"`
		UserKnown bool    `bun:"user_known"`
		UserName  *string `bun:"user_name"`
	}
	err = d.db.NewRaw(`SELECT l.id, l.at, l.actor_id, l.actor_name, l.actor_role, l.action, l.subject_kind,
		l.subject_id, l.subject_name, l.user_id, l.details,
			coalesce(host(l.address), '') AS address, coalesce(l.request_id, '') AS request_id,
			u.id IS NOT NULL AS user_known, u.name AS user_name
		FROM (`+query+`) l LEFT JOIN users u ON u.id = l.user_id ORDER BY l.at DESC, l.id DESC`, args...).Scan(ctx, &found)
	if err != nil {
		return nil, nil, translate(err)
	}
	rows := make([]AuditRow, len(found))
	for i := range found {
		rows[i] = found[i].AuditRow
		if found[i].UserKnown {
			rows[i].User = &User{ID: *rows[i].UserID, Name: found[i].UserName}
		}
	}
	if len(rows) <= f.Limit {
		return rows, nil, nil
	}
	rows = rows[:f.Limit]
	last := rows[f.Limit-1]
	return rows, &AuditPosition{At: last.At, ID: last.ID}, nil
}

// query returns a statement that selects one row more than the page has. Each way to be the subject is a branch of its
// own, so that PostgreSQL reads each by its index and stops early.
func (f AuditFilter) query(subject string) (string, []any) {
	conditions, args := []string{"true"}, []any{}
	add := func(condition string, values ...any) {
		conditions, args = append(conditions, condition), append(args, values...)
	}
	if f.ActorID != "" {
		add("actor_id = ?", f.ActorID)
	}
	if f.Action != "" {
		add("action = ?", f.Action)
	}
	if !f.From.IsZero() {
		add("at >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("at < ?", f.To)
	}
	if f.Before.ID != 0 {
		add("(at, id) < (?, ?)", f.Before.At, f.Before.ID)
	}
	where, fixed := strings.Join(conditions, " AND "), args
	part := func(match string) string {
		return `(SELECT * FROM audit_log WHERE ` + match + ` AND ` + where + ` ORDER BY at DESC, id DESC LIMIT ?)`
	}
	if subject == "" {
		return part("true"), append(fixed, f.Limit+1)
	}
	var parts []string
	args = nil
	for _, match := range []string{"subject_id = ?", "user_id = ?", "lower(subject_name) = lower(?)"} {
		parts = append(parts, part(match))
		args = append(append(append(args, subject), fixed...), f.Limit+1)
	}
	return `SELECT * FROM (` + strings.Join(parts, " UNION ") + `) found ORDER BY at DESC, id DESC LIMIT ?`, append(args, f.Limit+1)
}
