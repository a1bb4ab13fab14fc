package api

import "parley/models"

// Alert is one time that an alert rule raised an alert, with the rule as it was then.
type Alert struct {
	ID            int64   `json:"id"`
	RuleID        *int64  `json:"rule_id"` // null once the rule is removed
	Kind          string  `json:"kind"`
	Department    *string `json:"department"` // null for all departments
	Threshold     int     `json:"threshold"`
	HoldSeconds   int     `json:"hold_seconds"`
	WindowMinutes int     `json:"window_minutes"`
	Value         int     `json:"value"`
	Worst         int     `json:"worst"`
	IsOpen        IntBool `json:"is_open"`
	RaisedAt      Time    `json:"raised_at"`
	ClearedAt     *Time   `json:"cleared_at"`
	ClearedReason *string `json:"cleared_reason"`

	AcknowledgedAt     *Time   `json:"acknowledged_at"`
	AcknowledgedBy     *string `json:"acknowledged_by"`
	AcknowledgedByName *string `json:"acknowledged_by_name"`
	SnoozedUntil       *Time   `json:"snoozed_until"`
	SnoozedBy          *string `json:"snoozed_by"`
	SnoozedByName      *string `json:"snoozed_by_name"`
}

// AlertRule is a rule by which supervisors are alerted.
type AlertRule struct {
	ID            int64   `json:"id"`
	Kind          string  `json:"kind"`
	Department    *string `json:"department"` // null for all departments
	Threshold     int     `json:"threshold"`
	HoldSeconds   int     `json:"hold_seconds"`
	WindowMinutes int     `json:"window_minutes"`
	IsEnabled     IntBool `json:"is_enabled"`
}

// AlertOf returns the body of an alert.
func AlertOf(a *models.Alert) Alert {
	return Alert{
		ID: a.ID, RuleID: a.RuleID, Kind: string(a.Kind), Department: a.Department, Threshold: a.Threshold,
		HoldSeconds: a.HoldSeconds, WindowMinutes: a.WindowMinutes, Value: a.Value, Worst: a.Worst, IsOpen: IntBool(a.IsOpen()),
		RaisedAt: Time(a.RaisedAt), ClearedAt: OptionalTime(a.ClearedAt), ClearedReason: a.ClearedReason,
		AcknowledgedAt: OptionalTime(a.AcknowledgedAt), AcknowledgedBy: a.AcknowledgedBy,
		AcknowledgedByName: nameOf(a.AcknowledgedBy, a.AcknowledgedName),
		SnoozedUntil:       OptionalTime(a.SnoozedUntil), SnoozedBy: a.SnoozedBy, SnoozedByName: nameOf(a.SnoozedBy, a.SnoozedName),
	}
}

func nameOf(id *string, name string) *string {
	if id == nil {
		return nil
	}
	return &name
}

// AlertRuleOf returns the body of a rule.
func AlertRuleOf(r *models.AlertRule) AlertRule {
	return AlertRule{
		ID: r.ID, Kind: string(r.Kind), Department: r.Department, Threshold: r.Threshold, HoldSeconds: r.HoldSeconds,
		WindowMinutes: r.WindowMinutes, IsEnabled: IntBool(r.IsEnabled),
	}
}

// alertEvent returns the name of the event of an alert.
func alertEvent(isRaised, isCleared bool) string {
	switch {
	case isRaised:
		return "alert_raised"
	case isCleared:
		return "alert_cleared"
	}
	return "alert_changed"
}
