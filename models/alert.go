package models

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Why an alert was cleared.
const (
	ClearedRecovered   = "recovered"
	ClearedRuleChanged = "rule_changed" // or switched off, or removed
)

// Alert is one time that a rule raised an alert, with the rule as it was then. It travels in events, so its names stay as
// they are.
type Alert struct {
	ID            int64     `bun:"id"             json:"id"`
	RuleID        *int64    `bun:"rule_id"        json:"rule_id,omitempty"` // nil once the rule is removed
	Kind          AlertKind `bun:"kind"           json:"kind"`
	Department    *string   `bun:"department"     json:"department,omitempty"`
	Threshold     int       `bun:"threshold"      json:"threshold"`
	HoldSeconds   int       `bun:"hold_seconds"   json:"hold_seconds"`
	WindowMinutes int       `bun:"window_minutes" json:"window_minutes,omitempty"`
	Value         int       `bun:"value"          json:"value"` // of the figure when the alert was raised
	Worst         int       `bun:"worst"          json:"worst"` // of the figure since then

	RaisedAt      time.Time  `bun:"raised_at"      json:"raised_at"`
	ClearedAt     *time.Time `bun:"cleared_at"     json:"cleared_at,omitempty"`
	ClearedReason *string    `bun:"cleared_reason" json:"cleared_reason,omitempty"`

	AcknowledgedAt   *time.Time `bun:"acknowledged_at"   json:"acknowledged_at,omitempty"`
	AcknowledgedBy   *string    `bun:"acknowledged_by"   json:"acknowledged_by,omitempty"`
	AcknowledgedName string     `bun:"acknowledged_name" json:"acknowledged_name,omitempty"`
	SnoozedUntil     *time.Time `bun:"snoozed_until"     json:"snoozed_until,omitempty"` // nil once it is over
	SnoozedBy        *string    `bun:"snoozed_by"        json:"snoozed_by,omitempty"`
	SnoozedName      string     `bun:"snoozed_name"      json:"snoozed_name,omitempty"`
	Version          int64      `bun:"version"           json:"version"` // counts its changes
}

// IsOpen reports whether the alert was not cleared yet.
func (a *Alert) IsOpen() bool { return a.ClearedAt == nil }

// IsQuiet reports whether the alert was acknowledged or is snoozed.
func (a *Alert) IsQuiet() bool { return a.AcknowledgedAt != nil || a.SnoozedUntil != nil }

const selectAlerts = `SELECT a.id, a.rule_id, a.kind, a.department, a.threshold, a.hold_seconds, a.window_minutes, a.value, a.worst, a.raised_at,
		a.cleared_at, a.cleared_reason, a.acknowledged_at, a.acknowledged_by, coalesce(k.name, '') AS acknowledged_name,
		a.snoozed_until, a.snoozed_by, coalesce(s.name, '') AS snoozed_name, a.version
	FROM alerts a LEFT JOIN agents k ON k.id = a.acknowledged_by LEFT JOIN agents s ON s.id = a.snoozed_by `

// readAlerts returns the alerts a that a condition selects.
func readAlerts(ctx context.Context, db rawQuerier, where string, args ...any) ([]Alert, error) {
	alerts := []Alert{}
	err := db.NewRaw(selectAlerts+where, args...).Scan(ctx, &alerts)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return alerts, err
}

// AlertsOfStreams returns the alerts that are open, or were cleared in the last 20 seconds, oldest first, for streams.
func (d *Desk) AlertsOfStreams(ctx context.Context) ([]Alert, error) {
	alerts, err := readAlerts(ctx, d.db, `WHERE a.id IN (SELECT id FROM alerts WHERE cleared_at IS NULL
		UNION ALL SELECT id FROM alerts WHERE cleared_at > now() - interval '20 seconds') ORDER BY a.id`)
	return alerts, translate(err)
}

// AlertFilter selects alerts of the history. Empty and zero fields select all.
type AlertFilter struct {
	Kind       AlertKind
	Department string // slug
	IsOpen     bool   // open ones only
	From, To   time.Time
	Before     int64 // alerts before the one with this id
	Limit      int   // 1 to 1,000; 0 for 50
}

const maxAlerts = 1000

// Alerts returns the alerts that a filter selects, newest first, and whether there are older ones. Supervisors only. A
// limit that is not 1 to 1,000, an unknown kind and a department that is no short name are validation_failed.
func (d *Desk) Alerts(ctx context.Context, actor Actor, f AlertFilter) (alerts []Alert, hasOlder bool, err error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, false, err
	}
	limit, err := limitOrDefault(f.Limit, maxAlerts)
	if err != nil {
		return nil, false, err
	}
	conditions, args := []string{"true"}, []any{}
	add := func(condition string, value any) {
		conditions, args = append(conditions, condition), append(args, value)
	}
	if f.Kind != "" {
		if _, _, known := f.Kind.thresholds(); !known && f.Kind != AlertWebhookOff {
			return nil, false, invalid("kind", fieldUnknown, "kind must be one of the kinds of alert rules.")
		}
		add("a.kind = ?", f.Kind)
	}
	if f.Department != "" {
		if !slugForm.MatchString(f.Department) {
			return nil, false, invalid("department", fieldInvalid, "department must be the short name of a department.")
		}
		add("a.department = ?", f.Department)
	}
	if f.IsOpen {
		conditions = append(conditions, "a.cleared_at IS NULL")
	}
	if !f.From.IsZero() {
		add("a.raised_at >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("a.raised_at < ?", f.To)
	}
	if f.Before > 0 {
		add("(a.raised_at, a.id) < (SELECT raised_at, id FROM alerts WHERE id = ?)", f.Before)
	}
	alerts, err = readAlerts(ctx, d.db, `WHERE `+strings.Join(conditions, " AND ")+` ORDER BY a.raised_at DESC, a.id DESC LIMIT ?`,
		append(args, limit+1)...)
	if err != nil {
		return nil, false, translate(err)
	}
	if hasOlder = len(alerts) > limit; hasOlder {
		alerts = alerts[:limit]
	}
	return alerts, hasOlder, nil
}

// AcknowledgeAlert records that the actor takes care of an open alert, and returns it. An alert that was acknowledged
// stays as it is. Supervisors only. An unknown alert is alert_not_found, a cleared one 409 alert_cleared.
func (d *Desk) AcknowledgeAlert(ctx context.Context, actor Actor, id int64) (*Alert, error) {
	return d.changeAlert(ctx, actor, id, func(ctx context.Context, t *tx, a *Alert) error {
		if a.AcknowledgedAt != nil {
			return nil
		}
		_, err := t.NewRaw(`UPDATE alerts SET acknowledged_at = ?, acknowledged_by = ?, version = version + 1 WHERE id = ?`, t.now, actor.ID, id).
			Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditAlertAcknowledged, aboutAlert(a), nil)
	})
}

// maxSnoozeMinutes bounds a snooze.
const maxSnoozeMinutes = 24 * 60

// SnoozeAlert silences an open alert, and those that its rule raises in that time, for so many minutes, 0 to end that. It
// returns the alert. Supervisors only. Minutes out of 0 to 1440 are validation_failed, an unknown alert is alert_not_found,
// a cleared one 409 alert_cleared.
func (d *Desk) SnoozeAlert(ctx context.Context, actor Actor, id int64, minutes int) (*Alert, error) {
	return d.changeAlert(ctx, actor, id, func(ctx context.Context, t *tx, a *Alert) error {
		if minutes < 0 || minutes > maxSnoozeMinutes {
			return invalid("minutes", fieldOutOfBounds, "The snooze must be a whole number from 0 to 1440 minutes.")
		}
		if minutes == 0 && a.SnoozedUntil == nil {
			return nil
		}
		_, err := t.NewRaw(`UPDATE alerts SET snoozed_until = CASE WHEN ?0 > 0 THEN ?1::timestamptz + make_interval(mins => ?0) END,
			snoozed_by = CASE WHEN ?0 > 0 THEN ?2 END, version = version + 1 WHERE id = ?3`, minutes, t.now, actor.ID, id).Exec(ctx)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditAlertSnoozed, aboutAlert(a), details{"snooze_minutes": minutes})
	})
}

// changeAlert runs f on an open alert that is locked, and announces the alert if f changed it.
func (d *Desk) changeAlert(ctx context.Context, actor Actor, id int64, f func(ctx context.Context, t *tx, a *Alert) error) (*Alert, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	var after *Alert
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.alert(ctx, id, ` FOR UPDATE OF a`)
		if err != nil {
			return err
		}
		if !before.IsOpen() {
			return ErrAlertCleared
		}
		if err := t.tick(ctx); err != nil {
			return err
		}
		if err := f(ctx, t, before); err != nil {
			return err
		}
		if after, err = t.alert(ctx, id, ""); err == nil && after.Version != before.Version {
			t.emitAlert(after)
		}
		return err
	})
	return after, err
}

func (t *tx) alert(ctx context.Context, id int64, lock string) (*Alert, error) {
	alerts, err := readAlerts(ctx, t, `WHERE a.id = ?`+lock, id)
	if err != nil {
		return nil, err
	}
	if len(alerts) == 0 {
		return nil, ErrAlertNotFound
	}
	return &alerts[0], nil
}

// clearAlertOf clears the open alert of a rule, if there is one.
func (t *tx) clearAlertOf(ctx context.Context, ruleID int64, reason string) error {
	var ids []int64
	err := t.NewRaw(`UPDATE alerts SET cleared_at = greatest(?, raised_at), cleared_reason = ?, version = version + 1
		WHERE rule_id = ? AND cleared_at IS NULL RETURNING id`, t.now, reason, ruleID).Scan(ctx, &ids)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return t.emitAlerts(ctx, ids...)
}

// emitAlerts announces alerts as they are now.
func (t *tx) emitAlerts(ctx context.Context, ids ...int64) error {
	for _, id := range ids {
		a, err := t.alert(ctx, id, "")
		if err != nil {
			return err
		}
		t.emitAlert(a)
	}
	return nil
}

// emitAlert announces an alert after it was raised, cleared, acknowledged or snoozed.
func (t *tx) emitAlert(a *Alert) { t.emit(Event{Kind: KindAlert, Alert: a}) }

func aboutAlert(a *Alert) Subject {
	return Subject{Kind: SubjectAlert, ID: strconv.FormatInt(a.ID, 10), Name: string(a.Kind)}
}
