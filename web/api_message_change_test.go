package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parley/models"
	"parley/web/media/samples"
)

// idOf is the id of a message as JSON has it.
func idOf(m map[string]any) string { return fmt.Sprintf("%.0f", m["id"]) }

func TestBothSidesHearOfAChangedMessage(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, annaToken := a.online("anna")
	_, userToken := b.guest()
	chat := a.asks(userToken, "Hello")
	mine, theirs := forUser+"/chats/"+chat, forAgent+"/chats/"+chat
	user, agent := a.listen(forUser+"/events", userToken, ""), b.listen(forAgent+"/events", annaToken, "")
	user.next("assigned")
	agent.next("assigned")

	sent := a.ask("POST", theirs+"/messages", annaToken, map[string]any{"content": "It is thee blue one"}).want(201).object()
	if sent["edited_at"] != nil || sent["withdrawn_at"] != nil {
		t.Errorf("sent %v", sent)
	}
	for m := user.next("message").body; m["id"] != sent["id"]; m = user.next("message").body {
	}
	before := user.lastID
	edited := a.ask("POST", theirs+"/messages/"+idOf(sent), annaToken, map[string]any{"content": "It is the blue one"}).want(200).object()
	if edited["content"] != "It is the blue one" || edited["edited_at"] == nil || edited["withdrawn_at"] != nil ||
		edited["id"] != sent["id"] {
		t.Errorf("edited %v", edited)
	}
	for _, l := range []*listener{user, agent} {
		got := l.next("message_updated")
		if got.body["content"] != "It is the blue one" || got.body["edited_at"] != edited["edited_at"] || got.ID == "" {
			t.Errorf("told %v with the cursor %q", got.body, got.ID)
		}
	}
	withdrawn := b.ask("POST", theirs+"/messages/"+idOf(sent)+"/withdraw", annaToken, nil).want(200).object()
	if withdrawn["content"] != "" || withdrawn["withdrawn_at"] == nil || withdrawn["message_type"] != "text" {
		t.Errorf("withdrawn %v", withdrawn)
	}
	for _, l := range []*listener{user, agent} {
		if got := l.next("message_updated").body; got["content"] != "" || got["withdrawn_at"] != withdrawn["withdrawn_at"] {
			t.Errorf("told %v", got)
		}
	}
	b.ask("POST", theirs+"/messages/"+idOf(sent)+"/withdraw", annaToken, nil).want(200)

	// A note changes for agents alone.
	note := a.ask("POST", theirs+"/notes", annaToken, map[string]any{"content": "Thee note"}).want(201).object()
	a.ask("POST", theirs+"/messages/"+idOf(note), annaToken, map[string]any{"content": "The note"}).want(200)
	if got := agent.next("message_updated").body; got["content"] != "The note" {
		t.Errorf("told %v", got)
	}
	said := a.ask("POST", theirs+"/messages", annaToken, map[string]any{"content": "Thee end"}).want(201).object()
	a.ask("POST", theirs+"/messages/"+idOf(said), annaToken, map[string]any{"content": "The end"}).want(200)
	if got := user.next("message_updated").body; got["content"] != "The end" {
		t.Errorf("the user is told %v", got)
	}

	// A client that was away gets the message as it is now, by a stream, by polling and in the list.
	own := b.ask("POST", mine+"/messages", userToken, map[string]any{"content": "Thee red one"}).want(201).object()
	b.ask("POST", mine+"/messages/"+idOf(own), userToken, map[string]any{"content": "The red one"}).want(200)
	late := b.listen(forUser+"/events", userToken, before)
	if got := late.next("message_updated").body; got["id"] != sent["id"] || got["content"] != "" || got["withdrawn_at"] == nil {
		t.Errorf("who was away is told %v", got)
	}
	got := late.next("message").body
	for ; got["id"] != own["id"]; got = late.next("message").body {
	}
	if got["content"] != "The red one" || got["edited_at"] == nil {
		t.Errorf("who was away is told %v", got)
	}
	polled := a.ask("GET", forUser+"/events?poll=1&last_event_id="+url.QueryEscape(before), userToken, nil).want(200)
	listed := a.ask("GET", mine+"/messages", userToken, nil).want(200)
	for _, got := range []answer{polled, listed} {
		if said := string(got.Body); strings.Contains(said, "blue") || !strings.Contains(said, "The red one") {
			t.Errorf("got %s", said)
		}
	}
}

func TestWhatProgramsMayNotChange(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, annaToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	mine, theirs := forUser+"/chats/"+chat, forAgent+"/chats/"+chat
	_, bossToken := h.agent("ruth", models.RoleSupervisor)
	sent := h.ask("POST", theirs+"/messages", annaToken, map[string]any{"content": "Hi"}).want(201).object()
	text := map[string]any{"content": "Changed"}
	h.ask("POST", mine+"/messages/"+idOf(sent), userToken, text).refused(403, "not_your_message")
	h.ask("POST", mine+"/messages/"+idOf(sent)+"/withdraw", userToken, nil).refused(403, "not_your_message")
	h.ask("POST", mine+"/messages/x", userToken, text).refused(404, "message_not_found")
	h.ask("POST", theirs+"/messages/"+idOf(sent), bossToken, text).refused(403, "not_in_chat")
	h.ask("POST", theirs+"/messages/"+idOf(sent), annaToken, map[string]any{"content": " "}).refused(422, "validation_failed")
	h.ask("POST", theirs+"/messages/"+idOf(sent), annaToken, map[string]any{}).refused(422, "validation_failed")
	h.ask("POST", theirs+"/messages/"+idOf(sent), annaToken, `{"content":`).refused(400, "malformed")
	must(t, h.desk.ChangeSetting(t.Context(), admin, "EDIT_PERIOD", "1ms"))
	h.ask("POST", theirs+"/messages/"+idOf(sent), annaToken, text).refused(409, "edit_period_over")
	must(t, h.desk.ChangeSetting(t.Context(), admin, "EDIT_PERIOD", "0"))
	h.ask("POST", theirs+"/messages/"+idOf(sent), annaToken, text).refused(409, "editing_off")
	must(t, h.desk.ChangeSetting(t.Context(), admin, "EDIT_PERIOD", "2m"))
	h.ask("POST", theirs+"/messages/"+idOf(sent), annaToken, text).want(200)
	versions := h.ask("GET", "/api/supervisor/chats/"+chat+"/messages/"+idOf(sent)+"/versions", bossToken, nil).want(200).list()
	if len(versions) != 1 || versions[0]["content"] != "Hi" || versions[0]["written_at"] != sent["created_at"] ||
		versions[0]["attachment"] != nil {
		t.Errorf("the versions are %v", versions)
	}
	h.ask("POST", theirs+"/messages/"+idOf(sent)+"/withdraw", annaToken, nil).want(200)
	h.ask("POST", theirs+"/messages/"+idOf(sent), annaToken, text).refused(409, "message_withdrawn")
	h.ask("POST", theirs+"/end", annaToken, nil).want(200)
	last := h.ask("GET", mine+"/messages", userToken, nil).want(200).list()[0]
	h.ask("POST", mine+"/messages/"+idOf(last), userToken, text).refused(409, "chat_ended")
}

func TestAWithdrawnFileIsNotServed(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, userToken, annaToken := h.talk()
	_, bossToken := h.agent("ruth", models.RoleSupervisor)
	mine, theirs := forUser+"/chats/"+chat, forAgent+"/chats/"+chat
	sent := h.file(mine+"/files", userToken, "card.jpg", samples.JPEG(300, 200)).want(201).object()
	file := sent["attachment"].(map[string]any)
	h.ask("POST", mine+"/messages/"+idOf(sent), userToken, map[string]any{"content": "x"}).refused(409, "message_has_file")
	got := h.ask("POST", mine+"/messages/"+idOf(sent)+"/withdraw", userToken, nil).want(200).object()
	if got["attachment"] != nil || got["content"] != "" {
		t.Errorf("withdrawn %v", got)
	}
	for _, address := range []any{file["url"], file["thumbnail_url"]} {
		h.fetch(address.(string), nil).want(404)
	}
	h.ask("GET", theirs+"/files/"+idOf(sent), annaToken, nil).refused(404, "file_not_found")
	h.ask("GET", mine+"/files/"+idOf(sent), userToken, nil).refused(404, "file_not_found")
	versions := h.ask("GET", "/api/supervisor/chats/"+chat+"/messages/"+idOf(sent)+"/versions", bossToken, nil).want(200).list()
	kept := versions[0]["attachment"].(map[string]any)
	h.fetch(kept["url"].(string), nil).want(200)
	h.ask("GET", "/api/supervisor/chats/"+chat+"/files/"+idOf(sent), bossToken, nil).want(200)
}

// Pages without a script change messages by plain forms.
func TestAPlainFormWithdrawsAMessage(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, annaToken := h.online("anna")
	_, userToken := h.guest()
	chat := h.asks(userToken, "Hello")
	sent := h.ask("POST", forAgent+"/chats/"+chat+"/messages", annaToken, map[string]any{"content": "Hi"}).want(201).object()
	b := h.bench("anna")
	one := "/workbench/chats/" + chat + "/messages/" + idOf(sent)
	b.post(one, url.Values{"content": {"Hi there"}}).leads("/workbench/chats/" + chat)
	b.do("GET", "/workbench/chats/"+chat, nil).want(200).shows("Hi there", ">edited<")
	script := b.asScript()
	script.post(one, url.Values{"content": {"Hi you"}}).want(200).shows(`id="m-`+idOf(sent), "Hi you", "data-replaces", "!<!doctype")
	b.post(one+"/withdraw", nil).leads("/workbench/chats/" + chat)
	b.do("GET", "/workbench/chats/"+chat, nil).want(200).shows("Message withdrawn", "!Hi you")
}
