package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/models"
)

// offers adds outcomes and tags for every chat.
func (h *testServer) offers(names ...string) {
	h.t.Helper()
	for _, name := range names {
		kind, name, _ := strings.Cut(name, " ")
		if _, err := h.desk.AddWrapUpOption(h.t.Context(), admin, models.WrapUpKind(kind), "", name); err != nil {
			h.t.Fatal(err)
		}
	}
}

// Programs end a chat with outcome and tags, change them, and are told on every instance; the user is told nothing.
func TestProgramsWrapUpTheirChats(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, anna := a.online("anna")
	_, bob := a.agent("bob", models.RoleAgent)
	_, ruth := a.agent("ruth", models.RoleSupervisor)
	_, alex := a.agent("alex", models.RoleAdmin)
	a.offers("outcome Solved", "tag Refund", "tag Card")
	b.until("the other instance to offer them", func() bool { return !b.desk.WrapUpLists(&models.Chat{}).IsEmpty() })
	_, user := a.guest()
	chat := a.asks(user, "My card is lost")
	path := forAgent + "/chats/" + chat
	agent, listener := b.listen(forAgent+"/events", anna, ""), b.listen(forUser+"/events", user, "")
	agent.next("assigned")
	listener.next("assigned")

	form := b.ask("GET", path+"/wrap-up", anna, nil).want(200).object()
	if s := form["suggested"].(map[string]any); s["tags_source"] != "conversation" || len(s["tags"].([]any)) != 1 ||
		form["is_to_wrap_up"] != 0.0 {
		t.Errorf("before the end there is %v", form)
	}
	a.ask("POST", path+"/wrap-up", anna, map[string]any{"outcome": "Solved"}).refused(409, "chat_not_ended")
	a.ask("POST", path+"/end", anna, map[string]any{"outcome": "Nothing"}).refused(422, "validation_failed")
	a.ask("POST", path+"/end", anna, map[string]any{"outcome": "solved", "tags": []string{"card"}}).want(200)
	agent.next("ended")
	if got := agent.next("wrap_up").body; got["outcome"] != "Solved" || got["chat_id"] != chat || got["wrapped_up_at"] == nil {
		t.Errorf("the agent was told %v", got)
	}
	a.ask("POST", path+"/wrap-up", bob, map[string]any{"outcome": "Solved"}).refused(404, "chat_not_found")
	a.ask("POST", path+"/wrap-up", ruth, map[string]any{"tags": []string{"Card", "Refund"}}).want(200)
	if got := agent.next("wrap_up").body; got["outcome"] != nil || len(got["tags"].([]any)) != 2 {
		t.Errorf("the agent was told %v", got)
	}
	listener.next("ended")
	a.ask("POST", forUser+"/chats/"+chat+"/rate", user, map[string]any{"rating": 5}).want(200)
	if got := string(
		a.ask("GET", forUser+"/chats", user, nil).want(200).Body,
	); strings.Contains(got, "Refund") ||
		strings.Contains(got, "outcome") {
		t.Errorf("the user reads %s", got)
	}
	for _, path := range []string{forAgent + "/chats", "/api/supervisor/chats/" + chat} {
		token := map[bool]string{true: anna, false: ruth}[path == forAgent+"/chats"]
		if got := string(
			b.ask("GET", path, token, nil).want(200).Body,
		); !strings.Contains(
			got,
			`"outcome":null,"tags":["Card","Refund"],"wrapped_up_at":"`,
		) {
			t.Errorf("%s has %s", path, got)
		}
	}
	a.audited(alex, "ruth chat_wrap_up_changed chat")
	figures := b.ask("GET", forSupervisor+"/stats", ruth, nil).want(200).object()
	if got := fmt.Sprint(figures["outcomes"], figures["tags"]); got != "[] [map[count:1 name:Card] map[count:1 name:Refund]]" {
		t.Errorf("the figures have %s", got)
	}
	file := string(a.browse("GET", "/supervisor/counts.csv", ruth, nil).want(200).Body)
	if !strings.Contains(file, "\ntag,Card,1\ntag,Refund,1\n") {
		t.Errorf("the file has %q", file)
	}

	// A stream that began after the end is told of the change. On a busy machine the second instance may only now hear of the message.
	late := b.listen(forAgent+"/events", anna, "")
	late.next("presence")
	late.next("reminders")
	a.ask("POST", path+"/wrap-up", anna, map[string]any{"outcome": "Solved"}).want(200)
	got := late.any()
	for got.Name == "message" {
		got = late.any()
	}
	if got.Name != "wrap_up" {
		t.Errorf("a new stream was told %v", got)
	}

	second := a.asks(user, "Once more")
	a.ask("POST", forUser+"/chats/"+second+"/end", user, map[string]any{"outcome": "Solved"}).want(200)
	if got := a.ask("GET", forAgent+"/chats-to-wrap-up", anna, nil).
		want(200).
		list(); len(got) != 1 || got[0]["chat_id"] != second ||
		got[0]["outcome"] != nil {
		t.Errorf("to wrap up is %v", got)
	}
	a.ask("POST", forAgent+"/chats/"+second+"/wrap-up/skip", anna, nil).want(200)
	a.ask("GET", forAgent+"/chats-to-wrap-up", anna, nil).want(200)
	if got := a.ask("GET", forAgent+"/chats-to-wrap-up", anna, nil).want(200).list(); len(got) != 0 {
		t.Errorf("after it was skipped, to wrap up is %v", got)
	}
}

// Administrators manage the lists as programs and on the page, and each change is on record.
func TestOutcomesAndTagsAreManaged(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	const path = "/api/admin/wrap-up-options"
	added := h.ask("POST", path, alex, map[string]any{"kind": "tag", "name": "Refund"}).want(201).object()
	h.ask("POST", path, alex, map[string]any{"kind": "tag", "name": "refund"}).refused(409, "wrap_up_option_taken")
	h.ask("POST", path, alex, map[string]any{"kind": "tag", "name": "A", "department": "nothing"}).refused(422, "validation_failed")
	one := path + "/" + added["option_id"].(string)
	if got := h.ask("POST", one, alex, map[string]any{"name": "Refunds"}).want(200).object(); got["name"] != "Refunds" {
		t.Errorf("it was renamed to %v", got)
	}
	if got := h.ask("POST", one+"/retire", alex, nil).want(200).object(); got["is_retired"] != 1.0 {
		t.Errorf("it was retired: %v", got)
	}
	h.ask("POST", path, alex, map[string]any{"kind": "tag", "name": "Refunds"}).refused(409, "wrap_up_option_taken")
	h.ask("POST", one+"/restore", alex, nil).want(200)
	h.ask("POST", path+"/nothing/retire", alex, nil).refused(404, "wrap_up_option_not_found")
	h.audited(alex, "alex wrap_up_option_added wrap_up_option", "alex wrap_up_option_renamed wrap_up_option",
		"alex wrap_up_option_retired wrap_up_option", "alex wrap_up_option_restored wrap_up_option")
	page := h.send("GET", "/admin/wrap-up", http.Header{"Accept": {"text/html"}, "Cookie": {"parley_session=" + alex}}, nil).want(200)
	if !strings.Contains(string(page.Body), `value="Refunds"`) {
		t.Error("the page lists no Refunds")
	}
}
