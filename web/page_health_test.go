package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"parley/models"
	"parley/models/testdb"
	"parley/web"
)

func TestHealthShowsWhatIsBrokenAndMendsIt(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, _ := h.online("anna")
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	h.browse("GET", "/admin/health", ruth, nil).want(403)
	h.browse("POST", "/admin/health/repair", ruth, url.Values{"name": {"load_counted"}}).want(403)
	h.browse("GET", "/admin/health", alex, nil).want(200).says("Not checked yet")
	h.check()
	if page := string(
		h.browse("GET", "/admin/health", alex, nil).want(200).Body,
	); strings.Contains(page, "chip-red") || !strings.Contains(page, "seconds ago") ||
		strings.Count(page, "chip-green") < 9 {
		t.Error("a healthy installation is reported as broken")
	}
	_, err := h.desk.DB().NewRaw(`UPDATE agents SET load = 3 WHERE id = ?`, anna.ID).Exec(t.Context())
	must(t, err)
	h.check()
	h.browse("GET", "/admin/health", alex, nil).want(200).says("chip-red", "load 3, active 0", "/admin/people/"+anna.ID, "Recount")
	h.browse("POST", "/admin/health/repair", alex, url.Values{"name": {"load_counted"}}).goesTo("/admin/health")
	if page := string(h.browse("GET", "/admin/health", alex, nil).want(200).Body); strings.Contains(page, "chip-red") {
		t.Error("it was not mended")
	}
	h.browse("POST", "/admin/health/repair", alex, url.Values{"name": {"capacity"}}).want(404)
	if a, err := h.desk.AgentByID(t.Context(), anna.ID); err != nil || a.Load != 0 {
		t.Errorf("the load is %d: %v", a.Load, err)
	}
}

// check completes a check of the invariants, as the worker does a part at a time.
func (h *testServer) check() {
	h.t.Helper()
	_, err := h.desk.DB().NewRaw(`UPDATE invariant_checks SET began_at = NULL, checked_at = NULL`).Exec(h.t.Context())
	must(h.t, err)
	h.until("the invariants to be checked", func() bool {
		must(h.t, h.desk.CheckInvariants(h.t.Context()))
		last, err := h.desk.LastCheck(h.t.Context())
		must(h.t, err)
		return last != nil
	})
}

// The page, its JSON and the metrics tell whether reports are read from a replica.
func TestHealthShowsTheReplica(t *testing.T) {
	t.Parallel()
	own := testdb.Postgres(t)
	for _, test := range []struct {
		replica, word, text, used string
	}{
		{own, "ok", "Its data is 0 s behind.", "parley_replica_used 1"},
		{testdb.EmptyPostgres(t), "unavailable", "It cannot be used", "parley_replica_used 0"},
		{"", "off", "", ""},
	} {
		h := startServer(t, func(s *setup) {
			s.databaseURL = own
			s.options = func(o *web.Options) {
				if test.replica == "" {
					return
				}
				db, err := models.OpenReplica(test.replica)
				must(t, err)
				t.Cleanup(func() { _ = db.Close() })
				o.Desk.SetReplica(db)
			}
		})
		_, alex := h.agent("alex-"+test.word, models.RoleAdmin)
		if got := h.ask("GET", "/api/admin/health", alex, nil).want(200).object()["replica"]; got != test.word {
			t.Errorf("the health says %v, want %q", got, test.word)
		}
		page := string(h.browse("GET", "/admin/health", alex, nil).want(200).Body)
		if strings.Contains(page, "PostgreSQL replica") != (test.text != "") || !strings.Contains(page, test.text) {
			t.Errorf("with a replica that is %s the page does not say %q", test.word, test.text)
		}
		metrics := string(h.ask("GET", "/metrics", "", nil).want(200).Body)
		if !strings.Contains(metrics, "parley_replica_fallbacks_total 0") || !strings.Contains(metrics, test.used) ||
			strings.Contains(metrics, "parley_replica_lag_seconds") != (test.word == "ok") {
			t.Errorf(
				"the metrics of a replica that is %s: %q",
				test.word,
				regexp.MustCompile(`(?m)^parley_replica.*$`).FindAllString(metrics, -1),
			)
		}
	}
}

// The page, its JSON and the metrics tell when the coming month has no partition for messages.
func TestHealthShowsTheMonthsOfMessages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		change, word, text, metric string
	}{
		{"SELECT 1", "ok", "Partitions for coming months: 2.", "parley_message_months_ahead 2"},
		{
			"SELECT drop_message_partition(to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM'))",
			"missing", "The coming month has no partition.", "parley_message_months_ahead 0",
		},
	} {
		h := startServer(t)
		_, alex := h.agent("alex-"+test.word, models.RoleAdmin)
		_, err := h.desk.DB().NewRaw(test.change).Exec(t.Context())
		must(t, err)
		if got := h.ask("GET", "/api/admin/health", alex, nil).want(200).object()["partitions"]; got != test.word {
			t.Errorf("partitions is %v, want %s", got, test.word)
		}
		if page := string(h.browse("GET", "/admin/health", alex, nil).want(200).Body); !strings.Contains(page, test.text) {
			t.Errorf("the page does not say %q", test.text)
		}
		h.until("the metrics to say it", func() bool {
			return strings.Contains(string(h.ask("GET", "/metrics", "", nil).want(200).Body), test.metric)
		})
	}
}
