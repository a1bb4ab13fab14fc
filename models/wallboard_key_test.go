package models_test

import (
	"strings"
	"testing"
	"time"

	"parley/models"
)

func TestAWallboardKeyOpensUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO departments (slug, name) VALUES ('cards', 'Cards')`)
	ruth := h.agent("ruth", 1)
	ruth.Role = models.RoleSupervisor
	h.told()

	added, key, err := h.AddWallboardKey(t.Context(), ruth, "  Hall ", "cards")
	h.must(err)
	if added.Name != "Hall" || *added.Department != "cards" || added.ByName != "ruth" || added.LastUsedAt != nil {
		t.Errorf("%+v", added)
	}
	if n := h.count(`SELECT count(*) FROM wallboard_keys k WHERE k::text LIKE '%` + key + `%'`); n != 0 || len(key) < 40 {
		t.Errorf("%d rows have the key %q itself", n, key)
	}
	got, err := h.WallboardByKey(t.Context(), key)
	h.must(err)
	if got.ID != added.ID {
		t.Errorf("the key opens %d", got.ID)
	}
	all, err := h.WallboardKeys(t.Context(), ruth)
	h.must(err)
	if len(all) != 1 || all[0].LastUsedAt == nil {
		t.Errorf("the list is %+v", all)
	}
	if live, err := h.LiveSessions(t.Context(), [][]byte{got.Hash}); err != nil || !live[string(got.Hash)] {
		t.Errorf("the streams of the key end: %v", err)
	}

	for range 2 { // again changes nothing
		revoked, err := h.RevokeWallboardKey(t.Context(), ruth, added.ID)
		h.must(err)
		if revoked.RevokedAt == nil {
			t.Error("it is not revoked")
		}
	}
	_, err = h.WallboardByKey(t.Context(), key)
	h.refused(err, "wallboard_revoked")
	if live, err := h.LiveSessions(t.Context(), [][]byte{got.Hash}); err != nil || live[string(got.Hash)] {
		t.Errorf("the streams of a revoked key go on: %v", err)
	}
	if told := strings.Join(
		h.told(),
		", ",
	); strings.Count(told, "wallboard_key_added") != 1 ||
		strings.Count(told, "wallboard_key_revoked") != 1 {
		t.Errorf("the log tells %s", told)
	}
	h.exec(`UPDATE wallboard_keys SET revoked_at = now() - interval '31 days'`)
	_, err = h.WallboardByKey(t.Context(), key)
	h.refused(err, "wallboard_not_found")
	if all, err := h.WallboardKeys(t.Context(), ruth); err != nil || len(all) != 0 {
		t.Errorf("the list is %+v, %v", all, err)
	}
	_, err = h.Clean(t.Context())
	h.must(err)
	if n := h.count(`SELECT count(*) FROM wallboard_keys`); n != 0 {
		t.Errorf("%d old keys are kept", n)
	}
}

func TestWallboardKeysRefuse(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	_, _, err := h.AddWallboardKey(t.Context(), anna, "Hall", "")
	h.refused(err, "role_required")
	_, err = h.WallboardKeys(t.Context(), anna)
	h.refused(err, "role_required")
	_, err = h.RevokeWallboardKey(t.Context(), anna, 1)
	h.refused(err, "role_required")
	_, err = h.RevokeWallboardKey(t.Context(), admin, 1)
	h.refused(err, "wallboard_key_not_found")
	for _, bad := range []struct{ name, department string }{{"", ""}, {strings.Repeat("x", 81), ""}, {"Hall", "none"}} {
		_, _, err = h.AddWallboardKey(t.Context(), admin, bad.name, bad.department)
		h.refused(err, "validation_failed")
	}
	_, err = h.WallboardByKey(t.Context(), "guess")
	h.refused(err, "wallboard_not_found")
	h.exec(`INSERT INTO wallboard_keys (name, key_hash) SELECT 'Hall', sha256(n::text::bytea) FROM generate_series(1, 50) n`)
	_, _, err = h.AddWallboardKey(t.Context(), admin, "One more", "")
	h.refused(err, "too_many_wallboard_keys")
}

func TestWallboardFiguresCountTheDayAndTheDepartment(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.exec(`INSERT INTO departments (slug, name) VALUES ('cards', 'Cards')`)
	anna := h.agent("anna", 2, "cards")
	served := h.askFor("ada", "cards").Chat.ID
	h.ask("bob")
	_, err := h.End(t.Context(), anna, served, "")
	h.must(err)
	h.ask("cem") // anna has a place again
	h.ask("dan")
	h.must(h.CancelQueue(t.Context(), "dan"))
	since := time.Now().Add(-time.Hour)
	for department, want := range map[string]models.WallboardFigures{"": {Served: 3, AbandonedLast30: 1}, "cards": {Served: 1}} {
		if got, err := h.WallboardFigures(t.Context(), department, since); err != nil || got != want {
			t.Errorf("%q: %+v, want %+v, %v", department, got, want, err)
		}
	}
	h.exec(
		`UPDATE chats SET queued_at = queued_at - interval '2 hours', first_assigned_at = first_assigned_at - interval '2 hours' WHERE id = ?`,
		served,
	)
	if got, _ := h.WallboardFigures(t.Context(), "cards", since); got.Served != 0 {
		t.Errorf("a chat of yesterday counts: %+v", got)
	}
}
