package web_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"parley/models"
)

func TestATemporaryCapacityByProgram(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	anna, token := a.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	_, ruth := a.agent("ruth", models.RoleSupervisor)
	_, first := a.guest()
	a.asks(first, "First")
	_, second := a.guest()
	chat := a.asks(second, "Second")
	agent := b.listen(forAgent+"/events", token, "")
	agent.next("assigned")
	boss := b.listen(forSupervisor+"/events", ruth, "")
	boss.next("queue_changed")

	path := forSupervisor + "/temporary-capacities"
	forecast := a.ask("GET", forSupervisor+"/what-if?capacity=1", ruth, nil).want(200).object()
	now, then := forecast["now"].(map[string]any), forecast["then"].(map[string]any)
	if forecast["waiting"] != 1.0 || now["slots"] != 1.0 || then["slots"] != 2.0 ||
		then["join"].(map[string]any)["estimated_wait_seconds"].(float64) >= now["join"].(map[string]any)["estimated_wait_seconds"].(float64) {
		t.Errorf("the forecast is %v", forecast)
	}
	for _, bad := range []map[string]any{
		{}, {"capacity": 11}, {"capacity": -11}, {"capacity": 1, "minutes": 4}, {"capacity": 1, "minutes": 241}, {"capacity": 1, "department": "none"},
	} {
		a.ask("POST", path, ruth, bad).refused(422, "validation_failed")
	}
	a.ask("POST", path, ruth, map[string]any{"capacity": 0}).refused(422, "capacity_unchanged")
	a.ask("POST", path, token, map[string]any{"capacity": 1}).refused(403, "role_required")
	a.ask("GET", path, token, nil).refused(403, "role_required")
	a.ask("GET", forSupervisor+"/what-if", token, nil).refused(403, "role_required")

	applied := a.ask("POST", path, ruth, map[string]any{"capacity": 1}).want(201).object()["temporary_capacity"].(map[string]any)
	ends, err := time.Parse(time.RFC3339, fmt.Sprint(applied["ends_at"]))
	if err != nil || time.Until(ends) < 29*time.Minute || time.Until(ends) > 30*time.Minute || applied["by_name"] != "ruth" {
		t.Errorf("applied: %v", applied)
	}
	for told := agent.next("presence").body; told["max_concurrent_until"] == nil || told["regular_max_concurrent"] != 1.0; told = agent.next("presence").body {
	}
	for told := agent.next("assigned").body; told["chat"].(map[string]any)["chat_id"] != chat; told = agent.next("assigned").body {
	}
	for told := boss.next("load_changed").body; told["max_concurrent"] != 2.0 || told["max_concurrent_until"] == nil; told = boss.next("load_changed").body {
	}
	if load := a.ask("GET", forSupervisor+"/load", ruth, nil).want(200).list()[0]; load["max_concurrent"] != 2.0 ||
		load["regular_max_concurrent"] != 1.0 {
		t.Errorf("the load is %v", load)
	}
	one := path + "/" + fmt.Sprint(applied["id"])
	a.ask("POST", one+"/extend", token, map[string]any{"minutes": 60}).refused(403, "role_required")
	a.ask("POST", one+"/end", token, nil).refused(403, "role_required")
	a.ask("POST", one+"/extend", ruth, nil).refused(422, "validation_failed")
	a.ask("POST", one+"/extend", ruth, map[string]any{"minutes": 10}).refused(409, "ends_later")
	a.ask("POST", one+"/extend", ruth, map[string]any{"minutes": 60}).want(200)
	if on := a.ask("GET", path, ruth, nil).
		want(200).
		list(); len(on) != 1 ||
		on[0]["agents"].([]any)[0].(map[string]any)["service_id"] != anna.ID {
		t.Errorf("on: %v", on)
	}
	a.ask("POST", one+"/end", ruth, nil).want(200)
	for told := agent.next("presence").body; told["max_concurrent_until"] != nil; told = agent.next("presence").body {
	}
	a.ask("POST", one+"/end", ruth, nil).refused(409, "temporary_capacity_ended")
	a.ask("POST", path+"/seven/end", ruth, nil).refused(404, "temporary_capacity_not_found")
}

func TestTheWhatIfPageWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, _ := h.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 2 })
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	h.browse("GET", "/supervisor/what-if?capacity=3&arrivals=150", ruth, nil).want(200).shows(`value="3"`, "+3", "150 %")
	h.browse("GET", "/supervisor/what-if?capacity=300", ruth, nil).want(200).shows("!300")
	h.browse("GET", "/supervisor/what-if?department=none", ruth, nil).leads("/supervisor/what-if")
	h.browse("POST", "/supervisor/temporary-capacities", ruth, url.Values{"capacity": {"-1"}, "minutes": {"30"}, "agents": {"4"}, "arrivals": {"100"}}).
		leads("/supervisor")
	if got := h.capacityOf("anna"); got != 1 {
		t.Errorf("lowered, the capacity is %d", got)
	}
	h.browse("GET", "/supervisor/what-if", ruth, nil).want(200).shows("−1 per agent", "anna 2 → 1", "!None is on.")
	h.browse("GET", "/admin/people/"+anna.ID, alex, nil).want(200).shows(`value="2"`, "The capacity is 1 for a limited time")
	h.browse("GET", "/admin/audit", alex, nil).want(200).shows("Changed capacities for a limited time", "anna 2 → 1", "All agents")
	h.browse("POST", "/supervisor/temporary-capacities/1/end", ruth, url.Values{}).leads("/supervisor")
	if got := h.capacityOf("anna"); got != 2 {
		t.Errorf("ended, the capacity is %d", got)
	}
}
