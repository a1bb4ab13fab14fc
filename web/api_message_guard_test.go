package web_test

import (
	"testing"
)

func TestProgramsSendUnlessSomethingNewerCame(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, annaToken := a.online("anna")
	_, userToken := b.guest()
	chat := a.asks(userToken, "Hello")
	mine, theirs := forUser+"/chats/"+chat+"/messages", forAgent+"/chats/"+chat+"/messages"
	hello := a.ask("GET", theirs, annaToken, nil).want(200).list()[0]
	newer := b.ask("POST", mine, userToken, map[string]any{"content": "No, the red one"}).want(201).object()

	reply := map[string]any{"content": "The blue one it is", "client_message_id": "k1", "last_seen_id": hello["id"]}
	refused := a.ask("POST", theirs, annaToken, reply).refused(409, "newer_message").object()
	if got, _ := refused["newer_message"].(map[string]any); got["id"] != newer["id"] || got["content"] != "No, the red one" ||
		got["sender_type"] != "user" {
		t.Errorf("refused with %v", refused)
	}
	reply["last_seen_id"] = newer["id"]
	sent := a.ask("POST", theirs, annaToken, reply).want(201).object()
	b.ask("POST", mine, userToken, map[string]any{"content": "Thanks"}).want(201)
	if again := b.ask("POST", theirs, annaToken, reply).want(200).object(); again["id"] != sent["id"] {
		t.Errorf("sent again it is %v", again)
	}
	delete(reply, "last_seen_id")
	reply["client_message_id"] = "k2"
	if got := a.ask("POST", theirs, annaToken, reply).want(201).object(); got["id"] == sent["id"] {
		t.Error("without the guard nothing was sent")
	}
	reply["client_message_id"], reply["draft_chat_id"] = "k3", "another"
	a.ask("POST", theirs, annaToken, reply).refused(409, "draft_of_other_chat")
	reply["draft_chat_id"] = chat
	a.ask("POST", theirs, annaToken, reply).want(201)
	for _, wrong := range []any{-1, "x", 1.5} {
		reply["last_seen_id"] = wrong
		if got := a.ask("POST", theirs, annaToken, reply); got.Status != 422 && got.Status != 400 {
			t.Errorf("last_seen_id %v is answered %d", wrong, got.Status)
		}
	}
	reply["last_seen_id"], reply["client_message_id"] = nil, "k4"
	a.ask("POST", theirs, annaToken, reply).want(201)
}
