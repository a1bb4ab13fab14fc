package models_test

import (
	"testing"

	"parley/models"
	"parley/models/testdb"
)

// TestAConnectionThatIsRefusedIsTriedAgain: an attempt that meets a restart of PostgreSQL fails no request, and one that meets an outage fails soon.
func TestAConnectionThatIsRefusedIsTriedAgain(t *testing.T) {
	t.Parallel()
	link := testdb.NewLink(t, testdb.Postgres(t))
	link.Refuse(2)
	db, err := models.Open(t.Context(), link.URL)
	if err != nil {
		t.Fatalf("after two refusals: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	link.Refuse(100)
	if db, err := models.Open(t.Context(), link.URL); err == nil {
		_ = db.Close()
		t.Error("a connection opened although every attempt was refused")
	}
}
