package web_test

import (
	"net/url"
	"strings"
	"testing"

	"parley/models"
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
