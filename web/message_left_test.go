package web_test

import (
	"net/url"
	"testing"

	"parley/models"
)

const leaveMessage = "/api/user/message"

// Programs leave messages, on one instance, and both sides hear of it on the other.
func TestProgramsLeaveMessages(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, alex := a.agent("alex", models.RoleAdmin)
	if got := a.availability(""); got["message_offer"] != "no_agent_online" || got["consent_text"] != "" {
		t.Errorf("without an agent it is told: %v", got)
	}
	a.ask("POST", "/api/admin/settings/MESSAGE_CONSENT", alex, map[string]any{"value": "We store your address."}).want(200)
	b.until("the other instance reads the setting", func() bool { return b.availability("")["consent_text"] == "We store your address." })
	_, token := a.guest()
	chat := a.asks(token, "Where is my card?")
	user := b.listen(forUser+"/events", token, "")
	if got := user.next("queue").body; got["message_offer"] != "no_agent_online" || got["channel"] != "chat" {
		t.Errorf("the queue is %v", got)
	}
	refused := a.ask("POST", leaveMessage, token, map[string]any{"email": "x@y@z", "name": "Maria"}).
		refused(422, "validation_failed").
		object()
	if faults := refused["errors"].(map[string]any); faults["email"] != "invalid" || faults["consent"] != "required" || len(faults) != 2 {
		t.Errorf("it was refused with %v", faults)
	}
	a.ask("POST", leaveMessage, token, map[string]any{"email": "maria@example.com", "consent": 2}).refused(422, "validation_failed")
	in := map[string]any{
		"email":             "maria@example.com",
		"name":              "Maria",
		"message":           "I am at work.",
		"client_message_id": "k",
		"consent":           1,
		"locale":            "zh-CN",
	}
	for range 2 {
		left := a.ask("POST", leaveMessage, token, in).want(200).object()
		status := left["queue_status"].(map[string]any)
		if left["status"] != "waiting" || left["channel"] != "message" || status["chat_id"] != chat || status["channel"] != "message" ||
			left["message"] != "Your message is saved. Your address: maria@example.com" || left["first_message"] == nil {
			t.Fatalf("left: %v", left)
		}
	}
	if got := user.next("channel_changed").body; got["chat_id"] != chat || got["channel"] != "message" {
		t.Errorf("the user hears %v", got)
	}
	if got := a.ask("GET", forUser+"/chats", token, nil).want(200).list(); len(got) != 1 || got[0]["channel"] != "message" {
		t.Errorf("the chats are %v", got)
	}
	if queue := a.ask("GET", "/api/supervisor/queue", alex, nil).want(200).list(); len(queue) != 0 {
		t.Errorf("the queue of live chats has %v", queue)
	}

	anna, annaToken := a.online("anna")
	assigned := user.next("assigned").body
	if assigned["chat"].(map[string]any)["channel"] != "message" {
		t.Errorf("assigned: %v", assigned)
	}
	status := a.ask("GET", forAgent+"/status", annaToken, nil).want(200).object()
	if status["load"] != 0.0 {
		t.Errorf("anna has %v", status)
	}
	mine := b.ask("GET", forAgent+"/chats", annaToken, nil).want(200).list()[0]
	if mine["user_is_here"] != 1.0 || mine["contact_email"] != "maria@example.com" || mine["contact_name"] != "Maria" ||
		mine["contact_locale"] != "zh-CN" ||
		mine["consented_at"] == nil ||
		mine["channel"] != "message" {
		t.Errorf("anna has %v", mine)
	}
	again := a.ask("POST", leaveMessage, token, in).want(200).object() // the answer was lost
	if again["status"] != "assigned" || again["service"].(map[string]any)["id"] != anna.ID {
		t.Errorf("sent again: %v", again)
	}
	a.ask("POST", leaveMessage, token, map[string]any{"email": "m@example.com", "message": "Other", "consent": 1}).
		refused(409, "chat_active")
	a.ask("POST", forAgent+"/chats/"+chat+"/messages", annaToken, map[string]any{"content": "It is on its way."}).want(201)
	a.ask("POST", forAgent+"/chats/"+chat+"/end", annaToken, nil).want(200)

	a.ask("POST", "/api/admin/settings/MESSAGES", alex, map[string]any{"value": "false"}).want(200)
	a.ask("POST", leaveMessage, token, map[string]any{"email": "m@example.com", "message": "Other", "consent": 1}).
		refused(409, "messages_off")
}

// The capacity for messages is part of an agent's account, of the form and for programs.
func TestTheCapacityForMessagesIsSet(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	anna, _ := h.agent("anna", models.RoleAgent)
	one := "/api/admin/agents/" + anna.ID
	if got := h.ask("GET", one, alex, nil).want(200).object(); got["max_messages"] != 10.0 || got["message_load"] != 0.0 {
		t.Errorf("at first it is %v", got)
	}
	if got := h.ask("POST", one, alex, map[string]any{"max_messages": 0}).
		want(200).
		object(); got["max_messages"] != 0.0 ||
		got["max_concurrent"] != 5.0 {
		t.Errorf("changed to %v", got)
	}
	h.ask("POST", one, alex, map[string]any{"max_messages": 101}).refused(422, "validation_failed")
	h.browse("POST", "/admin/people/"+anna.ID, alex, url.Values{
		"name": {"anna"}, "role": {"agent"}, "max_concurrent": {"5"}, "max_messages": {"7"},
	}).want(303)
	h.browse("POST", "/admin/people/"+anna.ID, alex, url.Values{"name": {"anna"}, "role": {"agent"}, "max_concurrent": {"4"}}).want(303)
	if got := h.ask("GET", one, alex, nil).want(200).object(); got["max_messages"] != 7.0 || got["max_concurrent"] != 4.0 {
		t.Errorf("the form changed it to %v", got)
	}
}

// The list of messages has what its reader may know of them.
func TestProgramsListMessages(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, guest := h.guest()
	left := h.ask("POST", leaveMessage, guest, map[string]any{"message": "Where is my card?", "email": "maria@example.com"}).
		want(200).
		object()
	id := left["queue_status"].(map[string]any)["chat_id"]
	const path = forAgent + "/left-messages"
	_, ben := h.agent("ben", models.RoleAgent)
	waits := h.ask("GET", path+"?status=waiting", ben, nil).want(200).list()
	if len(waits) != 1 || waits[0]["chat_id"] != id || waits[0]["contact_email"] != nil || waits[0]["service_id"] != "" ||
		waits[0]["awaiting_since"] == nil {
		t.Errorf("an agent sees %v", waits)
	}
	if all := h.ask("GET", path, ruth, nil).want(200).list(); len(all) != 1 || all[0]["contact_email"] != "maria@example.com" {
		t.Errorf("a supervisor sees %v", all)
	}
	anna, token := h.online("anna")
	h.until("anna has it", func() bool {
		mine := h.ask("GET", path+"?status=active", token, nil).want(200).list()
		return len(mine) == 1 && mine[0]["service_id"] == anna.ID && mine[0]["contact_email"] == "maria@example.com"
	})
	if others := h.ask("GET", path, ben, nil).want(200).list(); len(others) != 0 {
		t.Errorf("an agent sees the message of another one: %v", others)
	}
	h.ask("GET", path+"?limit=0", ruth, nil).refused(422, "validation_failed")
	h.ask("GET", path+"?before=yesterday", ruth, nil).want(400)
	h.ask("GET", path, guest, nil).want(403)
}
