package models_test

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/models"
)

func (h *testDesk) apply(r models.CapacityRequest) *models.TemporaryCapacity {
	h.t.Helper()
	applied, err := h.ApplyCapacity(h.t.Context(), admin, r)
	h.must(err)
	return applied
}

// capacity returns the capacity of an agent, and the regular one.
func (h *testDesk) capacity(a models.Actor) [2]int {
	h.t.Helper()
	got, err := h.AgentByID(h.t.Context(), a.ID)
	h.must(err)
	return [2]int{got.MaxConcurrent, got.RegularCapacity()}
}

// overdue moves the end of all temporary capacities into the past.
func (h *testDesk) overdue() {
	h.t.Helper()
	h.exec(
		`UPDATE temporary_capacities SET started_at = started_at - interval '5 hours', ends_at = clock_timestamp() - interval '1 second'`,
	)
	h.exec(`UPDATE agents SET max_until = clock_timestamp() - interval '1 second' WHERE max_until IS NOT NULL`)
}

func TestATemporaryCapacityAssignsAtOnceAndIsTakenBack(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, off := h.agent("anna", 1), h.agent("ben", 3)
	_, err := h.SetPresence(t.Context(), off, models.Offline)
	h.must(err)
	h.told()
	h.ask("first")
	waiting := h.ask("second").Chat.ID
	third := h.ask("third").Chat.ID
	applied := h.apply(models.CapacityRequest{Change: 1, Minutes: 30})
	h.Close() // waits for the drain that it started
	if !h.isActive(waiting) || h.isActive(third) || h.load(anna) != 2 || h.capacity(anna) != [2]int{2, 1} ||
		h.capacity(off) != [2]int{3, 3} {
		t.Fatalf("load %d, capacity %v", h.load(anna), h.capacity(anna))
	}
	if until := time.Until(applied.EndsAt); until > 30*time.Minute || until < 29*time.Minute || len(applied.Agents) != 1 {
		t.Fatalf("applied: %+v", applied)
	}
	h.tells(
		`root capacity_applied temporary_capacity  {"agents": [{"id": "` + anna.ID + `", "to": 2, "from": 1, "name": "anna"}], "change": 1, "for_minutes": 30}`,
	)
	_, err = h.ExtendCapacity(t.Context(), admin, applied.ID, 5)
	h.refused(err, "ends_later")
	extended, err := h.ExtendCapacity(t.Context(), admin, applied.ID, 60)
	h.must(err)
	if a, _ := h.AgentByID(t.Context(), anna.ID); time.Until(extended.EndsAt) < 59*time.Minute || !a.MaxUntil.Equal(extended.EndsAt) {
		t.Fatalf("extended to %v, the agent until %v", extended.EndsAt, a.MaxUntil)
	}
	h.tells(`root capacity_extended temporary_capacity  {"change": 1, "for_minutes": 60}`)
	ended, err := h.EndCapacity(t.Context(), admin, applied.ID)
	h.must(err)
	if h.capacity(anna) != [2]int{1, 1} || h.load(anna) != 2 || !h.isActive(waiting) || ended.EndedBy != admin.ID ||
		ended.Agents[0].TakenBackAt == nil {
		t.Fatalf("ended: capacity %v, load %d, %+v", h.capacity(anna), h.load(anna), ended)
	}
	h.tells(
		`root capacity_taken_back temporary_capacity  {"agents": [{"id": "` + anna.ID + `", "to": 1, "from": 2, "name": "anna"}], "change": 1}`,
	)
	if found := h.found(); len(found) > 0 { // over capacity until a chat ends
		t.Errorf("found: %v", found)
	}
	for range 2 {
		_, err = h.EndCapacity(t.Context(), admin, applied.ID)
		h.refused(err, "temporary_capacity_ended")
		_, err = h.ExtendCapacity(t.Context(), admin, applied.ID, 240)
		h.refused(err, "temporary_capacity_ended")
	}
	h.settle()
	if h.isActive(third) {
		t.Error("an agent over capacity got another chat")
	}
}

// TestTwoDesksTakeATemporaryCapacityBackOnce sweeps on desks that did not apply it, as after a restart, many times at once.
func TestTwoDesksTakeATemporaryCapacityBackOnce(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 2), h.agent("ben", 4)
	h.apply(models.CapacityRequest{Change: 3, Minutes: 5})
	carla := h.agent("carla", 3)
	h.apply(models.CapacityRequest{Change: -1, Minutes: 5})
	h.overdue()
	h.Close()
	h.told()
	first := newTestDeskOn(t, h.url, models.DefaultSettings())
	second := newTestDeskOn(t, h.url, models.DefaultSettings())
	var all errgroup.Group
	for range 4 {
		for _, desk := range []*testDesk{first, second} {
			all.Go(func() error { _, err := desk.Sweep(t.Context()); return err })
		}
	}
	h.must(all.Wait())
	for a, want := range map[models.Actor][2]int{anna: {2, 2}, ben: {4, 4}, carla: {3, 3}} {
		if got := first.capacity(a); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if n := h.count(`SELECT count(*) FROM audit_log WHERE action = 'capacity_taken_back' AND actor_id = ''`); n != 2 {
		t.Errorf("%d of 2 were recorded", n)
	}
	if n := h.count(`SELECT count(*) FROM temporary_capacity_agents WHERE taken_back_at IS NULL`); n != 0 {
		t.Errorf("%d are still on", n)
	}
	for _, desk := range []*testDesk{first, second} {
		desk.mu.Lock()
		for _, e := range desk.events {
			if e.Presence != nil && e.Presence.MaxUntil != nil {
				t.Errorf("announced as temporary: %+v", e.Presence)
			}
		}
		desk.mu.Unlock()
	}
}

func TestAnAdministratorsCapacityWins(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]struct {
		change func(h *testDesk, anna models.Actor, to int)
		to     int
		during [2]int
	}{
		"another":                 {setCapacity, 4, [2]int{4, 4}},
		"the temporary one":       {setCapacity, 7, [2]int{7, 7}},
		"the regular one":         {setCapacity, 5, [2]int{7, 5}},
		"by the previous release": {setCapacityBefore, 4, [2]int{4, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestDesk(t)
			anna := h.agent("anna", 5)
			applied := h.apply(models.CapacityRequest{Change: 2, Minutes: 30})
			set.change(h, anna, set.to)
			if got := h.capacity(anna); got != set.during {
				t.Fatalf("%v while it is on, want %v", got, set.during)
			}
			if found := h.found(); len(found) > 0 {
				t.Errorf("found: %v", found)
			}
			_, err := h.EndCapacity(t.Context(), admin, applied.ID)
			h.must(err)
			if got := h.capacity(anna); got != [2]int{set.to, set.to} {
				t.Fatalf("%v once it has ended, want %d", got, set.to)
			}
		})
	}
}

func setCapacity(h *testDesk, a models.Actor, to int) {
	h.t.Helper()
	_, err := h.UpdateAgent(h.t.Context(), admin, a.ID, models.AgentChange{MaxConcurrent: &to})
	h.must(err)
}

func setCapacityBefore(h *testDesk, a models.Actor, to int) {
	h.exec(`UPDATE agents SET max_concurrent = ? WHERE id = ?`, to, a.ID)
}

func TestWhoseCapacityIsChanged(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	for _, slug := range []string{"cards", "loans"} {
		_, err := h.AddDepartment(t.Context(), admin, slug, slug)
		h.must(err)
	}
	low, high, none, other := h.agent(
		"low",
		2,
		"cards",
	), h.agent(
		"high",
		98,
		"cards",
	), h.agent(
		"none",
		1,
		"cards",
	), h.agent(
		"other",
		5,
		"loans",
	)
	setCapacity(h, none, 0)
	h.apply(models.CapacityRequest{Department: "cards", Change: 5, Minutes: 5})
	for a, want := range map[models.Actor]int{low: 7, high: 100, none: 0, other: 5} {
		if got := h.capacity(a); got[0] != want {
			t.Errorf("%v, want %d", got, want)
		}
	}
	_, err := h.ApplyCapacity(t.Context(), admin, models.CapacityRequest{Department: "cards", Change: 1, Minutes: 5})
	h.refused(err, "no_agent_to_change")
	if applied := h.apply(models.CapacityRequest{Change: -10, Minutes: 5}); len(applied.Agents) != 1 || h.capacity(other) != [2]int{1, 5} {
		t.Errorf("of all, the others are left: %+v", applied.Agents)
	}
	on, err := h.TemporaryCapacities(t.Context(), admin)
	h.must(err)
	if len(on) != 2 || on[0].DepartmentName != "cards" || len(on[0].Agents) != 2 || on[1].Department != nil {
		t.Errorf("on: %+v", on)
	}
}

func TestATemporaryCapacityEndsWithItsDepartment(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	anna := h.agent("anna", 2, "cards")
	h.apply(models.CapacityRequest{Department: "cards", Change: 2, Minutes: 30})
	bob, carla := h.agent("bob", 3, "cards"), h.agent("carla", 4)
	h.apply(models.CapacityRequest{Department: "cards", Change: 1, Minutes: 30})
	of := h.apply(models.CapacityRequest{Change: 1, Minutes: 30})
	h.told()
	h.must(h.DeleteDepartment(t.Context(), admin, "cards"))
	for a, want := range map[models.Actor][2]int{anna: {2, 2}, bob: {3, 3}, carla: {5, 4}} {
		if got := h.capacity(a); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	on, err := h.TemporaryCapacities(t.Context(), admin)
	h.must(err)
	if len(on) != 1 || on[0].ID != of.ID {
		t.Errorf("on: %+v", on)
	}
	if told := h.told(); len(told) != 3 || !strings.HasPrefix(told[0], "root capacity_taken_back temporary_capacity Cards") ||
		!strings.HasPrefix(told[1], "root capacity_taken_back temporary_capacity Cards") {
		t.Errorf("the log tells %q", told)
	}
}

func TestATemporaryCapacityIsRefused(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	applied := h.apply(models.CapacityRequest{Change: 1, Minutes: 5})
	for _, r := range []models.CapacityRequest{
		{Change: 11, Minutes: 30},
		{Change: -11, Minutes: 30},
		{Change: 1, Minutes: 4},
		{Change: 1, Minutes: 241},
		{Change: 1, Minutes: 30, Department: "none"},
	} {
		_, err := h.ApplyCapacity(t.Context(), admin, r)
		h.refused(err, "validation_failed")
	}
	_, err := h.ApplyCapacity(t.Context(), admin, models.CapacityRequest{Minutes: 30})
	h.refused(err, "capacity_unchanged")
	_, err = h.ApplyCapacity(t.Context(), anna, models.CapacityRequest{Change: 1, Minutes: 30})
	h.refused(err, "role_required")
	_, err = h.ExtendCapacity(t.Context(), anna, applied.ID, 30)
	h.refused(err, "role_required")
	_, err = h.EndCapacity(t.Context(), anna, applied.ID)
	h.refused(err, "role_required")
	_, err = h.TemporaryCapacities(t.Context(), anna)
	h.refused(err, "role_required")
	_, err = h.ExtendCapacity(t.Context(), admin, applied.ID, 241)
	h.refused(err, "validation_failed")
	_, err = h.EndCapacity(t.Context(), admin, applied.ID+1)
	h.refused(err, "temporary_capacity_not_found")
	_, err = h.ExtendCapacity(t.Context(), admin, applied.ID+1, 30)
	h.refused(err, "temporary_capacity_not_found")
}

func TestOldTemporaryCapacitiesAreDeleted(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 2)
	old := h.apply(models.CapacityRequest{Change: 1, Minutes: 5})
	_, err := h.EndCapacity(t.Context(), admin, old.ID)
	h.must(err)
	h.exec(`UPDATE temporary_capacities SET ended_at = now() - interval '36 days'`)
	on := h.apply(models.CapacityRequest{Change: 1, Minutes: 5})
	h.exec(`UPDATE temporary_capacities SET started_at = now() - interval '40 days' WHERE id = ?`, on.ID)
	h.clean()
	if n := h.count(`SELECT count(*) FROM temporary_capacities WHERE id = ?`, old.ID); n != 0 {
		t.Error("it is kept for longer than 35 days")
	}
	if n := h.count(`SELECT count(*) FROM temporary_capacity_agents`); n != 1 || h.capacity(anna) != [2]int{3, 2} {
		t.Errorf("%d agents are left, with a capacity of %v", n, h.capacity(anna))
	}
}
