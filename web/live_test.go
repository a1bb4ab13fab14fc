package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
	"parley/models/testdb"
)

// twoHouses returns two instances with the same database and Redis.
func twoHouses(t *testing.T, change ...func(*setup)) (a, b *testServer) {
	t.Helper()
	shared := setup{
		databaseURL: testdb.Postgres(t),
		redisURL:    testdb.Redis(t),
		prefix:      fmt.Sprintf("test-%d-%s:", time.Now().UnixNano(), t.Name()),
	}
	both := func(s *setup) {
		s.databaseURL, s.redisURL, s.prefix = shared.databaseURL, shared.redisURL, shared.prefix
		for _, f := range change {
			f(s)
		}
		if s.redisURL != shared.redisURL {
			shared.redisURL = s.redisURL
		}
	}
	return startServer(t, both), startServer(t, both)
}

func TestInstancesHearOneAnother(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, agentToken := a.online("anna")
	_, userToken := b.guest()
	agent := b.listen(forAgent+"/events", agentToken, "")
	user := a.listen(forUser+"/events", userToken, "")
	agent.next("presence")
	user.next("queue")

	chat := b.asks(userToken, "Hello")
	user.next("assigned")
	agent.next("assigned")
	a.ask("POST", forAgent+"/chats/"+chat+"/messages", agentToken, map[string]any{"content": "Hi"}).want(201)
	for user.next("message").body["content"] != "Hi" {
	}
	b.ask("POST", forUser+"/chats/"+chat+"/typing", userToken, nil).want(204)
	agent.next("typing")
	if err := a.desk.ChangeSetting(t.Context(), admin, "RATE_SEND", "99"); err != nil {
		t.Fatal(err)
	}
	b.until("the other instance reads the setting", func() bool { return b.desk.Settings().RateSend == 99 })
	a.ask("POST", forAgent+"/logout", agentToken, nil).want(200)
	if got := agent.next("closing").body["reason"]; got != "signed_out" {
		t.Errorf("the stream closed as %v", got)
	}
	agent.ended()
}

func TestNothingIsMissedWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	server := testdb.RedisServer(t)
	a, b := twoHouses(t, func(s *setup) { s.redisURL = server.URL })
	_, agentToken := a.online("anna")
	_, userToken := a.guest()
	chat := a.asks(userToken, "Hello")
	user := b.listen(forUser+"/events", userToken, "")
	user.next("assigned")

	must(t, server.Pause())
	t.Cleanup(func() { _ = server.Resume() })
	said := func(content string) {
		began := time.Now()
		a.ask("POST", forAgent+"/chats/"+chat+"/messages", agentToken, map[string]any{"content": content}).want(201)
		if took := time.Since(began); took > time.Second {
			t.Errorf("a message waited %s for Redis", took)
		}
		for user.next("message").body["content"] != content {
		}
	}
	said("while Redis hangs")
	b.until("the instance detects that it is disconnected", func() bool { return !b.hub.Connected() })
	if got := b.ask("GET", "/readyz", "", nil).want(200).str("redis"); got != "unavailable" {
		t.Errorf("readyz says of Redis: %q", got)
	}
	said("found by asking PostgreSQL")
	must(t, server.Resume())
	b.until("Redis is back", func() bool { return b.hub.Connected() && a.hub.Connected() })
	said("by Redis again")
}

// The stream of an API key is no sign of life, but is compared with PostgreSQL like any other.
func TestABotMissesNothingWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	server := testdb.RedisServer(t)
	a, b := twoHouses(t, func(s *setup) { s.redisURL = server.URL })
	_, alex := a.agent("alex", models.RoleAdmin)
	_, key := a.bot(alex, map[string]any{"name": "Parley bot", "answer_seconds": 60})
	bot := b.listen(agentAPI+"events", key, "")
	_, userToken := a.guest()
	chat := a.asks(userToken, "Hello")
	bot.next("assigned")

	must(t, server.Pause())
	t.Cleanup(func() { _ = server.Resume() })
	b.until("the instance detects that it is disconnected", func() bool { return !b.hub.Connected() })
	for _, content := range []string{"Is", "somebody", "there?"} {
		a.ask("POST", forUser+"/chats/"+chat+"/messages", userToken, map[string]any{"content": content}).want(201)
		began := time.Now()
		for bot.next("message").body["content"] != content {
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%q was heard after %s", content, took)
		}
	}
}

func TestTheQueueIsToldWithItsReasons(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, bossToken := h.agent("carla", models.RoleSupervisor)
	_, annaToken := h.agent("anna", models.RoleAgent, func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	boss := h.listen("/api/supervisor/events", bossToken, "")
	if got := boss.next("queue_changed").body["waiting"]; got != 0.0 {
		t.Errorf("%v wait in an empty house", got)
	}
	_, first := h.guest()
	_, second := h.guest()
	h.asks(first, "First")
	h.asks(second, "Second")
	user := h.listen(forUser+"/events", second, "")
	if got := user.next("queue").body; got["position"] != 2.0 || got["is_estimate_known"] != 0.0 {
		t.Errorf("the second is told %v", got)
	}
	for boss.next("queue_changed").body["waiting"] != 2.0 {
	}
	h.ask("POST", forAgent+"/online", annaToken, nil).want(200)
	for user.next("queue").body["position"] != 1.0 {
	}
	for got := boss.next("load_changed").body; got["presence"] != "online" || got["load"] != 1.0; got = boss.next("load_changed").body {
	}
	h.ask("POST", forUser+"/queue/cancel", second, nil).want(200)
	if got := user.next("ended").body["ended_reason"]; got != "cancelled" {
		t.Errorf("ended by %v", got)
	}
	for boss.next("queue_changed").body["waiting"] != 0.0 {
	}
}

func TestAChatThatComesBackIsTold(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, annaToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	user := h.listen(forUser+"/events", userToken, "")
	agent := h.listen(forAgent+"/events", annaToken, "")
	user.next("assigned")
	agent.next("assigned")
	h.ask("POST", forAgent+"/away", annaToken, nil).want(200)
	if got := user.next("presence").body; got["service_id"] != anna.ID || got["presence"] != "away" {
		t.Errorf("the user is told of %v", got)
	}
	h.ask("POST", forAgent+"/offline", annaToken, nil).want(200)
	if got := agent.next("unassigned").body["chat_id"]; got != chat {
		t.Errorf("the agent lost %v", got)
	}
	for user.next("queue").body["status"] != "waiting" {
	}
	bob, bobToken := h.online("bob")
	if got := user.next("assigned").body["service"].(map[string]any)["id"]; got != bob.ID {
		t.Errorf("assigned to %v", got)
	}
	h.ask("POST", forAgent+"/chats/"+chat+"/notes", bobToken, map[string]any{"content": "secret"}).want(201)
	h.ask("POST", forAgent+"/chats/"+chat+"/messages", bobToken, map[string]any{"content": "Hi, Bob here"}).want(201)
	for m := user.next("message").body; m["content"] != "Hi, Bob here"; m = user.next("message").body {
		if m["message_type"] == "note" {
			t.Error("the user was told of a note")
		}
	}
	h.ask("POST", forUser+"/chats/"+chat+"/mark-read", userToken, map[string]any{"up_to": 1 << 40}).want(200)
}

func TestSilenceIsWarned(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) {
		s.settings = func(m *models.Settings) { m.IdleWarning, m.IdleTimeout = time.Second, 3*time.Second }
	})
	_, annaToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	user := h.listen(forUser+"/events", userToken, "")
	user.next("assigned")
	h.until("the chat is warned", func() bool {
		_, err := h.desk.SweepIdle(t.Context())
		must(t, err)
		status, err := h.desk.Chat(t.Context(), admin, chat)
		must(t, err)
		return status.WarnedAt != nil
	})
	if got := user.next(
		"timeout_warning",
	).body; got["chat_id"] != chat || got["seconds_left"].(float64) < 1 ||
		got["seconds_left"].(float64) > 2 {
		t.Errorf("warned: %v", got)
	}
	late := h.listen(forAgent+"/events", annaToken, "")
	late.next("timeout_warning") // a later stream receives it as well
	h.ask("POST", forUser+"/chats/"+chat+"/still-here", userToken, nil).want(204)
}

func TestStreamsEndWithTheirCredentials(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, userToken := h.guest()
	short := signed(t, jwt.MapClaims{"sub": "short", "exp": time.Now().Add(2 * time.Second).Unix()}, nil, nil)
	user := h.listen(forUser+"/events", short, "")
	if got := user.next("closing").body["reason"]; got != "expired" {
		t.Errorf("at the end of its token: %v", got)
	}
	user.ended()

	anna, annaToken := h.agent("anna", models.RoleSupervisor)
	own, house := h.listen(forAgent+"/events", annaToken, ""), h.listen("/api/supervisor/events", annaToken, "")
	own.next("presence")
	house.next("queue_changed")
	role := models.RoleAgent
	_, err := h.desk.UpdateAgent(t.Context(), admin, anna.ID, models.AgentChange{Role: &role})
	must(t, err)
	own.ended()
	house.ended()

	// The event may be lost: the end of the session is still detected.
	_, bobToken := h.agent("bob", models.RoleAgent)
	bob := h.listen(forAgent+"/events", bobToken, "")
	bob.next("presence")
	began := time.Now()
	_, err = h.desk.DB().ExecContext(t.Context(), `DELETE FROM sessions WHERE token_hash = ?`, models.HashToken(bobToken))
	must(t, err)
	bob.ended()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the stream of a session that is gone lasted %s", took)
	}
	still := h.listen(forUser+"/events", userToken, "")
	still.next("queue")
	h.server.Drain()
	if got := still.next("closing").body["reason"]; got != "stopping" {
		t.Errorf("when the server stops: %v", got)
	}
	still.ended()
}

func TestTheOldestOfTooManyStreamsEnds(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, token := h.guest()
	first := h.listen(forUser+"/events", token, "")
	first.next("queue")
	for range 20 {
		h.listen(forUser+"/events", token, "").next("queue")
	}
	if got := first.next("closing").body["reason"]; got != "replaced" {
		t.Errorf("the first of 21 closed as %v", got)
	}
	if n := h.hub.Streams(models.KindUser); n != 20 {
		h.until("twenty are left", func() bool { return h.hub.Streams(models.KindUser) == 20 })
	}
}

func TestAnUnreadableCursorMeansFromTheStart(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, annaToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	h.ask("POST", forAgent+"/chats/"+chat+"/messages", annaToken, map[string]any{"content": "Hi"}).want(201)
	for _, cursor := range []string{"rubbish", "AQ", "....", "AAAA", "42"} {
		user := h.listen(forUser+"/events", userToken, cursor)
		user.next("assigned")
		if got := user.next("message").body["content"]; got != "Hello" {
			t.Errorf("after %q the first message is %v", cursor, got)
		}
		for user.next("message").body["content"] != "Hi" {
		}
		user.cancel()
	}
	query := h.listen(forUser+"/events?last_event_id=rubbish", userToken, "")
	if got := query.next("message").body["content"]; got != "Hello" {
		t.Errorf("by the query: %v", got)
	}
	if h := query.header; h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" ||
		h.Get("X-Accel-Buffering") != "no" {
		t.Errorf("the head of a stream is %v", h)
	}
}

func TestACursorOfAnotherUserOpensNothing(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.online("anna")
	_, mine := h.guest()
	h.asks(mine, "Private")
	own := h.listen(forUser+"/events", mine, "start")
	own.next("message")
	_, theirs := h.guest()
	other := h.listen(forUser+"/events", theirs, own.lastID)
	other.next("queue")
	h.asks(theirs, "Mine")
	if got := other.next("message").body["content"]; got != "Mine" {
		t.Errorf("the cursor of another user delivered %v", got)
	}
}

func TestStatusesThatWereMissedComeBack(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, annaToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	user := h.listen(forUser+"/events", userToken, "all")
	for user.next("message").body["sender_type"] != "system" {
	}
	cursor := user.lastID
	user.cancel()
	user.ended()
	h.ask("POST", forAgent+"/chats/"+chat+"/mark-delivered", annaToken, nil).want(200)
	h.ask("POST", forAgent+"/chats/"+chat+"/mark-read", annaToken, nil).want(200)
	back := h.listen(forUser+"/events", userToken, cursor)
	// Only the present one: the client may have received it before, and a status never goes back.
	if got := back.next("message_status").body["status"]; got != "read" {
		t.Errorf("missed the status %v, want read", got)
	}
	h.ask("POST", forUser+"/chats/"+chat+"/messages", userToken, map[string]any{"content": "more"}).want(201)
	for e := back.any(); e.Name != "message"; e = back.any() {
		if e.Name == "message_status" {
			t.Errorf("one more status came: %v", e.body)
		}
	}
}

// TestAStreamWhoseQueryCannotBeReadIsRefused opens streams with a query that has no meaning. A cursor in it may not count as absent.
func TestAStreamWhoseQueryCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, token := h.guest()
	for _, query := range []string{"poll=1&last_event_id=%zz", "poll=1;wait=3", "last_event_id=%", "%=1"} {
		h.ask("GET", forUser+"/events?"+query, token, nil).refused(400, "malformed")
	}
}

func TestAStreamThatCannotBeginIsAProblem(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.send("GET", forUser+"/events", http.Header{}, nil).refused(401, "unauthorized")
	h.send("GET", forUser+"/events", http.Header{"Authorization": {"Basic YTpi"}}, nil).refused(401, "unauthorized")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Live updates use the language of the page, not the one that the browser prefers.
func TestAStreamSpeaksTheLanguageOfItsPage(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, userToken := h.guest()
	h.asks(userToken, "Is anybody there?")
	_, boss := h.agent("ruth", models.RoleSupervisor)
	for path, words := range map[string][2]string{"/supervisor/events": {"Longest wait", "最长等待"}, "/workbench/events": {" waiting<", "等待"}, "/widget/events": {"Your question is saved", "已保留"}} {
		token := boss
		if path == "/widget/events" {
			token = userToken
		}
		for i, lang := range []string{"en", "zh-CN"} {
			if said := h.listen(path+"?lang="+lang, token, "").
				next("part").
				Data; !strings.Contains(said, words[i]) ||
				strings.Contains(said, words[1-i]) {
				t.Errorf("%s says in %s: %s", path, lang, said)
			}
		}
	}
}
