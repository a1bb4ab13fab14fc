package models_test

import (
	"log/slog"
	"os"
	"regexp"
	"testing"

	"parley/models"
	"parley/models/testdb"
)

var sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")

// TestMessagesByMonth creates the partitions as docs/scaling.md describes and checks that the desk works unchanged, in the month with the
// existing messages and in a later one.
func TestMessagesByMonth(t *testing.T) {
	t.Parallel()
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	defer desk.Close()
	before := waitingChat(t, desk)
	if _, _, err := desk.Send(
		t.Context(),
		models.UserActor(before.UserID),
		before.ID,
		models.NewMessage{Content: "one", ClientMessageID: "k1"},
	); err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../docs/scaling.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := sqlBlock.FindSubmatch(document)
	if shown == nil {
		t.Fatal("the document shows no SQL")
	}
	if _, err := db.DB.ExecContext(t.Context(), string(shown[1])); err != nil {
		t.Fatal(err)
	}

	later := waitingChat(t, desk)
	if _, err := db.DB.ExecContext(t.Context(), `DELETE FROM chat_due`); err != nil { // which refers to the id that is changed now
		t.Fatal(err)
	}
	var id string // of a chat that starts in two months
	err = db.DB.QueryRowContext(t.Context(), `UPDATE chats SET id = first_chat_id(date_trunc('month', now()) + interval '2 months') || right(id, 23) WHERE id = $1 RETURNING id`, later.ID).
		Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	for place, c := range map[string]struct {
		id, user, key string
		toCome        bool
	}{"a chat from before": {before.ID, before.UserID, "k2", false}, "a chat of a month to come": {id, later.UserID, "k1", true}} {
		user := models.UserActor(c.user)
		m, created, err := desk.Send(t.Context(), user, c.id, models.NewMessage{Content: "two", ClientMessageID: c.key})
		if err != nil || !created {
			t.Fatalf("%s: %v, created %v", place, err, created)
		}
		if again, created, err := desk.Send(
			t.Context(),
			user,
			c.id,
			models.NewMessage{Content: "two", ClientMessageID: c.key},
		); err != nil || created ||
			again.ID != m.ID {
			t.Errorf("%s: sent again it is %+v, created %v, %v", place, again, created, err)
		}
		if _, _, err := desk.Send(
			t.Context(),
			user,
			c.id,
			models.NewMessage{Content: "other", ClientMessageID: c.key},
		); models.CodeOf(
			err,
		) != "idempotency_key_reused" {
			t.Errorf("%s: the key with other words: %v", place, err)
		}
		var table string
		if err := db.DB.QueryRowContext(t.Context(), `SELECT tableoid::regclass FROM messages WHERE id = $1 AND chat_id = $2`, m.ID, c.id).
			Scan(&table); err != nil {
			t.Fatal(err)
		}
		if inFirst := table == "month_first.messages"; inFirst == c.toCome {
			t.Errorf("%s: the message is in %s", place, table)
		}
	}
	agent := onlineAgent(t, desk)
	if _, err := desk.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for chat, want := range map[string]int{before.ID: 2, id: 1} {
		if n, err := desk.ConfirmAll(t.Context(), agent, chat, models.Read); err != nil || n != want {
			t.Errorf("%d messages were confirmed, want %d: %v", n, want, err)
		}
	}
	checked, err := desk.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checked {
		for _, f := range c.Findings {
			t.Errorf("%s: %s %s", c.Invariant, f.Subject, f.Detail)
		}
	}
}

// waitingChat creates a waiting chat of a new user while no agent is online.
func waitingChat(t *testing.T, desk *models.Desk) *models.Chat {
	t.Helper()
	_, user, err := desk.StartUserSession(t.Context(), "en", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Assign(t.Context(), user.ID, models.AssignRequest{}); err != nil {
		t.Fatal(err)
	}
	status, err := desk.QueueStatus(t.Context(), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	return &models.Chat{ID: status.ChatID, UserID: user.ID}
}

func onlineAgent(t *testing.T, desk *models.Desk) models.Actor {
	t.Helper()
	root := models.Actor{Kind: models.KindAgent, ID: "root", Role: models.RoleAdmin}
	a, err := desk.AddAgent(
		t.Context(),
		root,
		models.NewAgent{
			Email:         "anna@example.com",
			Name:          "Anna",
			Password:      "correct horse battery",
			Role:          models.RoleAgent,
			MaxConcurrent: 5,
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	actor := models.AgentActor(a)
	if _, err := desk.SetPresence(t.Context(), actor, models.Online); err != nil {
		t.Fatal(err)
	}
	return actor
}
