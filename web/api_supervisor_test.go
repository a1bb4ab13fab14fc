package web_test

import (
	"fmt"
	"net/url"
	"testing"

	"parley/models"
)

const forSupervisor = "/api/supervisor"

func TestSupervisorsReadChatsByProgram(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	_, guest := h.guest()
	h.ask("POST", forUser+"/assign", guest, map[string]any{"message": "Where is my parcel?", "page_url": "https://shop.example/cart", "page_title": "购物车"}).
		want(200)
	chat := h.ask("GET", forUser+"/chats", guest, nil).want(200).list()[0]["chat_id"].(string)
	path := forSupervisor + "/chats/" + chat

	waiting := h.ask("GET", path, ruth, nil).want(200).object()
	entry, _ := waiting["queue_entry"].(map[string]any)
	if waiting["status"] != "waiting" || waiting["service"] != nil || waiting["service_id"] != "" || entry["queue_position"] != 1.0 ||
		waiting["page_title"] != "购物车" {
		t.Errorf("waiting: %v", waiting)
	}
	h.ask("POST", path+"/transfer", ruth, nil).refused(409, "chat_not_active")

	anna, annaToken := h.online("anna")
	h.until("the chat is assigned", func() bool {
		return h.ask("GET", path, ruth, nil).want(200).str("status") == "active"
	})
	active := h.ask("GET", path, ruth, nil).want(200).object()
	if active["service"].(map[string]any)["id"] != anna.ID || active["queue_entry"] != nil || active["first_assigned_at"] == nil {
		t.Errorf("active: %v", active)
	}
	before, _ := h.log(alex, "subject="+chat)
	h.file(forUser+"/chats/"+chat+"/files", guest, "a.txt", []byte("The parcel's number")).want(201)
	h.ask("POST", forAgent+"/chats/"+chat+"/notes", annaToken, map[string]any{"content": "A note"}).want(201)
	var seen, notes int
	var carries string
	for after := "0"; ; { // page by page
		page := h.ask("GET", path+"/messages?limit=2&after_id="+after, ruth, nil).want(200).list()
		if len(page) == 0 {
			break
		}
		for _, m := range page {
			seen++
			if m["message_type"] == "note" {
				notes++
			}
			if m["attachment"] != nil {
				carries = jsonNumber(m["id"])
			}
			after = jsonNumber(m["id"])
		}
	}
	if seen < 4 || notes != 1 || carries == "" {
		t.Fatalf("%d messages, %d notes, the file with %q", seen, notes, carries)
	}
	link := h.ask("GET", path+"/files/"+carries, ruth, nil).want(200).str("url")
	address, err := url.Parse(link)
	must(t, err)
	if got := h.ask("GET", address.RequestURI(), "", nil).want(200); string(got.Body) != "The parcel's number" {
		t.Errorf("the file is %q", got.Body)
	}
	if _, told := h.log(alex, "subject="+chat); len(told) != len(before)+1 || told[len(told)-1] != "ruth chat_watched chat" {
		t.Errorf("the audit log tells %v", told)
	}
	h.ask("GET", path+"/messages?limit=201", ruth, nil).refused(422, "validation_failed")
	h.ask("GET", path+"/files/999999", ruth, nil).refused(404, "file_not_found")
	for _, rest := range []string{"", "/messages", "/files/1"} {
		h.ask("GET", forSupervisor+"/chats/none"+rest, ruth, nil).refused(404, "chat_not_found")
		h.ask("GET", path+rest, annaToken, nil).refused(403, "role_required")
		h.ask("GET", path+rest, guest, nil).refused(403, "wrong_credential")
	}
}

func TestSupervisorsEndAndTransferByProgram(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	anna, annaToken := h.online("anna")
	_, guest := h.guest()
	chat := h.asks(guest, "Hello")
	path := forSupervisor + "/chats/" + chat
	bob, _ := h.agent("bob", models.RoleAgent)

	h.ask("POST", path+"/transfer", ruth, map[string]any{"service_id": bob.ID}).refused(409, "agent_not_online")
	h.ask("POST", path+"/transfer", ruth, map[string]any{"service_id": "nobody"}).refused(404, "agent_not_found")
	h.ask("POST", path+"/transfer", annaToken, nil).refused(403, "role_required")
	h.ask("POST", path+"/end", annaToken, nil).refused(403, "role_required")
	carl, _ := h.online("carl")
	moved := h.ask("POST", path+"/transfer", ruth, map[string]any{"service_id": carl.ID, "note": "请看一下"}).want(200).object()
	if got := moved["chat"].(map[string]any); got["service_id"] != carl.ID {
		t.Errorf("moved from %s: %v", anna.ID, moved)
	}
	if got := h.ask("POST", path+"/end", ruth, map[string]any{"comment": "Solved"}).want(200); got.str("message") == "" {
		t.Errorf("ended: %s", got.Body)
	}
	if got := h.ask("GET", path, ruth, nil).
		want(200).
		object(); got["status"] != "ended" || got["end_comment"] != "Solved" ||
		got["ended_reason"] != "service_ended" {
		t.Errorf("the ended chat is %v", got)
	}
	h.ask("POST", path+"/end", ruth, nil).refused(409, "chat_ended")
	h.ask("POST", forSupervisor+"/chats/none/end", ruth, nil).refused(404, "chat_not_found")
	h.audited(alex, "ruth chat_transferred chat", "ruth chat_ended chat")
}

func TestSupervisorsReadAnAgentByProgram(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	anna, annaToken := h.online("anna")
	path := forSupervisor + "/agents/" + anna.ID
	if got := h.ask("GET", path, ruth, nil).
		want(200).
		object(); len(got["chats"].([]any)) != 0 || got["load"] != 0.0 || got["oldest_unanswered_seconds"] != nil ||
		got["role"] != "agent" {
		t.Errorf("without a chat: %v", got)
	}
	for n := range 5 {
		_, guest := h.guest()
		chat := h.asks(guest, fmt.Sprint("Question ", n))
		if n < 3 {
			h.ask("POST", forAgent+"/chats/"+chat+"/end", annaToken, nil).want(200)
		}
	}
	read := func(query string) (got map[string]any, chats []any) {
		got = h.ask("GET", path+query, ruth, nil).want(200).object()
		return got, got["chats"].([]any)
	}
	got, chats := read("")
	if len(chats) != 5 || got["load"] != 2.0 || got["presence"] != "online" || got["service"].(map[string]any)["id"] != anna.ID {
		t.Errorf("with five chats: %v", got)
	}
	if _, chats := read("?status=active"); len(chats) != 2 {
		t.Errorf("%d are active", len(chats))
	}
	_, page := read("?status=ended&limit=2")
	last := page[len(page)-1].(map[string]any)
	_, rest := read("?status=ended&before=" + url.QueryEscape(last["ended_at"].(string)))
	if len(page) != 2 || len(rest) != 1 || rest[0].(map[string]any)["chat_id"] == last["chat_id"] {
		t.Errorf("the pages have %d and %d", len(page), len(rest))
	}
	for query, want := range map[string]int{"?limit=0": 422, "?limit=201": 422, "?limit=x": 400, "?before=x": 400, "?status=waiting": 422} {
		h.ask("GET", path+query, ruth, nil).want(want)
	}
	h.ask("GET", forSupervisor+"/agents/nobody", ruth, nil).refused(404, "agent_not_found")
	h.ask("GET", path, annaToken, nil).refused(403, "role_required")
	disabled := true
	if _, err := h.desk.UpdateAgent(t.Context(), admin, anna.ID, models.AgentChange{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	if got, chats := read(""); got["is_disabled"] != 1.0 || len(chats) != 3 {
		t.Errorf("disabled: %v", got)
	}
}

// A program reads why a chat waits; the sentences come in both languages.
func TestProgramsReadWhyAChatWaits(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor, func(n *models.NewAgent) { n.ExactCapacity = true })
	_, anna := h.agent("anna", models.RoleAgent)
	_, guest := h.guest()
	chat := h.asks(guest, "Is anyone there?")
	path := forSupervisor + "/queue/" + chat + "/why"

	got := h.ask("GET", path, ruth, nil).want(200).object()
	rules := map[any]any{}
	for _, a := range got["agents"].([]any) {
		one := a.(map[string]any)
		rules[one["name"]] = one["rule"]
	}
	if got["is_waiting"] != 1.0 || got["queue_position"] != 1.0 || fmt.Sprint(rules) != "map[anna:offline ruth:takes_no_chats]" ||
		got["summary_en"] != "The only agent is not online." || got["summary_zh_cn"] != "没有客服在线（共 1 位）。" {
		t.Errorf("%v", got)
	}
	h.ask("POST", forAgent+"/online", anna, nil).want(200)
	h.until("the chat is assigned", func() bool {
		got = h.ask("GET", path, ruth, nil).want(200).object()
		return got["is_waiting"] == 0.0
	})
	if got["summary_en"] != "This chat is no longer waiting: anna has it." || got["queue_position"] != nil ||
		len(got["agents"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
	h.ask("GET", path, anna, nil).refused(403, "role_required")
	h.ask("GET", forSupervisor+"/queue/none/why", ruth, nil).refused(404, "chat_not_found")
}
