package web_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// watchQueue leaves one alert rule: a chat waits.
func (h *testServer) watchQueue(boss string) {
	h.t.Helper()
	_, err := h.desk.DB().NewRaw(`DELETE FROM alert_rules`).Exec(h.t.Context())
	must(h.t, err)
	h.ask("POST", "/api/supervisor/alert-rules", boss, map[string]any{"kind": "queue_length", "threshold": 0, "hold_seconds": 0}).want(201)
}

// TestTwoInstancesRaiseOneAlert has a supervisor on another instance than the one that raises.
func TestTwoInstancesRaiseOneAlert(t *testing.T) {
	t.Parallel()
	redis := testdb.RedisServer(t)
	a, b := twoHouses(t, func(s *setup) { s.redisURL = redis.URL })
	ruth, boss := a.agent("ruth", models.RoleSupervisor)
	a.watchQueue(boss)
	heard := b.listen("/api/supervisor/events", boss, "")
	heard.next("queue_changed")
	_, user := a.guest()
	a.asks(user, "Hello")
	var both sync.WaitGroup
	for _, h := range []*testServer{a, b} {
		both.Go(func() { must(t, h.desk.EvaluateAlerts(t.Context())) })
	}
	both.Wait()
	raised := heard.next("alert_raised").body
	if raised["kind"] != "queue_length" || raised["value"] != 1.0 || raised["is_open"] != 1.0 || raised["department"] != nil {
		t.Errorf("the alert is %v", raised)
	}
	id := strconv.Itoa(int(raised["id"].(float64)))
	a.ask("POST", "/api/supervisor/alerts/"+id+"/acknowledge", boss, nil).want(200)
	if got := heard.next("alert_changed").body; got["acknowledged_by"] != ruth.ID || got["acknowledged_by_name"] != "ruth" {
		t.Errorf("the acknowledged alert is %v", got)
	}
	a.ask("POST", "/api/supervisor/alerts/"+id+"/snooze", boss, map[string]any{"minutes": 5}).want(200)
	if got := heard.next("alert_changed").body; got["snoozed_by"] != ruth.ID || got["snoozed_until"] == nil {
		t.Errorf("the snoozed alert is %v", got)
	}
	if got := b.listen("/api/supervisor/events", boss, "").next("alert_raised").body; got["id"] != raised["id"] {
		t.Errorf("a new connection gets %v", got)
	}

	// Without Redis the other instance finds it in PostgreSQL.
	must(t, redis.Pause())
	t.Cleanup(func() { _ = redis.Resume() })
	b.until("the instance detects that it is disconnected", func() bool { return !b.hub.Connected() })
	a.ask("POST", forUser+"/queue/cancel", user, nil).want(200)
	must(t, a.desk.EvaluateAlerts(t.Context()))
	if got := heard.next("alert_cleared").body; got["cleared_reason"] != "recovered" || got["id"] != raised["id"] {
		t.Errorf("the cleared alert is %v", got)
	}
	if got := a.ask("GET", "/api/supervisor/alerts", boss, nil).want(200).list(); len(got) != 1 {
		t.Errorf("the history is %v", got)
	}
	a.ask("POST", "/api/supervisor/alerts/"+id+"/snooze", boss, map[string]any{"minutes": 5}).refused(409, "alert_cleared")
}

func TestThePageShowsEveryOpenAlert(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, boss := h.agent("ruth", models.RoleSupervisor)
	_, err := h.desk.DB().NewRaw(`DELETE FROM alert_rules`).Exec(t.Context())
	must(t, err)
	_, err = h.desk.DB().
		NewRaw(`INSERT INTO alert_rules (kind, threshold, hold_seconds) SELECT 'queue_length', 0, 0 FROM generate_series(1, ?)`,
			models.MaxAlertRules).
		Exec(t.Context())
	must(t, err)
	_, user := h.guest()
	h.asks(user, "Hello")
	must(t, h.desk.EvaluateAlerts(t.Context()))
	page := string(h.page("/supervisor", boss).want(200).Body)
	if n := strings.Count(page, ` data-alert="`); n != models.MaxAlertRules || !strings.Contains(page, "100 open alerts") {
		t.Errorf("the page shows %d of %d open alerts", n, models.MaxAlertRules)
	}
}

func TestProgramsManageAlertRules(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, boss := h.agent("ruth", models.RoleSupervisor)
	_, anna := h.agent("anna", models.RoleAgent)
	const rules = "/api/supervisor/alert-rules"
	if got := h.ask("GET", rules, boss, nil).want(200).list(); len(got) != 6 {
		t.Errorf("the installation has %d rules", len(got))
	}
	h.ask("GET", rules, anna, nil).refused(403, "role_required")
	h.ask("POST", rules, boss, map[string]any{"kind": "weather"}).refused(422, "validation_failed")
	h.ask("POST", rules, boss, map[string]any{"department": "nothing"}).refused(422, "validation_failed")
	h.ask("POST", rules, boss, map[string]any{"threshold": "many"}).refused(400, "malformed")
	added := h.ask("POST", rules, boss, map[string]any{"kind": "longest_wait", "threshold": 600}).want(201).object()
	if added["hold_seconds"] != 60.0 || added["window_minutes"] != 0.0 || added["is_enabled"] != 1.0 {
		t.Errorf("the rule is %v", added)
	}
	one := rules + "/" + strconv.Itoa(int(added["id"].(float64)))
	if got := h.ask("POST", one, boss, map[string]any{"is_enabled": 0}).
		want(200).
		object(); got["threshold"] != 600.0 ||
		got["is_enabled"] != 0.0 {
		t.Errorf("the changed rule is %v", got)
	}
	h.ask("POST", one+"/remove", boss, nil).want(204)
	h.ask("POST", one, boss, map[string]any{"is_enabled": 1}).refused(404, "alert_rule_not_found")
	h.ask("GET", "/api/supervisor/alerts?kind=weather", boss, nil).refused(422, "validation_failed")
	h.ask("GET", "/api/supervisor/alerts?before=x", boss, nil).want(400)
}

func TestTheAccuracyOfEstimatesIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, boss := h.agent("ruth", models.RoleSupervisor)
	must(t, h.predictions(40, 25))
	got := h.ask("GET", "/api/supervisor/wait", boss, nil).want(200).object()
	all := got["all"].(map[string]any)
	if all["scored"] != 40.0 || all["inside"] != 25.0 || all["inside_share"] != 0.625 || got["target"] != 0.8 {
		t.Errorf("the accuracy is %v", got)
	}
	h.ask("GET", "/api/supervisor/wait?time_zone=Mars", boss, nil).refused(422, "validation_failed")
	metrics := string(h.ask("GET", "/metrics", "", nil).want(200).Body)
	for _, line := range []string{
		`parley_wait_estimate_inside_share{by="all",value=""} 0.625`, `parley_wait_estimate_scored{by="department",value=""} 40`,
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

// predictions stores chats that were told 50 to 200 s and were served just now: so many, of which inside waited 100 s and the others 300.
func (h *testServer) predictions(all, inside int) error {
	_, err := h.desk.DB().NewRaw(`WITH p AS (INSERT INTO users (id, name) VALUES ('predicted', 'P') RETURNING id)
		INSERT INTO chats (id, user_id, status, queued_at, created_at, user_seen_at, first_assigned_at, assigned_at, ended_at, ended_reason,
			ended_type, predicted_seconds, predicted_low_seconds, predicted_high_seconds, predicted_known)
		SELECT 'p' || i, p.id, 'ended', at, at, at, at + wait, at + wait, at + wait, 'user_ended', 'manual', 120, 50, 200, true
		FROM p, generate_series(1, ?0) i, LATERAL (SELECT ?2::timestamptz - interval '10 minutes' AS at,
			CASE WHEN i <= ?1 THEN interval '100 seconds' ELSE interval '300 seconds' END AS wait) times`, all, inside, time.Now()).
		Exec(h.t.Context())
	return err
}
