package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// fewestForAlert is how many chats a share needs before it can raise an alert: fewer say little.
const fewestForAlert = 10

// evaluatedRule is a rule with what evaluating it remembers and its open alert.
type evaluatedRule struct {
	AlertRule     `bun:",extend"`
	BreachedSince *time.Time `bun:"breached_since"`
	MetSince      *time.Time `bun:"met_since"`
	AlertID       *int64     `bun:"alert_id"` // nil while none is open
	Worst         int        `bun:"worst"`
	SnoozeIsOver  bool       `bun:"snooze_is_over"`
}

// verdict is what an evaluation does with a rule.
type verdict struct {
	breachedSince, metSince *time.Time // to be remembered
	raise, clear            bool
}

// judge returns the verdict on a rule whose figure is beyond its threshold or not. No time before resumedAt, when Parley
// came back from its last outage, counts.
func (r *evaluatedRule) judge(isBreached bool, now, resumedAt time.Time) verdict {
	since := func(at *time.Time) *time.Time {
		switch {
		case at == nil:
			return &now
		case at.Before(resumedAt):
			return &resumedAt
		}
		return at
	}
	isDue := func(at *time.Time) bool { return now.Sub(*at) >= r.hold() }
	switch {
	case r.AlertID == nil && isBreached:
		at := since(r.BreachedSince)
		if isDue(at) {
			return verdict{raise: true}
		}
		return verdict{breachedSince: at}
	case r.AlertID != nil && !isBreached:
		at := since(r.MetSince)
		if isDue(at) {
			return verdict{clear: true}
		}
		return verdict{metSince: at}
	}
	return verdict{}
}

// EvaluateAlerts raises an alert for each rule whose figure has been beyond the threshold for the rule's duration, and
// clears one whose figure has been back for as long. It ends snoozes that are over. Where nothing changes it writes nothing.
//
// It may run several times at once, on any machines: one evaluates and the others return at once, and a rule has one open
// alert at most. An outage of Parley is no time in which a figure was beyond its threshold.
func (d *Desk) EvaluateAlerts(ctx context.Context) error {
	// The heartbeat comes first, so that an outage does not count.
	var resumedAt time.Time
	var hasRules, hasOrphans bool
	err := d.db.NewRaw(recordHeartbeat+` RETURNING resumed_at, EXISTS (SELECT FROM alert_rules WHERE is_enabled),
		EXISTS (SELECT FROM alerts WHERE `+isWithoutRule+`)`, AlertWebhookOff).Scan(ctx, &resumedAt, &hasRules, &hasOrphans)
	if err != nil {
		return translate(err)
	}
	if !hasRules && !hasOrphans {
		return nil
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var mine bool
		if err := t.NewRaw(`SELECT pg_try_advisory_xact_lock(?)`, alertsLock).Scan(ctx, &mine); err != nil || !mine {
			return err
		}
		if hasOrphans {
			if err := t.clearAlertsWithoutRule(ctx); err != nil {
				return err
			}
		}
		var rules []evaluatedRule
		err := t.NewRaw(`SELECT r.id, r.kind, r.department, r.threshold, r.hold_seconds, r.window_minutes, r.is_enabled,
				r.breached_since, r.met_since, a.id AS alert_id, coalesce(a.worst, 0) AS worst,
				coalesce(a.snoozed_until <= statement_timestamp(), false) AS snooze_is_over
			FROM alert_rules r LEFT JOIN alerts a ON a.rule_id = r.id AND a.cleared_at IS NULL WHERE r.is_enabled ORDER BY r.id`).Scan(ctx, &rules)
		if err != nil || len(rules) == 0 {
			return err
		}
		figures, err := d.readAlertFigures(ctx, rules)
		if err != nil {
			return err
		}
		t.now = figures.estimator.now
		for i := range rules {
			if err := t.applyVerdict(ctx, &rules[i], figures.of(&rules[i].AlertRule), resumedAt); err != nil {
				return err
			}
		}
		return nil
	})
}

// isWithoutRule is the condition on open alerts whose rule was removed together with its department. Those of the kind ?0,
// [AlertWebhookOff], never have one.
const isWithoutRule = `rule_id IS NULL AND cleared_at IS NULL AND kind <> ?0`

// clearAlertsWithoutRule clears them.
func (t *tx) clearAlertsWithoutRule(ctx context.Context) error {
	var ids []int64
	err := t.NewRaw(`UPDATE alerts SET cleared_at = clock_timestamp(), cleared_reason = ?1, version = version + 1
		WHERE `+isWithoutRule+` RETURNING id`, AlertWebhookOff, ClearedRuleChanged).Scan(ctx, &ids)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return t.emitAlerts(ctx, ids...)
}

func (t *tx) applyVerdict(ctx context.Context, r *evaluatedRule, f alertFigure, resumedAt time.Time) error {
	v := r.judge(f.isBreached, t.now, resumedAt)
	if !sameTime(v.breachedSince, r.BreachedSince) || !sameTime(v.metSince, r.MetSince) {
		_, err := t.NewRaw(`UPDATE alert_rules SET breached_since = ?, met_since = ? WHERE id = ?`, v.breachedSince, v.metSince, r.ID).
			Exec(ctx)
		if err != nil {
			return err
		}
	}
	switch {
	case v.raise:
		return t.raiseAlert(ctx, &r.AlertRule, f.value)
	case v.clear:
		return t.clearAlertOf(ctx, r.ID, ClearedRecovered)
	case r.AlertID == nil:
		return nil
	}
	if worst := r.worse(r.Worst, f.value); f.isBreached && worst != r.Worst {
		if _, err := t.NewRaw(`UPDATE alerts SET worst = ? WHERE id = ?`, worst, *r.AlertID).Exec(ctx); err != nil {
			return err
		}
	}
	if !r.SnoozeIsOver {
		return nil
	}
	_, err := t.NewRaw(`UPDATE alerts SET snoozed_until = NULL, snoozed_by = NULL, version = version + 1 WHERE id = ?`, *r.AlertID).
		Exec(ctx)
	if err != nil {
		return err
	}
	return t.emitAlerts(ctx, *r.AlertID)
}

// raiseAlert opens an alert of a rule. It takes over a snooze of the rule's last alert that is not over. Where the rule has
// an open alert it does nothing.
func (t *tx) raiseAlert(ctx context.Context, r *AlertRule, value int) error {
	var ids []int64
	err := t.NewRaw(`INSERT INTO alerts (rule_id, kind, department, threshold, hold_seconds, window_minutes, value, worst, raised_at,
			snoozed_until, snoozed_by)
		SELECT ?0, ?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, last.snoozed_until, last.snoozed_by
		FROM (VALUES (1)) one LEFT JOIN (SELECT snoozed_until, snoozed_by FROM alerts WHERE rule_id = ?0 ORDER BY id DESC LIMIT 1) last
			ON last.snoozed_until > ?7
		ON CONFLICT DO NOTHING RETURNING id`,
		r.ID, r.Kind, r.Department, r.Threshold, r.HoldSeconds, r.WindowMinutes, value, t.now).Scan(ctx, &ids)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return t.emitAlerts(ctx, ids...)
}

// worse returns the figure that is farther beyond the threshold.
func (f *AlertRuleFields) worse(a, b int) int {
	if f.Kind == AlertMiscalibrated {
		return min(a, b)
	}
	return max(a, b)
}
