package main

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/models"
	"parley/models/testdb"
)

// TestSeedsAreValid checks that the seeded rows pass all triggers of the schema and all invariants of the desk.
func TestSeedsAreValid(t *testing.T) {
	url := testdb.Postgres(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, s := range []string{lastMonths(2), users(60), agents(5, 4, 4), supervisor, activeChats(1, 20, 5, 3), waitingChats(21, 10), endedChats(50, 60, 5, "8 s"), cannedReplies(20), searchedMessages(50), searchRows, yearOfChats(40, 60, 5), dueQuarters, storedMessages(0, 200, 60, 5)} {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%v in\n%s", err, s)
		}
	}
	db, err := models.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	defer desk.Close()
	checked, err := desk.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checked {
		for _, f := range c.Findings {
			t.Errorf("%s: %s %s", c.Invariant, f.Subject, f.Detail)
		}
	}
	// An agent and a supervisor find the chats by what the program would have stored.
	for _, who := range []models.Actor{{Kind: models.KindAgent, ID: "a2", Role: models.RoleAgent}, {Kind: models.KindAgent, ID: "s1", Role: models.RoleSupervisor}} {
		q := models.SearchQuery{Text: "hello 退款", AgentID: "a2", From: time.Now().AddDate(0, 0, -1)}
		if found, err := desk.Search(t.Context(), who, q); err != nil || len(found.Hits) != 10 {
			t.Errorf("%s finds %+v, %v", who.ID, found, err)
		}
	}
	if a, _, _, err := desk.AgentBySession(t.Context(), agentToken(0)); err != nil || a.Role != models.RoleSupervisor {
		t.Errorf("the supervisor is not signed in: %v", err)
	}
	if u, _, _, err := desk.UserBySession(t.Context(), userToken(7)); err != nil || u.ID != "u7" {
		t.Errorf("user 7 is not signed in: %v", err)
	}
	if q, err := desk.QueueStatus(t.Context(), "u23"); err != nil || q.Position != 3 {
		t.Errorf("the third waiting user has position %d, %v", q.Position, err)
	}
}
