package web_test

import (
	"strings"
	"testing"

	"parley/models"
)

// Programs save drafts, and the other streams of the agent, on every instance, receive them; the streams of others do not.
func TestProgramsShareDrafts(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	anna, annaToken := a.online("anna")
	_, userToken := a.guest()
	chat := a.asks(userToken, "Hello")
	_, bob := b.online("bob")
	_, boss := b.agent("carla", models.RoleSupervisor)
	path := forAgent + "/chats/" + chat + "/draft"
	mine := b.listen(forAgent+"/events", annaToken, "")
	mine.next("assigned")
	others := map[string]*listener{
		"bob": b.listen(forAgent+"/events", bob, ""), "a supervisor": b.listen("/api/supervisor/events", boss, ""),
		"the user": b.listen(forUser+"/events", userToken, ""),
	}

	saved := a.ask("POST", path, annaToken, map[string]any{"kind": "reply", "content": "Half", "version": 0}).want(200).object()
	if saved["content"] != "Half" || saved["is_mine"] != 1.0 || saved["service_id"] != anna.ID || saved["service_name"] != "anna" {
		t.Errorf("it was saved as %v", saved)
	}
	if got := mine.next("draft").body; got["content"] != "Half" || got["version"] != saved["version"] {
		t.Errorf("the other stream receives %v", got)
	}
	a.ask("POST", path, annaToken, map[string]any{"kind": "reply", "content": "Stale", "version": 0}).refused(409, "draft_outdated")
	a.ask("POST", path, annaToken, map[string]any{"kind": "letter", "content": "x"}).refused(422, "validation_failed")
	for _, token := range []string{bob, boss} {
		want := map[string]int{bob: 404, boss: 403}[token]
		a.ask("GET", path, token, nil).want(want)
		a.ask("POST", path, token, map[string]any{"kind": "reply", "content": "x"}).want(want)
		if got := a.ask("GET", forAgent+"/drafts", token, nil).want(200).list(); len(got) != 0 {
			t.Errorf("others read %v", got)
		}
	}
	if got := b.ask("GET", forAgent+"/drafts", annaToken, nil).want(200).list(); len(got) != 1 {
		t.Errorf("another instance lists %v", got)
	}

	a.ask("POST", path+"/discard", annaToken, map[string]any{"kind": "reply"}).want(204)
	if got := mine.next("draft").body; got["content"] != "" {
		t.Errorf("the end of the draft is received as %v", got)
	}
	if got := a.ask("GET", path, annaToken, nil).want(200).list(); len(got) != 0 {
		t.Errorf("after the end there is %v", got)
	}
	a.ask("POST", forAgent+"/chats/"+chat+"/end", annaToken, nil).want(200)
	a.ask("POST", path, annaToken, map[string]any{"kind": "reply", "content": "x"}).refused(409, "chat_ended")
	a.ask("POST", forAgent+"/away", bob, nil).want(200)
	for who, isLast := range map[string]func(event) bool{
		"bob": func(e event) bool { return e.Name == "presence" && e.body["presence"] == "away" },
		"a supervisor": func(e event) bool {
			return e.Name == "load_changed" && e.body["load"] == 0.0 && e.body["service_id"] == anna.ID
		},
		"the user": func(e event) bool { return e.Name == "ended" },
	} {
		for e := others[who].any(); !isLast(e); e = others[who].any() {
			if strings.HasPrefix(e.Name, "draft") {
				t.Errorf("%s received %v", who, e)
			}
		}
	}
}
