package web_test

import (
	"fmt"
	"testing"
	"time"

	"parley/models"
)

func TestAgentsChooseAPresenceByProgram(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, token := h.online("anna")
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	reasons := h.ask("GET", forAgent+"/break-reasons", token, nil).want(200).list()
	if len(reasons) != 4 || reasons[1]["name_en"] != "Lunch" || reasons[1]["name_zh_cn"] != "午餐" || reasons[1]["minutes"] != 45.0 {
		t.Fatalf("the reasons are %v", reasons)
	}
	got := h.ask("POST", forAgent+"/last-chats", token, nil).want(200).object()
	if got["presence"] != "away" || got["is_online"] != 0.0 || got["presence_detail"] != "last_chats" || got["break_reason"] != nil {
		t.Errorf("with the last chats: %v", got)
	}
	got = h.ask("POST", forAgent+"/break", token, map[string]any{"reason_id": reasons[1]["id"], "minutes": 30}).want(200).object()
	ends, err := time.Parse(time.RFC3339, fmt.Sprint(got["break_ends_at"]))
	if err != nil || time.Until(ends) < 29*time.Minute || time.Until(ends) > 30*time.Minute {
		t.Errorf("a break of 30 minutes ends at %v: %v", got["break_ends_at"], err)
	}
	if got["presence"] != "away" || got["presence_detail"] != "break" || got["is_break_over"] != 0.0 ||
		got["break_reason"].(map[string]any)["name_en"] != "Lunch" {
		t.Errorf("on the break: %v", got)
	}
	if got = h.ask("GET", forAgent+"/status", token, nil).
		want(200).
		object(); got["presence_detail"] != "break" ||
		got["presence_since"] == nil {
		t.Errorf("the status is %v", got)
	}
	if load := h.ask("GET", forSupervisor+"/load", ruth, nil).want(200).list()[0]; load["presence_detail"] != "break" ||
		load["break_reason"].(map[string]any)["name_zh_cn"] != "午餐" {
		t.Errorf("the load is %v", load)
	}
	h.ask("POST", forAgent+"/input", token, nil).want(204)
	for _, bad := range []map[string]any{{}, {"reason_id": 999}, {"reason_id": 1, "minutes": 0}, {"reason_id": 1, "minutes": 481}} {
		h.ask("POST", forAgent+"/break", token, bad).refused(422, "validation_failed")
	}
	h.ask("POST", forAgent+"/break", token, map[string]any{"reason_id": "lunch"}).refused(400, "malformed")

	path := forSupervisor + "/agents/" + anna.ID + "/presence"
	changes := h.ask("GET", path, ruth, nil).want(200).list()
	if len(changes) != 3 || changes[0]["to"] != "break" || changes[0]["from"] != "last_chats" || changes[0]["cause"] != "chosen" ||
		changes[0]["by_name"] != "anna" || changes[0]["planned_minutes"] != 30.0 || changes[2]["from"] != "offline" {
		t.Errorf("the history is %v", changes)
	}
	if changes = h.ask("GET", path+"?limit=1", ruth, nil).want(200).list(); len(changes) != 1 {
		t.Errorf("one change is %v", changes)
	}
	h.ask("GET", path+"?from=2030-01-01&to=2029-01-01", ruth, nil).refused(422, "validation_failed")
	h.ask("GET", forSupervisor+"/agents/unknown/presence", ruth, nil).refused(404, "agent_not_found")
	h.ask("GET", path, token, nil).refused(403, "role_required")
}

// The reason of a break is for the agent and for supervisors. Users hear of it no more than that the agent is away.
func TestStreamsSayMoreOfAPresenceToAgentsThanToUsers(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	anna, token := a.online("anna")
	_, bossToken := a.agent("ruth", models.RoleSupervisor)
	_, userToken := a.guest()
	a.asks(userToken, "Hello")
	user := b.listen(forUser+"/events", userToken, "")
	user.next("assigned")
	agent := b.listen(forAgent+"/events", token, "")
	if got := agent.next("presence").body; got["presence_detail"] != "online" {
		t.Errorf("the agent's stream begins with %v", got)
	}
	boss := b.listen(forSupervisor+"/events", bossToken, "")
	boss.next("queue_changed")

	a.ask("POST", forAgent+"/break", token, map[string]any{"reason_id": 2}).want(200)
	if got := user.next("presence").body; len(got) != 2 || got["service_id"] != anna.ID || got["presence"] != "away" {
		t.Errorf("the user is told %v", got)
	}
	if got := agent.next("presence").body; got["presence"] != "away" || got["presence_detail"] != "break" ||
		got["break_reason"].(map[string]any)["name_en"] != "Lunch" || got["break_ends_at"] == nil {
		t.Errorf("the agent is told %v", got)
	}
	for got := boss.next("load_changed").body; got["presence_detail"] != "break"; got = boss.next("load_changed").body {
	}
	// From away to away nothing changes for users.
	a.ask("POST", forAgent+"/last-chats", token, nil).want(200)
	if got := agent.next(
		"presence",
	).body; got["presence"] != "away" || got["presence_detail"] != "last_chats" ||
		got["break_reason"] != nil {
		t.Errorf("the agent is told %v", got)
	}
	for got := boss.next("load_changed").body; got["presence_detail"] != "last_chats"; got = boss.next("load_changed").body {
	}
	a.ask("POST", forAgent+"/online", token, nil).want(200)
	if got := user.next("presence").body; len(got) != 2 || got["presence"] != "online" {
		t.Errorf("the user is told %v next", got)
	}
}

// What an agent does counts as input, and so does what the client reports; what the client does by itself does not.
func TestWhatCountsAsInput(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) {
		s.settings = func(m *models.Settings) {
			m.InactiveAfter, m.RateSend = time.Second, 100_000 // so that input is stored eight times a second
		}
	})
	anna, token := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	inputAt := func() time.Time {
		t.Helper()
		a, err := h.desk.AgentByID(t.Context(), anna.ID)
		if err != nil {
			t.Fatal(err)
		}
		return a.InputAt
	}
	for path, body := range map[string]any{
		"/input": nil, "/chats/" + chat + "/messages": map[string]any{"content": "Hi"}, "/chats/" + chat + "/typing": nil,
		"/chats/" + chat + "/notes": map[string]any{"content": "A note"},
	} {
		before := inputAt()
		h.until(path+" to count as input", func() bool {
			if got := h.ask("POST", forAgent+path, token, body); got.Status >= 300 {
				t.Fatalf("%s answered %d: %s", path, got.Status, got.Body)
			}
			return inputAt().After(before)
		})
	}
	before := inputAt()
	h.until("an input that was on its way", func() bool { now := inputAt(); same := now.Equal(before); before = now; return same })
	for _, path := range []string{"/chats/" + chat + "/mark-delivered", "/chats/" + chat + "/mark-read"} {
		h.ask("POST", forAgent+path, token, nil).want(200)
	}
	h.ask("GET", forAgent+"/status", token, nil).want(200)
	h.ask("POST", forAgent+"/chats/"+chat+"/messages", token, map[string]any{"content": ""}).want(422)
	h.ask("POST", forAgent+"/chats/"+chat+"/end", token, nil).want(200) // counts, and comes after the others
	h.until("the end to count", func() bool { return inputAt().After(before) })
}

func TestTheListOfReasonsByProgram(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	const path = "/api/admin/break-reasons"
	tea := h.ask("POST", path, alex, map[string]any{"name_en": "Tea", "minutes": 15}).want(201).object()
	if tea["name_en"] != "Tea" || tea["name_zh_cn"] != "" || tea["minutes"] != 15.0 || tea["retired_at"] != nil {
		t.Fatalf("added: %v", tea)
	}
	one := path + "/" + jsonNumber(tea["id"])
	if got := h.ask("POST", one, alex, map[string]any{"name_zh_cn": "茶歇"}).want(200).object(); got["name_en"] != "Tea" ||
		got["name_zh_cn"] != "茶歇" || got["minutes"] != 15.0 {
		t.Errorf("a program changes the fields that it sends: %v", got)
	}
	h.ask("POST", one+"/move", alex, map[string]any{"position": 1}).want(200)
	if all := h.ask("GET", path, alex, nil).want(200).list(); len(all) != 5 || all[0]["id"] != tea["id"] {
		t.Errorf("first is %v", all)
	}
	if got := h.ask("POST", one+"/retire", alex, nil).want(200).object(); got["retired_at"] == nil {
		t.Errorf("retired: %v", got)
	}
	if all := h.ask("GET", path, alex, nil).want(200).list(); all[4]["id"] != tea["id"] {
		t.Errorf("a retired one is last: %v", all)
	}
	if mine := h.ask("GET", forAgent+"/break-reasons", alex, nil).want(200).list(); len(mine) != 4 {
		t.Errorf("agents choose from %v", mine)
	}
	h.ask("POST", one+"/move", alex, map[string]any{"position": 1}).refused(404, "break_reason_not_found")
	h.ask("POST", one+"/restore", alex, nil).want(200)
	h.ask("POST", path, alex, map[string]any{"minutes": 15}).refused(422, "validation_failed")
	h.ask("POST", path, alex, map[string]any{"name_en": "Tea"}).refused(422, "validation_failed")
	h.ask("POST", one+"/move", alex, map[string]any{"position": 0}).refused(422, "validation_failed")
	h.ask("POST", path+"/seven", alex, nil).refused(404, "break_reason_not_found")
	h.audited(
		alex,
		"alex break_reason_added break_reason",
		"alex break_reason_changed break_reason",
		"alex break_reason_moved break_reason",
		"alex break_reason_retired break_reason",
		"alex break_reason_restored break_reason",
	)
}

func TestAnAgentTakesOneMoreChatByProgram(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	anna, token := a.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	_, bossToken := a.agent("ruth", models.RoleSupervisor)
	a.ask("POST", forAgent+"/extra-chat", token, nil).refused(409, "has_capacity")
	_, first := a.guest()
	a.asks(first, "First")
	agent := b.listen(forAgent+"/events", token, "")
	agent.next("assigned")
	boss := b.listen(forSupervisor+"/events", bossToken, "")
	boss.next("queue_changed")

	got := a.ask("POST", forAgent+"/extra-chat", token, nil).want(200).object()
	until, err := time.Parse(time.RFC3339, fmt.Sprint(got["extra_until"]))
	if err != nil || time.Until(until) > 10*time.Minute || time.Until(until) < 9*time.Minute || got["has_extra_chat"] != 0.0 {
		t.Errorf("opened: %v", got)
	}
	if told := agent.next("presence").body; told["extra_until"] == nil {
		t.Errorf("the agent is told %v", told)
	}
	for told := boss.next("load_changed").body; told["extra_until"] == nil; told = boss.next("load_changed").body {
	}
	if got = a.ask("POST", forAgent+"/extra-chat/cancel", token, nil).want(200).object(); got["extra_until"] != nil {
		t.Errorf("taken back: %v", got)
	}
	a.ask("POST", forAgent+"/extra-chat", token, nil).want(200)
	_, second := a.guest()
	chat := b.asks(second, "Second")
	for told := agent.next("assigned").body; told["chat"].(map[string]any)["chat_id"] != chat; told = agent.next("assigned").body {
	}
	for told := boss.next("load_changed").body; told["load"] != 2.0 || told["has_extra_chat"] != 1.0 || told["extra_until"] != nil; {
		told = boss.next("load_changed").body
	}
	a.ask("POST", forAgent+"/extra-chat", token, nil).refused(409, "above_capacity")
	load := a.ask("GET", forSupervisor+"/load", bossToken, nil).want(200).list()[0]
	if load["load"] != 2.0 || load["max_concurrent"] != 1.0 || load["has_extra_chat"] != 1.0 || load["utilisation"] != 1.0 {
		t.Errorf("the load is %v", load)
	}
	changes := a.ask("GET", forSupervisor+"/agents/"+anna.ID+"/presence", bossToken, nil).want(200).list()
	if len(changes) != 5 {
		t.Fatalf("the history is %v", changes)
	}
	for i, cause := range []string{"extra_taken", "extra_opened", "extra_closed"} {
		if changes[i]["cause"] != cause {
			t.Errorf("change %d is %v, want %s", i, changes[i], cause)
		}
	}
}
