package models

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"
)

// AlertKind is the figure that an alert rule watches.
type AlertKind string

// The kinds of alert rules.
const (
	AlertQueueLength    AlertKind = "queue_length"    // waiting chats
	AlertLongestWait    AlertKind = "longest_wait"    // seconds that the first of them has waited
	AlertUnanswered     AlertKind = "unanswered"      // seconds that a user in an active chat has waited for a reply
	AlertAbandonedCount AlertKind = "abandoned_count" // users who left the queue in the window
	AlertAbandonedShare AlertKind = "abandoned_share" // these in percent of the chats that ended in the window
	AlertNobodyOnline   AlertKind = "nobody_online"   // no agent is online while at least so many chats wait, 0: at any time
	AlertMiscalibrated  AlertKind = "miscalibrated"   // percent of waits inside the estimated range, of the window; too few
)

// AlertKinds are all kinds, in the order in which pages list them.
var AlertKinds = []AlertKind{
	AlertQueueLength, AlertLongestWait, AlertUnanswered, AlertAbandonedCount, AlertAbandonedShare, AlertNobodyOnline, AlertMiscalibrated,
}

// HasWindow reports whether the figure is one of the last minutes.
func (k AlertKind) HasWindow() bool {
	return k == AlertAbandonedCount || k == AlertAbandonedShare || k == AlertMiscalibrated
}

// thresholds returns the bounds of the threshold; false for an unknown kind.
func (k AlertKind) thresholds() (low, high int, known bool) {
	switch k {
	case AlertQueueLength, AlertAbandonedCount, AlertNobodyOnline:
		return 0, 10_000, true
	case AlertLongestWait, AlertUnanswered:
		return 1, maxAlertSeconds, true
	case AlertAbandonedShare:
		return 0, 99, true
	case AlertMiscalibrated:
		return 1, 100, true
	}
	return 0, 0, false
}

const (
	maxAlertSeconds = 24 * 60 * 60
	maxAlertWindow  = 7 * 24 * 60 // minutes
)

// MaxAlertRules is how many rules there can be, and so how many alerts can be open at once.
const MaxAlertRules = 100

// AlertRuleFields are what supervisors enter for a rule.
type AlertRuleFields struct {
	Kind          AlertKind `bun:"kind"`
	Department    *string   `bun:"department"` // slug; nil for all departments
	Threshold     int       `bun:"threshold"`
	HoldSeconds   int       `bun:"hold_seconds"`   // for how long the figure must be beyond the threshold, and back, 0 for no time
	WindowMinutes int       `bun:"window_minutes"` // 0 unless the kind has one
	IsEnabled     bool      `bun:"is_enabled"`
}

// AlertRule is a rule with its id.
type AlertRule struct {
	ID              int64 `bun:"id"`
	AlertRuleFields `      bun:",extend"`
}

const selectAlertRules = `SELECT id, kind, department, threshold, hold_seconds, window_minutes, is_enabled FROM alert_rules `

// AlertRules returns all rules in the order in which they were added. Supervisors only.
func (d *Desk) AlertRules(ctx context.Context, actor Actor) ([]AlertRule, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	rules := []AlertRule{}
	err := d.db.NewRaw(selectAlertRules+`ORDER BY id`).Scan(ctx, &rules)
	return rules, translate(err)
}

// AlertRule returns a rule. Supervisors only; an unknown one is alert_rule_not_found.
func (d *Desk) AlertRule(ctx context.Context, actor Actor, id int64) (*AlertRule, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	r, err := alertRule(ctx, d.db, `WHERE id = ?`, id)
	return r, translate(err)
}

func alertRule(ctx context.Context, db rawQuerier, where string, args ...any) (*AlertRule, error) {
	r := new(AlertRule)
	err := db.NewRaw(selectAlertRules+where, args...).Scan(ctx, r)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrAlertRuleNotFound
	}
	return r, err
}

// validate refuses an unknown kind and numbers out of bounds. A window that the kind does not have is dropped.
func (f *AlertRuleFields) validate() error {
	low, high, known := f.Kind.thresholds()
	if !known {
		return invalid("kind", fieldUnknown, "kind must be one of the kinds of alert rules.")
	}
	if f.Threshold < low || f.Threshold > high {
		return invalid("threshold", fieldOutOfBounds,
			"The threshold must be a whole number from "+strconv.Itoa(low)+" to "+strconv.Itoa(high)+".")
	}
	if f.HoldSeconds < 0 || f.HoldSeconds > maxAlertSeconds {
		return invalid("hold_seconds", fieldOutOfBounds, "The duration must be a whole number from 0 to 86400 seconds.")
	}
	if !f.Kind.HasWindow() {
		f.WindowMinutes = 0
		return nil
	}
	if f.WindowMinutes < 1 || f.WindowMinutes > maxAlertWindow {
		return invalid("window_minutes", fieldOutOfBounds, "The window must be a whole number from 1 to 10080 minutes.")
	}
	return nil
}

// AddAlertRule adds a rule. Supervisors only. Fields out of bounds, an unknown kind and an unknown department are
// validation_failed; more than 100 rules are 409 too_many_alert_rules. A form adds one rule, see [WithForm].
func (d *Desk) AddAlertRule(ctx context.Context, actor Actor, f AlertRuleFields) (*AlertRule, error) {
	var added *AlertRule
	err := d.changeAlertRules(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := f.validate(); err != nil {
			return err
		}
		id, again, err := t.once(ctx, `SELECT id FROM alert_rules WHERE id = ?`,
			func() (int64, error) { return t.insertAlertRule(ctx, &f) })
		if err != nil {
			return err
		}
		added = &AlertRule{ID: id, AlertRuleFields: f}
		if again {
			return nil
		}
		return t.audit(ctx, actor, AuditAlertRuleAdded, aboutAlertRule(added), f.details())
	})
	return added, err
}

func (t *tx) insertAlertRule(ctx context.Context, f *AlertRuleFields) (id int64, err error) {
	var n int
	if err := t.NewRaw(`SELECT count(*) FROM alert_rules`).Scan(ctx, &n); err != nil {
		return 0, err
	}
	if n >= MaxAlertRules {
		return 0, ErrTooManyAlertRules
	}
	err = t.NewRaw(`INSERT INTO alert_rules (kind, department, threshold, hold_seconds, window_minutes, is_enabled)
		VALUES (?, ?, ?, ?, ?, ?) RETURNING id`, f.Kind, f.Department, f.Threshold, f.HoldSeconds, f.WindowMinutes, f.IsEnabled).
		Scan(ctx, &id)
	return id, noSuchAlertDepartment(err)
}

// ChangeAlertRule changes a rule. Its duration begins anew, and an open alert of a rule that is switched off or watches
// something else now is cleared. Supervisors only. An unknown rule is alert_rule_not_found; else as of [Desk.AddAlertRule].
func (d *Desk) ChangeAlertRule(ctx context.Context, actor Actor, id int64, f AlertRuleFields) (*AlertRule, error) {
	var after *AlertRule
	err := d.changeAlertRules(ctx, actor, func(ctx context.Context, t *tx) error {
		before, err := alertRule(ctx, t, `WHERE id = ? FOR UPDATE`, id)
		if err != nil {
			return err
		}
		if err := f.validate(); err != nil {
			return err
		}
		after = &AlertRule{ID: id, AlertRuleFields: f}
		more := before.changes(&f)
		if len(more) == 0 {
			return nil
		}
		_, err = t.NewRaw(`UPDATE alert_rules SET kind = ?, department = ?, threshold = ?, hold_seconds = ?, window_minutes = ?, is_enabled = ?,
			breached_since = NULL, met_since = NULL WHERE id = ?`,
			f.Kind, f.Department, f.Threshold, f.HoldSeconds, f.WindowMinutes, f.IsEnabled, id).
			Exec(ctx)
		if err != nil {
			return noSuchAlertDepartment(err)
		}
		if !f.IsEnabled || f.Kind != before.Kind || deref(f.Department) != deref(before.Department) {
			if err := t.clearAlertOf(ctx, id, ClearedRuleChanged); err != nil {
				return err
			}
		}
		return t.audit(ctx, actor, AuditAlertRuleChanged, aboutAlertRule(before), more)
	})
	return after, err
}

// RemoveAlertRule removes a rule and clears its open alert; the history stays. Supervisors only. An unknown rule is
// alert_rule_not_found.
func (d *Desk) RemoveAlertRule(ctx context.Context, actor Actor, id int64) error {
	return d.changeAlertRules(ctx, actor, func(ctx context.Context, t *tx) error {
		before, err := alertRule(ctx, t, `WHERE id = ? FOR UPDATE`, id)
		if err != nil {
			return err
		}
		if err := t.clearAlertOf(ctx, id, ClearedRuleChanged); err != nil {
			return err
		}
		if _, err := t.NewRaw(`DELETE FROM alert_rules WHERE id = ?`, id).Exec(ctx); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditAlertRuleRemoved, aboutAlertRule(before), before.details())
	})
}

// changeAlertRules runs f in a transaction in which nothing else evaluates or changes rules.
func (d *Desk) changeAlertRules(ctx context.Context, actor Actor, f func(ctx context.Context, t *tx) error) error {
	if err := actor.require(RoleSupervisor); err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SELECT pg_advisory_xact_lock(?)`, alertsLock).Exec(ctx); err != nil {
			return err
		}
		if err := t.tick(ctx); err != nil {
			return err
		}
		return f(ctx, t)
	})
}

func noSuchAlertDepartment(err error) error {
	if violates(err, alertRulesDepartmentFkey) {
		return invalid("department", fieldUnknown, "This department does not exist.")
	}
	return err
}

func aboutAlertRule(r *AlertRule) Subject {
	return Subject{Kind: SubjectAlertRule, ID: strconv.FormatInt(r.ID, 10), Name: string(r.Kind)}
}

func (f *AlertRuleFields) details() details {
	more := details{"threshold": f.Threshold, "hold_seconds": f.HoldSeconds}
	if f.WindowMinutes > 0 {
		more["window_minutes"] = f.WindowMinutes
	}
	if f.Department != nil {
		more["department"] = *f.Department
	}
	return more
}

// changes returns what the fields change of a rule, for the audit log.
func (f *AlertRuleFields) changes(to *AlertRuleFields) details {
	more := details{}
	add := func(name string, from, to any) {
		if from != to {
			more[name] = step{from, to}
		}
	}
	add("figure", f.Kind, to.Kind)
	add("department", deref(f.Department), deref(to.Department))
	add("threshold", f.Threshold, to.Threshold)
	add("hold_seconds", f.HoldSeconds, to.HoldSeconds)
	add("window_minutes", f.WindowMinutes, to.WindowMinutes)
	add("is_enabled", f.IsEnabled, to.IsEnabled)
	return more
}

// hold is how long the rule's figure must be beyond the threshold, and back.
func (f *AlertRuleFields) hold() time.Duration { return time.Duration(f.HoldSeconds) * time.Second }
