package web_test

import (
	"log/slog"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// A command of the console publishes no events: an instance finds the change in PostgreSQL within the 5 s that it has for a sign-out.
func TestACommandOfTheConsoleIsHeard(t *testing.T) {
	t.Parallel()
	database := testdb.Postgres(t)
	h := startServer(t, func(s *setup) { s.databaseURL = database })
	db, err := models.Open(t.Context(), database)
	must(t, err)
	console := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { console.Close(); _ = db.Close() })

	anna, token := h.online("anna")
	_, guest := h.guest()
	chat := h.asks(guest, "Hello")
	agent := h.listen(forAgent+"/events", token, "")
	agent.next("assigned")
	user := h.listen(forUser+"/events", guest, "")
	user.next("assigned")

	began := time.Now()
	disabled := true
	_, err = console.UpdateAgent(t.Context(), admin, anna.ID, models.AgentChange{Disabled: &disabled})
	must(t, err)
	if got := agent.next("closing").body["reason"]; got != "signed_out" {
		t.Errorf("the agent's stream closed as %v", got)
	}
	h.ask("GET", forAgent+"/status", token, nil).want(401)
	for got := user.next("queue").body; got["chat_id"] != chat || got["status"] != "waiting"; got = user.next("queue").body {
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	must(t, console.ChangeSetting(t.Context(), admin, "RATE_SEND", "77"))
	h.until("the setting", func() bool { return h.desk.Settings().RateSend == 77 })
}
