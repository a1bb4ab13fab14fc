package web_test

import (
	"testing"

	"parley/models/testdb"
)

func TestStreamsOutliveAnOutageOfPostgreSQL(t *testing.T) {
	t.Parallel()
	server := testdb.PostgresServer(t)
	h := startServer(t, func(s *setup) { s.databaseURL = server.URL })
	_, annaToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	user := h.listen(forUser+"/events", userToken, "")
	user.next("assigned")

	must(t, server.Stop())
	if got := h.ask("POST", forUser+"/chats/"+chat+"/messages", userToken, map[string]any{"content": "x"}).
		refused(503, "database_unavailable"); got.Header.Get(
		"Retry-After",
	) == "" {
		t.Error("503 without Retry-After")
	}
	if got := h.ask("GET", "/readyz", "", nil).want(503).str("postgres"); got != "unavailable" {
		t.Errorf("readyz says of PostgreSQL: %q", got)
	}
	h.ask("GET", "/healthz", "", nil).want(200)
	if got := h.listen(forUser+"/events", userToken, ""); got.status != 503 {
		t.Errorf("a stream began without PostgreSQL: %d", got.status)
	}
	must(t, server.Start(t.Context()))
	h.until("PostgreSQL is back", func() bool { return h.desk.Ping(t.Context()) == nil })
	h.ask("POST", forAgent+"/chats/"+chat+"/messages", annaToken, map[string]any{"content": "Back again"}).want(201)
	if got := user.next("message").body["content"]; got != "Back again" {
		t.Errorf("after the outage: %v", got)
	}
}
