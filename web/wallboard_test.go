package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parley/models"
)

// A supervisor makes a key; with it anybody reads numbers, and nothing else. Guesses of keys are limited.
func TestAWallboardByProgram(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(now *models.Settings) { now.RateLogin = 2 } })
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	_, guest := h.guest()
	if _, err := h.desk.AddDepartment(t.Context(), admin, "cards", "Cards"); err != nil {
		t.Fatal(err)
	}
	h.asks(guest, "A secret question")
	keys := forSupervisor + "/wallboards"
	made := h.ask("POST", keys, ruth, map[string]any{"name": "Hall"}).want(201).object()
	cards := h.ask("POST", keys, ruth, map[string]any{"name": "Cards", "department": "cards"}).want(201).object()
	if made["url"] != h.url+"/wallboard/"+made["key"].(string) {
		t.Errorf("the address is %v", made["url"])
	}
	h.ask("POST", keys, ruth, map[string]any{"name": "Hall", "department": "none"}).refused(422, "validation_failed")
	if listed := string(h.ask("GET", keys, ruth, nil).want(200).Body); strings.Contains(listed, made["key"].(string)) {
		t.Error("the list has the key")
	}
	h.audited(alex, "ruth wallboard_key_added wallboard_key", "ruth wallboard_key_added wallboard_key")

	wall := "/api/wallboard/" + made["key"].(string)
	got := h.ask("GET", wall+"?tz=Asia/Shanghai", "", nil).want(200)
	if n := got.object(); n["waiting"] != 1.0 || n["estimated_wait_seconds"] != nil || n["agents_online"] != 0.0 ||
		n["served_today"] != 0.0 {
		t.Errorf("%v", n)
	}
	for _, secret := range []string{"Guest", "secret question"} {
		if strings.Contains(string(got.Body), secret) {
			t.Errorf("the numbers tell %q", secret)
		}
	}
	if n := h.ask("GET", "/api/wallboard/"+cards["key"].(string), "", nil).
		want(200).
		object(); n["waiting"] != 0.0 ||
		n["department"] != "cards" {
		t.Errorf("of the department: %v", n)
	}
	h.ask("POST", keys+"/"+idOf(made)+"/revoke", ruth, nil).want(200)
	h.ask("GET", wall, "", nil).refused(403, "wallboard_revoked")

	// A screen whose key was deleted counts once, however often it tries.
	for range 20 {
		h.ask("GET", "/api/wallboard/deleted", "", nil).refused(404, "wallboard_not_found")
	}
	for n := range 5 {
		h.ask("GET", fmt.Sprint("/api/wallboard/guess", n), "", nil).refused(404, "wallboard_not_found")
	}
	h.ask("GET", "/api/wallboard/guess", "", nil).refused(429, "rate_limited")
	h.ask("GET", "/api/wallboard/"+cards["key"].(string), "", nil).refused(429, "rate_limited")
}

// Wallboards share the reading of the board with supervisors, hear what happens on another instance, and end within seconds when their
// key is revoked there, also if the event is lost.
func TestAWallboardIsLive(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, ruth := a.agent("ruth", models.RoleSupervisor)
	open := func(name string) (map[string]any, string) {
		made := a.ask("POST", forSupervisor+"/wallboards", ruth, map[string]any{"name": name}).want(201).object()
		return made, "/wallboard/" + made["key"].(string) + "/events?tz=" + url.QueryEscape("Europe/Berlin")
	}
	hall, path := open("Hall")
	wall := a.listen(path, "", "")
	if first := wall.next("part").Data; !strings.Contains(first, `id="wall-waiting"`) {
		t.Errorf("it begins with %q", first)
	}
	_, guest := b.guest()
	b.asks(guest, "Is anyone there?")
	for !strings.Contains(wall.next("part").Data, `<li id="wall-waiting" class="wall-t"><h3>Waiting</h3><div class="wall-n num">1`) {
	}
	a.listen("/supervisor/events", ruth, "").next("part")
	reads := func(h *testServer) (ticks, boards int) {
		for line := range strings.Lines(string(h.ask("GET", "/metrics", "", nil).want(200).Body)) {
			_, _ = fmt.Sscanf(line, "parley_board_ticks_total %d", &ticks)
			_, _ = fmt.Sscanf(line, "parley_board_reads_total %d", &boards)
		}
		return ticks, boards
	}
	ticks, boards := reads(a)
	_, other := b.guest()
	b.asks(other, "And for me?")
	a.until("one reading for both", func() bool {
		now, read := reads(a)
		return now > ticks && now-ticks == read-boards
	})

	b.ask("POST", forSupervisor+"/wallboards/"+idOf(hall)+"/revoke", ruth, nil).want(200)
	wall.ended()
	a.ask("GET", "/api/wallboard/"+hall["key"].(string), "", nil).refused(403, "wallboard_revoked")

	_, path = open("Lost")
	lost := a.listen(path, "", "")
	lost.next("part")
	if _, err := a.desk.DB().ExecContext(t.Context(), `UPDATE wallboard_keys SET revoked_at = now() WHERE name = 'Lost'`); err != nil {
		t.Fatal(err)
	}
	lost.ended()
}
