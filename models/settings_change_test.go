package models_test

import (
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// set returns a change without the value that was displayed.
func set(key, value string) models.SettingChange { return models.SettingChange{Key: key, Value: value} }

// saw returns a change with the value that was displayed.
func saw(key, seen, value string) models.SettingChange {
	return models.SettingChange{Key: key, Value: value, Seen: &seen}
}

// faults returns the codes of the fields that an error refuses.
func (h *testDesk) faults(err error) map[string]string {
	h.t.Helper()
	h.refused(err, "validation_failed")
	var refused *models.Error
	errors.As(err, &refused)
	return refused.Fields
}

func (h *testDesk) idleTimes(warning, timeout time.Duration) {
	h.t.Helper()
	if s := h.Settings(); s.IdleWarning != warning || s.IdleTimeout != timeout {
		h.t.Errorf("chats are warned after %s and end after %s, want %s and %s", s.IdleWarning, s.IdleTimeout, warning, timeout)
	}
}

func TestSeveralSettingsAreChangedAtOnce(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	boss := h.staff("boss", models.RoleAdmin)
	change := func(changes ...models.SettingChange) error { return h.ChangeSettings(t.Context(), boss, changes) }
	h.told()
	h.must(change(set("IDLE_WARNING", "10m"), set("IDLE_TIMEOUT", "20m"))) // neither fits the old value of the other
	h.idleTimes(10*time.Minute, 20*time.Minute)
	h.must(change(set("IDLE_TIMEOUT", "30s"), set("IDLE_WARNING", "20s")))
	h.idleTimes(20*time.Second, 30*time.Second)
	h.tells(`boss setting_changed setting IDLE_WARNING {"value": {"to": "10m0s", "from": "1m0s"}}`,
		`boss setting_changed setting IDLE_TIMEOUT {"value": {"to": "20m0s", "from": "2m0s"}}`,
		`boss setting_changed setting IDLE_TIMEOUT {"value": {"to": "30s", "from": "20m0s"}}`,
		`boss setting_changed setting IDLE_WARNING {"value": {"to": "20s", "from": "10m0s"}}`)

	for name, c := range map[string]struct {
		changes []models.SettingChange
		want    map[string]string
	}{
		"two out of bounds": {
			[]models.SettingChange{set("RATE_SEND", "0"), set("RATE_END", "40"), set("MASK_CARDS", "perhaps")},
			map[string]string{"RATE_SEND": "out_of_bounds", "MASK_CARDS": "unknown"},
		},
		"both in the wrong order": {
			[]models.SettingChange{set("IDLE_WARNING", "2m"), set("IDLE_TIMEOUT", "1m"), set("RATE_SEND", "40")},
			map[string]string{"IDLE_TIMEOUT": "order"},
		},
		"the shorter one too long":   {[]models.SettingChange{set("IDLE_WARNING", "30s")}, map[string]string{"IDLE_WARNING": "order"}},
		"a reset of the shorter one": {[]models.SettingChange{{Key: "IDLE_WARNING", Reset: true}}, map[string]string{"IDLE_WARNING": "order"}},
		"a value that another admin changed": {
			[]models.SettingChange{saw("IDLE_WARNING", "1m0s", "25s")},
			map[string]string{"IDLE_WARNING": "changed"},
		},
	} {
		if got := h.faults(change(c.changes...)); !maps.Equal(got, c.want) {
			t.Errorf("%s is refused as %v, want %v", name, got, c.want)
		}
	}
	h.refused(change(set("RATE_SEND", "40"), set("AUDIT_RETENTION", "2160h")), "setting_not_found")
	ruth := models.Actor{Kind: models.KindAgent, ID: "ruth", Role: models.RoleSupervisor}
	h.refused(h.ChangeSettings(t.Context(), ruth, []models.SettingChange{set("RATE_SEND", "40")}), "role_required")
	h.idleTimes(20*time.Second, 30*time.Second)
	if s := h.Settings(); s.RateSend != 30 || s.RateEnd != 10 {
		t.Errorf("a part of what was refused holds: %d %d", s.RateSend, s.RateEnd)
	}
	h.tells()

	h.must(change(models.SettingChange{Key: "IDLE_WARNING", Reset: true}, models.SettingChange{Key: "IDLE_TIMEOUT", Reset: true},
		models.SettingChange{Key: "RATE_SEND", Reset: true}))
	h.idleTimes(time.Minute, 2*time.Minute)
	h.tells(`boss setting_reset setting IDLE_WARNING {"value": {"to": "1m0s", "from": "20s"}}`,
		`boss setting_reset setting IDLE_TIMEOUT {"value": {"to": "2m0s", "from": "30s"}}`)
}

func TestWhatAFormDidNotChangeStaysAsAnotherAdminLeftIt(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	other := newTestDeskOn(t, h.url, models.DefaultSettings()) // knows nothing of the changes of h
	h.must(h.ChangeSetting(t.Context(), admin, "IDLE_TIMEOUT", "10m"))
	h.must(other.ChangeSettings(t.Context(), admin, []models.SettingChange{
		saw("IDLE_WARNING", "1m0s", "5m"), saw("IDLE_TIMEOUT", "2m0s", "120s"),
	}))
	other.idleTimes(5*time.Minute, 10*time.Minute)
	// This is the value in force, so it is no conflict.
	h.must(other.ChangeSettings(t.Context(), admin, []models.SettingChange{saw("IDLE_TIMEOUT", "2m0s", "600s")}))
	h.must(other.ChangeSettings(t.Context(), admin, []models.SettingChange{saw("IDLE_TIMEOUT", "10m0s", "9m")}))
	h.must(h.Reload(t.Context()))
	h.idleTimes(5*time.Minute, 9*time.Minute)
}

// Each of the two changes fits the settings as they are, but not the other change.
func TestTwoAdminsAtOnceCannotBreakTheOrder(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	for round := range 20 {
		h.exec(`DELETE FROM settings`)
		h.must(h.Reload(t.Context()))
		h.must(other.Reload(t.Context()))
		var admins sync.WaitGroup
		var errs [2]error
		admins.Go(func() { errs[0] = h.ChangeSetting(t.Context(), admin, "IDLE_WARNING", "110s") })
		admins.Go(func() { errs[1] = other.ChangeSetting(t.Context(), admin, "IDLE_TIMEOUT", "90s") })
		admins.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: the two changes are answered with %v and %v", round, errs[0], errs[1])
		}
	}
}
