package models_test

import (
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/models"
)

func (h *testDesk) installationKey() string {
	h.t.Helper()
	key, err := h.InstallationKey(h.t.Context())
	h.must(err)
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(key) {
		h.t.Fatalf("the key is %q", key)
	}
	return key
}

// Each test database is a copy of one template, as two databases that were restored from one dump are.
func TestACopiedDatabaseIsAnotherInstallation(t *testing.T) {
	t.Parallel()
	a, b := newTestDesk(t), newTestDesk(t)
	var idA, idB string
	const stored = `SELECT id::text FROM installation`
	a.must(a.DB().NewRaw(stored).Scan(t.Context(), &idA))
	b.must(b.DB().NewRaw(stored).Scan(t.Context(), &idB))
	if idA != idB {
		t.Fatal("the databases are no copies: this test shows nothing")
	}
	first := a.installationKey()
	if first == b.installationKey() {
		t.Error("two databases have one key")
	}
	if again := newTestDeskOn(t, a.url, models.DefaultSettings()).installationKey(); again != first {
		t.Errorf("a second process gets the key %s, the first got %s", again, first)
	}
	a.exec(`UPDATE installation SET id = gen_random_uuid()`)
	if a.installationKey() == first {
		t.Error("a new id gives the same key")
	}
}

func TestARoleThatMayNotSeeTheClusterGetsAKey(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	role := "plain_" + uuid.NewString()[:8]
	h.exec(`REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`)
	h.exec(`CREATE ROLE ` + role + ` VALID UNTIL '` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `'`)
	defer func() { h.exec(`DROP OWNED BY ` + role); h.exec(`DROP ROLE ` + role) }()
	h.exec(`GRANT SELECT ON installation TO ` + role)
	u, err := url.Parse(h.url)
	h.must(err)
	q := u.Query()
	q.Set("role", role)
	u.RawQuery = q.Encode()
	db, err := models.Open(t.Context(), u.String())
	h.must(err)
	defer db.Close()
	if key, err := models.NewDesk(db, models.DefaultSettings(), nil).InstallationKey(t.Context()); err != nil || len(key) != 16 {
		t.Errorf("got %q, %v", key, err)
	}
}
