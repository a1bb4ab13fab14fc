package models_test

import (
	"sync"
	"testing"
	"time"

	"parley/models"
)

// onlyRule removes the rules of the installation and adds one.
func (h *testDesk) onlyRule(f models.AlertRuleFields) *models.AlertRule {
	h.t.Helper()
	h.exec(`DELETE FROM alert_rules`)
	f.IsEnabled = true
	r, err := h.AddAlertRule(h.t.Context(), admin, f)
	h.must(err)
	return r
}

func (h *testDesk) evaluate() {
	h.t.Helper()
	h.must(h.EvaluateAlerts(h.t.Context()))
}

// openAlerts returns the open alerts, newest first.
func (h *testDesk) openAlerts() []models.Alert {
	h.t.Helper()
	alerts, _, err := h.Alerts(h.t.Context(), admin, models.AlertFilter{IsOpen: true})
	h.must(err)
	return alerts
}

func (h *testDesk) wantAlerts(n int, when string) {
	h.t.Helper()
	if got := h.openAlerts(); len(got) != n {
		h.t.Fatalf("%s: %d open alerts, want %d: %+v", when, len(got), n, got)
	}
}

// hold moves what evaluations remember into the past.
func (h *testDesk) hold(by time.Duration) {
	h.t.Helper()
	h.exec(`UPDATE alert_rules SET breached_since = breached_since - make_interval(secs => ?0),
		met_since = met_since - make_interval(secs => ?0)`, by.Seconds())
	h.exec(`UPDATE pulse SET resumed_at = resumed_at - interval '1 day'`)
}

// alertEvents returns the alerts that were announced, in order.
func (h *testDesk) alertEvents() []models.Alert {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []models.Alert
	for _, e := range h.events {
		if e.Alert != nil {
			found = append(found, *e.Alert)
		}
	}
	return found
}

func TestTheInstallationComesWithAlertRules(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	rules, err := h.AlertRules(t.Context(), admin)
	h.must(err)
	if len(rules) != 6 {
		t.Fatalf("%d rules", len(rules))
	}
	for _, r := range rules {
		if _, err := h.ChangeAlertRule(t.Context(), admin, r.ID, r.AlertRuleFields); err != nil || !r.IsEnabled {
			t.Errorf("%+v: %v", r, err)
		}
	}
	h.evaluate()
	h.wantAlerts(0, "nothing happened yet")
}

func TestAnAlertIsRaisedAfterItsDurationAndClearedAfterIt(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.onlyRule(models.AlertRuleFields{Kind: models.AlertQueueLength, Threshold: 1, HoldSeconds: 60})
	first, second := h.ask("u1").Chat.ID, h.ask("u2").Chat.ID
	h.evaluate()
	h.wantAlerts(0, "beyond the threshold for a moment")
	h.hold(59 * time.Second)
	h.evaluate()
	h.wantAlerts(0, "beyond the threshold for 59 s")
	h.hold(2 * time.Second)
	h.evaluate()
	h.wantAlerts(1, "beyond the threshold for 61 s")
	if a := h.openAlerts()[0]; a.Value != 2 || a.Threshold != 1 || a.Kind != models.AlertQueueLength {
		t.Errorf("the alert is %+v", a)
	}
	h.ask("u3")
	h.evaluate()
	if a := h.openAlerts()[0]; a.Worst != 3 || a.Value != 2 {
		t.Errorf("the worst figure is %d, the first %d", a.Worst, a.Value)
	}

	h.must(h.CancelQueue(t.Context(), "u2"))
	h.must(h.CancelQueue(t.Context(), "u3"))
	h.evaluate()
	h.hold(50 * time.Second)
	h.evaluate()
	h.wantAlerts(1, "back for 50 s")
	h.ask("u4") // and beyond it again, so that the time begins anew
	h.evaluate()
	h.must(h.CancelQueue(t.Context(), "u4"))
	h.evaluate()
	h.hold(50 * time.Second)
	h.evaluate()
	h.wantAlerts(1, "back for 50 s again")
	h.hold(11 * time.Second)
	h.evaluate()
	h.wantAlerts(0, "back for 61 s")
	said := h.alertEvents()
	if len(said) != 2 || !said[0].IsOpen() || said[1].IsOpen() || *said[1].ClearedReason != models.ClearedRecovered {
		t.Errorf("announced %+v", said)
	}
	if h.chat(first).Status != models.Waiting || h.chat(second).Status != models.Ended {
		t.Error("the chats are not what the test means")
	}
}

func TestTwoMachinesRaiseOneAlert(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.onlyRule(models.AlertRuleFields{Kind: models.AlertQueueLength, Threshold: 0})
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	h.ask("u")
	var both sync.WaitGroup
	for range 8 {
		for _, d := range []*testDesk{h, other} {
			both.Go(func() {
				if err := d.EvaluateAlerts(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	both.Wait()
	h.evaluate()
	h.wantAlerts(1, "both machines evaluated")
	if n := len(h.alertEvents()) + len(other.alertEvents()); n != 1 {
		t.Errorf("the alert was announced %d times", n)
	}
}

func TestAnEvaluationDoesNotWaitForAnother(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.onlyRule(models.AlertRuleFields{Kind: models.AlertQueueLength, Threshold: 0})
	h.ask("u")
	running, err := h.DB().BeginTx(t.Context(), nil)
	h.must(err)
	_, err = running.NewRaw(`SELECT pg_advisory_xact_lock(?)`, models.AlertsLock).Exec(t.Context())
	h.must(err)
	h.evaluate()
	h.wantAlerts(0, "another machine evaluates")
	h.must(running.Rollback())
	h.evaluate()
	h.wantAlerts(1, "no other machine evaluates")
}

// The schema keeps a second open alert of a rule out even if two evaluations should ever overlap.
func TestTheSchemaRefusesASecondOpenAlert(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	r := h.onlyRule(models.AlertRuleFields{Kind: models.AlertQueueLength, Threshold: 0})
	const add = `INSERT INTO alerts (rule_id, kind, threshold, hold_seconds, window_minutes, value, worst, raised_at)
		VALUES (?, 'queue_length', 0, 0, 0, 1, 1, now())`
	h.exec(add, r.ID)
	if _, err := h.DB().NewRaw(add, r.ID).Exec(t.Context()); err == nil {
		t.Error("a rule has two open alerts")
	}
}

func TestAnOutageIsNotTimeBeyondTheThreshold(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	r := h.onlyRule(models.AlertRuleFields{Kind: models.AlertQueueLength, Threshold: 0, HoldSeconds: 60})
	h.ask("u")
	h.evaluate()
	h.exec(`UPDATE alert_rules SET breached_since = now() - interval '1 hour'`)
	h.exec(`UPDATE pulse SET alive_at = now() - interval '1 hour', resumed_at = now() - interval '2 hours'`)
	h.evaluate()
	h.wantAlerts(0, "Parley was away for an hour")

	for _, kind := range []models.AlertKind{models.AlertLongestWait, models.AlertUnanswered} {
		_, err := h.ChangeAlertRule(t.Context(), admin, r.ID, models.AlertRuleFields{Kind: kind, Threshold: 300, IsEnabled: true})
		h.must(err)
		h.exec(`UPDATE chats SET queued_at = now() - interval '1 hour', awaiting_since = now() - interval '1 hour'`)
		if kind == models.AlertUnanswered {
			h.agent("anna", 1)
			h.settle()
			h.exec(`UPDATE chats SET awaiting_since = now() - interval '1 hour'`)
		}
		h.evaluate()
		h.wantAlerts(0, "the time of the outage was counted by "+string(kind))
		h.exec(`UPDATE pulse SET resumed_at = now() - interval '2 hours'`)
		h.evaluate()
		h.wantAlerts(1, "an hour of "+string(kind))
		h.exec(`UPDATE pulse SET resumed_at = now()`)
		h.evaluate()
	}

	_, err := h.ChangeAlertRule(t.Context(), admin, r.ID, models.AlertRuleFields{Kind: models.AlertNobodyOnline, IsEnabled: true})
	h.must(err)
	h.exec(`UPDATE agents SET seen_at = now() - interval '1 hour'`)
	h.evaluate()
	h.wantAlerts(0, "agents could give no sign of life in the outage")
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '2 hours'`)
	h.evaluate()
	h.wantAlerts(1, "no agent was there for an hour")
}

func TestEachKindOfAlertWatchesItsDepartment(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	cards := "cards"
	for i := range 12 {
		id := "left" + string(rune('a'+i))
		h.askFor(id, map[bool]string{true: "cards"}[i < 11])
		h.must(h.CancelQueue(t.Context(), id))
	}
	h.askFor("waits", "cards")
	h.exec(`UPDATE chats SET queued_at = now() - interval '100 seconds' WHERE status = 'waiting'`)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 day'`)
	for _, c := range []struct {
		f    models.AlertRuleFields
		open int
	}{
		{models.AlertRuleFields{Kind: models.AlertQueueLength, Threshold: 0}, 1},
		{models.AlertRuleFields{Kind: models.AlertQueueLength, Threshold: 1}, 0},
		{models.AlertRuleFields{Kind: models.AlertQueueLength, Department: &cards}, 1},
		{models.AlertRuleFields{Kind: models.AlertLongestWait, Threshold: 90}, 1},
		{models.AlertRuleFields{Kind: models.AlertLongestWait, Threshold: 130}, 0},
		{models.AlertRuleFields{Kind: models.AlertUnanswered, Threshold: 1}, 0},
		{models.AlertRuleFields{Kind: models.AlertAbandonedCount, Threshold: 11, WindowMinutes: 30}, 1},
		{models.AlertRuleFields{Kind: models.AlertAbandonedCount, Threshold: 11, WindowMinutes: 30, Department: &cards}, 0},
		{models.AlertRuleFields{Kind: models.AlertAbandonedShare, Threshold: 90, WindowMinutes: 30, Department: &cards}, 1},
		{models.AlertRuleFields{Kind: models.AlertNobodyOnline, Threshold: 1, Department: &cards}, 1},
		{models.AlertRuleFields{Kind: models.AlertNobodyOnline, Threshold: 2}, 0},
		{models.AlertRuleFields{Kind: models.AlertMiscalibrated, Threshold: 60, WindowMinutes: 60}, 0},
	} {
		h.onlyRule(c.f)
		h.exec(`DELETE FROM alerts`)
		h.evaluate()
		if got := len(h.openAlerts()); got != c.open {
			t.Errorf("%+v raised %d alerts, want %d", c.f, got, c.open)
		}
	}
}

func TestAlertsAreAcknowledgedAndSnoozed(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ruth := h.staff("ruth", models.RoleSupervisor)
	r := h.onlyRule(models.AlertRuleFields{Kind: models.AlertQueueLength, Threshold: 0})
	h.ask("u")
	h.evaluate()
	id := h.openAlerts()[0].ID
	h.told()
	_, err := h.SnoozeAlert(t.Context(), ruth, id, 1441)
	h.refused(err, "validation_failed")
	_, err = h.AcknowledgeAlert(t.Context(), ruth, id+1)
	h.refused(err, "alert_not_found")
	a, err := h.SnoozeAlert(t.Context(), ruth, id, 30)
	h.must(err)
	if a.SnoozedUntil == nil || a.SnoozedName != "ruth" || !a.IsQuiet() {
		t.Errorf("the snoozed alert is %+v", a)
	}
	h.tells(`ruth alert_snoozed alert queue_length {"snooze_minutes": 30}`)

	// The rule raises the next alert in the snooze, and it takes the snooze over.
	h.must(h.CancelQueue(t.Context(), "u"))
	h.evaluate()
	h.ask("u2")
	h.evaluate()
	next := h.openAlerts()[0]
	if next.ID == id || next.SnoozedUntil == nil || !next.SnoozedUntil.Equal(*a.SnoozedUntil) {
		t.Errorf("the next alert is %+v", next)
	}
	_, err = h.SnoozeAlert(t.Context(), ruth, id, 5)
	h.refused(err, "alert_cleared")

	h.exec(`UPDATE alerts SET snoozed_until = now() - interval '1 second' WHERE id = ?`, next.ID)
	before := len(h.alertEvents())
	h.evaluate()
	if a := h.openAlerts()[0]; a.SnoozedUntil != nil || a.IsQuiet() || len(h.alertEvents()) != before+1 {
		t.Errorf("after the snooze the alert is %+v", a)
	}
	h.told()
	for range 2 { // the second changes nothing
		a, err = h.AcknowledgeAlert(t.Context(), ruth, next.ID)
		h.must(err)
	}
	if a.AcknowledgedName != "ruth" || !a.IsQuiet() {
		t.Errorf("the acknowledged alert is %+v", a)
	}
	h.tells(`ruth alert_acknowledged alert queue_length {}`)

	_, err = h.ChangeAlertRule(t.Context(), ruth, r.ID, models.AlertRuleFields{Kind: models.AlertQueueLength, Threshold: 0})
	h.must(err)
	h.tells(`ruth alert_rule_changed alert_rule queue_length {"is_enabled": {"to": false, "from": true}}`)
	h.wantAlerts(0, "the rule was switched off")
	h.evaluate()
	h.wantAlerts(0, "a rule that is off was evaluated")
	h.must(h.RemoveAlertRule(t.Context(), ruth, r.ID))
	history, older, err := h.Alerts(t.Context(), ruth, models.AlertFilter{Limit: 1})
	h.must(err)
	if len(history) != 1 || !older || history[0].RuleID != nil || *history[0].ClearedReason != models.ClearedRuleChanged {
		t.Errorf("the history is %+v", history)
	}
}

func TestAlertRulesAreChecked(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	nothing := "nothing"
	for _, f := range []models.AlertRuleFields{
		{Kind: "weather"},
		{Kind: models.AlertQueueLength, Threshold: -1},
		{Kind: models.AlertQueueLength, Threshold: 10_001},
		{Kind: models.AlertLongestWait, Threshold: 0},
		{Kind: models.AlertAbandonedShare, Threshold: 100, WindowMinutes: 1},
		{Kind: models.AlertAbandonedShare, Threshold: 10},
		{Kind: models.AlertMiscalibrated, Threshold: 60, WindowMinutes: 10_081},
		{Kind: models.AlertQueueLength, HoldSeconds: 86_401},
		{Kind: models.AlertQueueLength, Department: &nothing},
	} {
		_, err := h.AddAlertRule(t.Context(), admin, f)
		h.refused(err, "validation_failed")
	}
	anna := h.agent("anna", 1)
	_, err := h.AddAlertRule(t.Context(), anna, models.AlertRuleFields{Kind: models.AlertQueueLength})
	h.refused(err, "role_required")
	_, err = h.AlertRules(t.Context(), anna)
	h.refused(err, "role_required")
	_, _, err = h.Alerts(t.Context(), anna, models.AlertFilter{})
	h.refused(err, "role_required")
	h.refused(h.RemoveAlertRule(t.Context(), admin, 999), "alert_rule_not_found")
	for range 94 {
		_, err := h.AddAlertRule(t.Context(), admin, models.AlertRuleFields{Kind: models.AlertQueueLength})
		h.must(err)
	}
	_, err = h.AddAlertRule(t.Context(), admin, models.AlertRuleFields{Kind: models.AlertQueueLength})
	h.refused(err, "too_many_alert_rules")
}

func TestAnAlertEndsWithItsDepartment(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	cards := "cards"
	h.onlyRule(models.AlertRuleFields{Kind: models.AlertNobodyOnline, Department: &cards})
	h.evaluate()
	h.wantAlerts(1, "no agent of the department is online")
	h.must(h.DeleteDepartment(t.Context(), admin, "cards"))
	h.evaluate()
	h.wantAlerts(0, "the department was removed")
}
