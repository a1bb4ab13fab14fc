package web_test

import (
	"fmt"
	"testing"
)

func TestAConversationIsHeardByBothSides(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, agentToken := h.online("anna")
	_, userToken := h.guest()

	agent := h.listen("/api/customer-service/events", agentToken, "")
	user := h.listen("/api/user/customer-service/events", userToken, "")
	if got := user.next("queue").body["status"]; got != "not_in_queue" {
		t.Errorf("a user without a chat hears %v", got)
	}
	agent.next("presence")

	chat := h.asks(userToken, "Hello")
	if got := user.next("assigned").body["service"].(map[string]any)["id"]; got != anna.ID {
		t.Errorf("the user is told of agent %v", got)
	}
	agent.next("assigned")
	h.ask("POST", "/api/customer-service/chats/"+chat+"/messages", agentToken, map[string]any{"content": "Good morning"}).want(201)
	for m := user.next("message"); m.body["content"] != "Good morning"; m = user.next("message") {
		if m.ID == "" {
			t.Error("a message came without a cursor")
		}
	}
	h.ask("POST", "/api/user/customer-service/chats/"+chat+"/typing", userToken, nil).want(204)
	agent.next("typing")
	h.ask("POST", "/api/user/customer-service/chats/"+chat+"/end", userToken, nil).want(200)
	if got := agent.next("ended").body["ended_reason"]; got != "user_ended" {
		t.Errorf("ended by %v", got)
	}
	user.next("ended")
}

func TestACursorBringsWhatWasMissed(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, agentToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	user := h.listen("/api/user/customer-service/events", userToken, "")
	user.next("assigned")
	h.ask("POST", "/api/customer-service/chats/"+chat+"/messages", agentToken, map[string]any{"content": "one"}).want(201)
	cursor := user.next("message").ID
	user.cancel()
	user.ended()

	for i := range 3 {
		h.ask("POST", "/api/customer-service/chats/"+chat+"/messages", agentToken, map[string]any{"content": fmt.Sprint("missed ", i)}).
			want(201)
	}
	h.ask("POST", "/api/customer-service/chats/"+chat+"/end", agentToken, nil).want(200)
	// A whole chat happens in the meantime.
	second := h.asks(userToken, "Again")
	h.ask("POST", "/api/customer-service/chats/"+second+"/messages", agentToken, map[string]any{"content": "Again?"}).want(201)
	h.ask("POST", "/api/customer-service/chats/"+second+"/end", agentToken, nil).want(200)

	back := h.listen("/api/user/customer-service/events", userToken, cursor)
	ended := map[any]bool{back.next("ended").body["chat_id"]: true, back.next("ended").body["chat_id"]: true}
	if !ended[chat] || !ended[second] {
		t.Errorf("told of the end of %v, want %s and %s", ended, chat, second)
	}
	for i := range 3 {
		if got := back.next("message").body["content"]; got != fmt.Sprint("missed ", i) {
			t.Errorf("message %d is %v", i, got)
		}
	}
	for m := back.next("message"); m.body["content"] != "Again?"; m = back.next("message") {
		if m.body["chat_id"] != second {
			t.Errorf("%v was said twice", m.body["content"])
		}
	}
}
