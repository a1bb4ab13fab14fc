package web_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/models/testdb"
)

// TestStreamsAfterAPromotionThatLostCommits promotes an asynchronous standby that lacks the latest messages. Messages that are sent
// afterwards get the versions that the lost ones had, and streams, as well as a client that was away, receive them all the same.
func TestStreamsAfterAPromotionThatLostCommits(t *testing.T) {
	t.Parallel()
	pair := testdb.PostgresPair(t)
	h := startServer(t, func(s *setup) { s.databaseURL = pair.Primary.URL })
	conn, err := pgx.Connect(t.Context(), pair.Primary.URL)
	must(t, err)
	defer conn.Close(context.Background())
	for _, statement := range []string{"ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"} {
		_, err := conn.Exec(t.Context(), statement)
		must(t, err)
	}
	_, annaToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	say := func(content string) int {
		return h.ask("POST", forUser+"/chats/"+chat+"/messages", userToken, map[string]any{"content": content}).Status
	}
	agent, away := h.listen(forAgent+"/events", annaToken, "start"), h.listen(forAgent+"/events", annaToken, "start")
	hears := func(l *listener, content string) {
		t.Helper()
		for l.next("message").body["content"] != content {
		}
	}
	h.until("the standby has everything", func() (has bool) {
		must(t, conn.QueryRow(t.Context(), `SELECT coalesce(bool_and(sync_state = 'async' AND replay_lsn >= pg_current_wal_lsn()), false)
			FROM pg_stat_replication`).Scan(&has))
		return has
	})

	must(t, pair.Standby.Kill())
	for _, content := range []string{"lost 1", "lost 2"} {
		if status := say(content); status != 201 {
			t.Fatalf("a message was answered %d", status)
		}
		hears(agent, content)
		hears(away, content)
	}
	cursor := away.lastID
	away.cancel()
	away.ended()

	must(t, pair.Primary.Kill())
	must(t, pair.Standby.Start(t.Context()))
	must(t, pair.Promote(t.Context()))
	for _, content := range []string{"new 1", "new 2"} {
		h.until("a message is stored", func() bool { return say(content) == 201 })
	}
	hears(agent, "new 1")
	hears(agent, "new 2")
	back := h.listen(forAgent+"/events", annaToken, cursor)
	hears(back, "new 1")
	hears(back, "new 2")
}
