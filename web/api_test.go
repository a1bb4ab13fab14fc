package web_test

import (
	"net/http"
	"strings"
	"testing"

	"parley/models"
)

const (
	forUser  = "/api/user/customer-service"
	forAgent = "/api/customer-service"
)

func TestBothPrefixesServeTheSame(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	got := h.ask("POST", "/api/users/user/session", "", nil).want(200)
	for _, prefix := range []string{"/api", "/api/users"} {
		if s := h.ask("GET", prefix+"/user/customer-service/queue-status", got.str("token"), nil).
			want(200).
			str("status"); s != "not_in_queue" {
			t.Errorf("%s: %s", prefix, s)
		}
	}
	h.ask("GET", "/user/customer-service/queue-status", got.str("token"), nil).want(404)
}

func TestAssign(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, token := h.guest()

	waiting := h.ask("POST", forUser+"/assign", token, map[string]any{"message": "Where is my parcel?", "page_url": "https://shop.example/cart"}).
		want(200).
		object()
	if waiting["error"] != "no_available_service" {
		t.Fatalf("without an agent online: %v", waiting)
	}
	for _, key := range []string{"chat", "service"} {
		if _, has := waiting[key]; has {
			t.Errorf("a waiting answer carries %s, by which clients tell that they were assigned", key)
		}
	}
	if first, _ := waiting["first_message"].(map[string]any); first["content"] != "Where is my parcel?" {
		t.Errorf("the first message: %v", first)
	}
	status := waiting["queue_status"].(map[string]any)
	if first := waiting["first_message"].(map[string]any); first["chat_id"] != status["chat_id"] {
		t.Errorf("the chat of the queue status is %v, the message is in %v", status["chat_id"], first["chat_id"])
	}
	if status["status"] != "waiting" || status["position"] != 1.0 || status["estimated_wait_time"].(float64) < 1 {
		t.Errorf("queue status: %v", status)
	}
	h.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	h.until("the chat is assigned", func() bool {
		return h.ask("GET", forUser+"/queue-status", token, nil).want(200).str("status") == "assigned"
	})
	again := h.ask("POST", forUser+"/assign", token, nil).want(200).object()
	if again["chat"].(map[string]any)["chat_id"] != status["chat_id"] {
		t.Errorf("asking again gave another chat: %v", again)
	}
	_, other := h.guest()
	if got := h.ask("POST", forUser+"/assign", other, map[string]any{}).want(200).str("error"); got != "all_services_busy" {
		t.Errorf("with a full agent: %q", got)
	}
	h.ask("POST", forUser+"/queue/cancel", other, nil).want(200)
	h.ask("POST", forUser+"/queue/cancel", other, nil).refused(409, "not_in_queue")
	if chats := h.ask("GET", forUser+"/chats", other, nil).
		want(200).
		list(); chats[0]["ended_reason"] != "cancelled" ||
		chats[0]["is_ended"] != 1.0 {
		t.Errorf("after leaving the queue: %v", chats)
	}
	h.ask("POST", forUser+"/assign", other, map[string]any{"department": "nowhere"}).refused(422, "validation_failed")
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, token := h.guest()
	if got := h.ask("GET", forUser+"/availability", token, nil).
		want(200).
		object(); got["available"] != false ||
		got["online_count"] != 0.0 {
		t.Errorf("no agent is online: %v", got)
	}
	_, agentToken := h.online("anna")
	if got := h.ask("GET", forAgent+"/check-availability", "", nil).
		want(200).
		object(); got["available"] != true ||
		got["online_count"] != 1.0 {
		t.Errorf("anna is there: %v", got)
	}
	if got := h.ask("POST", forAgent+"/away", agentToken, nil).want(200).object(); got["is_online"] != 0.0 || got["presence"] != "away" {
		t.Errorf("anna went away: %v", got)
	}
	if got := h.ask("GET", forAgent+"/status", agentToken, nil).
		want(200).
		object(); got["is_online"] != 0.0 ||
		got["max_concurrent"] != 5.0 {
		t.Errorf("anna is: %v", got)
	}
	h.ask("POST", forAgent+"/offline", agentToken, nil).want(200)
}

func TestMessages(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, agentToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	mine, theirs := forUser+"/chats/"+chat, forAgent+"/chats/"+chat

	first := h.ask("POST", mine+"/messages", userToken, map[string]any{"content": " Hi\nthere ", "client_message_id": "a-1"}).
		want(201).
		object()
	if first["content"] != "Hi\nthere" || first["status"] != "sent" || first["is_read"] != 0.0 || first["sender_type"] != "user" {
		t.Errorf("stored: %v", first)
	}
	if again := h.ask("POST", mine+"/messages", userToken, map[string]any{"content": "Hi\nthere", "client_message_id": "a-1"}).
		want(200).
		object(); again["id"] != first["id"] {
		t.Errorf("sent twice: %v", again)
	}
	h.ask("POST", mine+"/messages", userToken, map[string]any{"content": "Other", "client_message_id": "a-1"}).
		refused(422, "idempotency_key_reused")

	id := jsonNumber(first["id"])
	if got := h.ask("POST", theirs+"/mark-delivered", agentToken, map[string]any{"up_to": first["id"]}).
		want(200).
		object(); got["marked_count"] != 2.0 {
		t.Errorf("delivered: %v", got)
	}
	h.ask("POST", theirs+"/messages/"+id+"/mark-read", agentToken, nil).want(200)
	h.ask("POST", mine+"/messages/"+id+"/mark-read", userToken, nil).refused(403, "own_message")
	h.ask("POST", mine+"/messages/999999/mark-read", userToken, nil).refused(404, "message_not_found")
	h.ask("POST", mine+"/messages/x/mark-read", userToken, nil).refused(404, "message_not_found")
	if got := h.ask("POST", theirs+"/mark-read", agentToken, nil).want(200).object(); got["marked_count"] != 1.0 {
		t.Errorf("an agent who names none means all: %v", got)
	}
	h.ask("POST", mine+"/mark-read", userToken, nil).refused(422, "validation_failed")

	h.ask("POST", theirs+"/notes", agentToken, map[string]any{"content": "Seems upset"}).want(201)
	for _, m := range h.ask("GET", mine+"/messages", userToken, nil).want(200).list() {
		if m["message_type"] == "note" {
			t.Errorf("a user sees the note %v", m)
		}
	}
	all := h.ask("GET", theirs+"/messages?limit=200", agentToken, nil).want(200).list()
	if last := all[len(all)-1]; last["message_type"] != "note" {
		t.Errorf("the agent's last message is %v", last)
	}
	if page := h.ask("GET", mine+"/messages?limit=1&after_id="+id, userToken, nil).want(200).list(); len(page) > 1 {
		t.Errorf("a page of one has %d", len(page))
	}
	for query, status := range map[string]int{"limit=0": 422, "limit=201": 422, "limit=ten": 400, "after_id=x": 400, "after_id=99999999999999999999": 400} {
		h.ask("GET", mine+"/messages?"+query, userToken, nil).want(status)
	}
	h.ask("POST", theirs+"/typing", agentToken, nil).want(204)
}

func TestAChatEndsAndIsRated(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, agentToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	mine := forUser + "/chats/" + chat

	h.ask("POST", mine+"/rate", userToken, map[string]any{"rating": 5}).refused(409, "chat_not_ended")
	if got := h.ask("GET", forAgent+"/chats/"+chat+"/timeout-status", agentToken, nil).
		want(200).
		object(); got["is_ended"] != 0.0 ||
		got["timeout_available"] != false {
		t.Errorf("timeout status: %v", got)
	}
	h.ask("POST", forAgent+"/chats/"+chat+"/end", agentToken, map[string]any{"comment": "Solved"}).want(200)
	h.ask("POST", mine+"/end", userToken, nil).refused(409, "chat_ended")
	h.ask("POST", mine+"/messages", userToken, map[string]any{"content": "Late"}).refused(409, "chat_ended")
	h.ask("POST", mine+"/rate", userToken, map[string]any{"rating": 4.5, "comment": "Quick"}).want(200)
	h.ask("POST", mine+"/rate", userToken, map[string]any{"rating": 5}).refused(409, "already_rated")

	ended := h.ask("GET", forAgent+"/chats?status=ended", agentToken, nil).want(200).list()
	if ended[0]["user_rating"] != 4.5 || ended[0]["user_comment"] != "Quick" || ended[0]["ended_reason"] != "service_ended" {
		t.Errorf("the ended chat is %v", ended[0])
	}
	if got := h.ask("GET", forAgent+"/"+anna.ID+"/rating", agentToken, nil).
		want(200).
		object(); got["avg_rating"] != 4.5 ||
		got["total_ratings"] != 1.0 {
		t.Errorf("the rating is %v", got)
	}
	_, otherToken := h.agent("bob", models.RoleAgent)
	h.ask("GET", forAgent+"/"+anna.ID+"/rating", otherToken, nil).refused(403, "not_your_rating")
	if got := h.ask("GET", forAgent+"/all-ratings", otherToken, nil).want(200).list(); len(got) != 1 {
		t.Errorf("bob sees %d ratings", len(got))
	}
	h.ask("GET", forAgent+"/chats?status=lost", agentToken, nil).refused(422, "validation_failed")
	h.ask("GET", forAgent+"/chats?before=yesterday", agentToken, nil).refused(400, "malformed")
	if got := h.ask("GET", forAgent+"/chats?before=2020-01-01T00:00:00Z", agentToken, nil).want(200).list(); len(got) != 0 {
		t.Errorf("%d chats before there were any", len(got))
	}
}

func TestChatsOfOthersAreNotThere(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	_, strangerToken := h.guest()
	_, otherToken := h.agent("bob", models.RoleAgent)
	_, bossToken := h.agent("carla", models.RoleSupervisor)

	for _, call := range []struct{ method, path, body string }{
		{"GET", "/messages", ""},
		{"POST", "/messages", `{"content":"x"}`},
		{"POST", "/typing", ""},
		{"POST", "/end", ""},
		{"POST", "/mark-read", `{"up_to":1}`},
		{"POST", "/mark-delivered", `{"up_to":1}`},
		{"POST", "/messages/1/mark-read", ""},
	} {
		for _, id := range []string{chat, "no-such-chat", strings.Repeat("x", 51), "%00", "%ff"} {
			h.ask(call.method, forUser+"/chats/"+id+call.path, strangerToken, body(call.body)).refused(404, "chat_not_found")
			h.ask(call.method, forAgent+"/chats/"+id+call.path, otherToken, body(call.body)).refused(404, "chat_not_found")
		}
	}
	h.ask("POST", forUser+"/chats/"+chat+"/rate", strangerToken, map[string]any{"rating": 5}).refused(404, "chat_not_found")
	h.ask("POST", forUser+"/chats/"+chat+"/still-here", strangerToken, nil).refused(404, "chat_not_found")
	h.ask("POST", forAgent+"/chats/"+chat+"/transfer", otherToken, nil).refused(404, "chat_not_found")
	h.ask("POST", forAgent+"/chats/"+chat+"/notes", otherToken, map[string]any{"content": "x"}).refused(404, "chat_not_found")
	h.ask("GET", forAgent+"/chats/"+chat+"/timeout-status", otherToken, nil).refused(404, "chat_not_found")

	h.ask("GET", forAgent+"/chats/"+chat+"/messages", bossToken, nil).want(200)
	h.ask("POST", forAgent+"/chats/"+chat+"/messages", bossToken, map[string]any{"content": "x"}).refused(403, "not_in_chat")
	h.ask("POST", forAgent+"/chats/"+chat+"/mark-read", bossToken, nil).refused(403, "not_in_chat")
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, annaToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	bob, bobToken := h.agent("bob", models.RoleAgent, func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	path := forAgent + "/chats/" + chat + "/transfer"

	h.ask("POST", path, annaToken, map[string]any{"service_id": bob.ID}).refused(409, "agent_not_online")
	h.ask("POST", forAgent+"/online", bobToken, nil).want(200)
	h.ask("POST", path, annaToken, map[string]any{"service_id": bob.ID, "department": "cards"}).refused(422, "validation_failed")
	h.ask("POST", path, annaToken, map[string]any{"department": "cards"}).refused(422, "validation_failed")
	h.ask("POST", path, annaToken, map[string]any{"service_id": "nobody"}).refused(404, "agent_not_found")
	got := h.ask("POST", path, annaToken, map[string]any{"service_id": bob.ID, "note": "Knows parcels"}).want(200).object()
	if got["chat"].(map[string]any)["service_id"] != bob.ID {
		t.Errorf("moved: %v", got)
	}
	h.ask("GET", forAgent+"/chats/"+chat+"/messages", annaToken, nil).refused(404, "chat_not_found")
	_, secondToken := h.guest()
	second := h.asks(secondToken, "Me too")
	h.ask("POST", forAgent+"/chats/"+second+"/transfer", annaToken, map[string]any{"service_id": bob.ID}).refused(409, "agent_at_capacity")
	if got := h.ask("POST", path, bobToken, nil).want(200).object(); got["chat"].(map[string]any)["status"] == "ended" {
		t.Errorf("handed back: %v", got)
	}
}

func TestSupervisorsSeeAndMoveTheQueue(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, bossToken := h.agent("carla", models.RoleSupervisor)
	anna, annaToken := h.agent("anna", models.RoleAgent, func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	_, first := h.guest()
	_, second := h.guest()
	h.asks(first, "First")
	chat := h.asks(second, "Second")
	queue := "/api/supervisor/queue"

	h.ask("POST", queue+"/"+chat+"/priority", bossToken, map[string]any{"priority": 7}).want(200)
	waiting := h.ask("GET", queue, bossToken, nil).want(200).list()
	if len(waiting) != 2 || waiting[0]["chat_id"] != chat || waiting[0]["queue_position"] != 1.0 || waiting[0]["priority"] != 7.0 {
		t.Errorf("the queue is %v", waiting)
	}
	for page, want := range map[string][]string{
		"?limit=1": {"Second"}, "?after=1": {"First"}, "?limit=1&after=1": {"First"}, "?after=2": {}, "?limit=1000": {"Second", "First"},
	} {
		got := h.ask("GET", queue+page, bossToken, nil).want(200)
		entries := got.list()
		if len(entries) != len(want) || got.Header.Get("X-Total-Count") != "2" {
			t.Errorf("%s has %d of %s entries, want %d of 2", page, len(entries), got.Header.Get("X-Total-Count"), len(want))
			continue
		}
		for i, which := range want {
			place := map[string]float64{"Second": 1, "First": 2}[which]
			if isSecond := entries[i]["chat_id"] == chat; isSecond != (which == "Second") || entries[i]["queue_position"] != place {
				t.Errorf("%s: entry %d is %v, want %s", page, i, entries[i], which)
			}
		}
	}
	for _, priority := range []any{101, -101, 1e300} {
		h.ask("POST", queue+"/"+chat+"/priority", bossToken, map[string]any{"priority": priority}).refused(422, "validation_failed")
	}
	h.ask("POST", queue+"/"+chat+"/priority", bossToken, nil).refused(422, "validation_failed")
	h.ask("POST", queue+"/"+chat+"/priority", bossToken, `{"priority":1.5}`).refused(400, "malformed")
	h.ask("POST", queue+"/"+chat+"/priority", bossToken, `{"priority":3.0}`).want(200)

	h.ask("POST", queue+"/"+chat+"/assign", bossToken, map[string]any{"service_id": anna.ID}).refused(409, "agent_not_online")
	h.ask("POST", queue+"/"+chat+"/assign", bossToken, nil).refused(422, "validation_failed")
	h.ask("POST", forAgent+"/online", annaToken, nil).want(200)
	h.until("anna has a chat", func() bool {
		return h.ask("GET", "/api/supervisor/load", bossToken, nil).want(200).list()[0]["load"] == 1.0
	})
	load := h.ask("GET", "/api/supervisor/load", bossToken, nil).want(200).list()
	if load[0]["utilisation"] != 1.0 || load[1]["utilisation"] != 0.0 {
		t.Errorf("the load is %v", load)
	}
	if got := h.ask("GET", "/api/supervisor/stats?from=2020-01-01&to=2020-06-01T00:00:00Z", bossToken, nil).
		want(200).
		object(); got["started"] != 0.0 {
		t.Errorf("before there was anything: %v", got)
	}
	if got := h.ask("GET", "/api/supervisor/stats", bossToken, nil).want(200).object(); got["started"] != 2.0 {
		t.Errorf("the last day: %v", got)
	}
	h.ask("GET", "/api/supervisor/stats?from=noon", bossToken, nil).refused(400, "malformed")
	h.ask("GET", "/api/supervisor/stats?from=2024-01-02&to=2024-01-01", bossToken, nil).refused(422, "validation_failed")
}

func TestHealthMetricsAndUnknownRoutes(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	if got := h.ask("GET", "/readyz", "", nil).want(200).object(); got["status"] != "ok" || got["redis"] != "ok" {
		t.Errorf("ready: %v", got)
	}
	h.ask("GET", "/healthz", "", nil).want(200)
	if got := h.ask("GET", "/openapi.json", "", nil).want(200).str("openapi"); got != "3.1.0" {
		t.Errorf("the document is %q", got)
	}
	if got := h.ask("GET", "/metrics", "", nil).want(200); !strings.Contains(string(got.Body), "parley_streams") {
		t.Error("the metrics lack parley_streams")
	}
	h.ask("GET", "/api/nothing", "", nil).refused(404, "not_found")
	if got := h.ask("DELETE", forUser+"/chats", "", nil).refused(405, "method_not_allowed"); got.Header.Get("Allow") == "" {
		t.Error("405 without Allow")
	}
	if got := h.send("HEAD", "/healthz", http.Header{}, nil).want(200); len(got.Body) > 0 {
		t.Error("HEAD has a body")
	}
	h.server.Drain()
	if got := h.ask("GET", "/readyz", "", nil).want(503).str("status"); got != "stopping" {
		t.Errorf("while it stops: %q", got)
	}
}

func body(text string) any {
	if text == "" {
		return nil
	}
	return text
}
