package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
)

// maria returns a token of a user that the host site has signed, with attributes.
func maria(t *testing.T, attributes map[string]any) string {
	t.Helper()
	claims := jwt.MapClaims{
		"sub": "maria", "name": "Maria Lopes", "email": "maria@example.com", "exp": time.Now().Add(time.Hour).Unix(),
	}
	if attributes != nil {
		claims["attributes"] = attributes
	}
	return signed(t, claims, nil, nil)
}

// What one instance learns about a user, the agents who have or had chats with the user hear on the other one.
func TestProgramsShareWhatIsKnownAboutAUser(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, bob := b.online("bob")
	token := maria(t, map[string]any{"plan": "pro", "seats": 3, "trial": false})
	first := a.asks(token, "My parcel is late")
	a.ask("POST", forAgent+"/chats/"+first+"/end", bob, nil).want(200)
	a.ask("POST", forAgent+"/offline", bob, nil).want(200)
	anna, annaToken := a.online("anna")
	carla, outsider := a.online("carla")
	a.ask("POST", forAgent+"/away", outsider, nil).want(200)
	running := a.ask("POST", forUser+"/assign", token, map[string]any{
		"message": "It is broken", "page_url": a.url + "/start?secret=1", "page_title": "Start",
	}).want(200).object()["chat"].(map[string]any)["chat_id"].(string)
	path := forAgent + "/chats/" + running
	annaHears, bobHears := b.listen(forAgent+"/events", annaToken, ""), a.listen(forAgent+"/events", bob, "")
	annaHears.next("assigned")
	_, boss := a.agent("sofia", models.RoleSupervisor)
	bossHears := b.listen(forAgent+"/events", boss, "")
	bossHears.next("presence")

	listed := a.ask("GET", forAgent+"/chats", annaToken, nil).want(200).list()[0]
	if got := listed["user_attributes"].(map[string]any); got["plan"] != "pro" || got["seats"] != 3.0 || got["trial"] != false {
		t.Errorf("the attributes in the list are %v", got)
	}
	maria := maria(t, map[string]any{"plan": "team"})
	a.ask("GET", forUser+"/queue-status", maria, nil).want(200)
	if got := annaHears.next("user_changed").body; got["user_id"] != "maria" || got["chat_id"] != running {
		t.Errorf("the new attributes are announced as %v", got)
	}
	bobHears.next("user_changed")

	n := a.ask("POST", path+"/user/notes", annaToken, map[string]any{"content": "Prefers mornings"}).want(201).object()
	if n["service_id"] != anna.ID || n["version"] != 1.0 {
		t.Errorf("the note is %v", n)
	}
	for _, who := range []*listener{annaHears, bobHears, bossHears} {
		if got := who.next("user_changed").body; got["user_id"] != "maria" || got["chat_id"] != nil {
			t.Errorf("the note is announced as %v", got)
		}
	}
	note := "/user/notes/" + literal(n["note_id"])
	b.ask("POST", forAgent+"/chats/"+first+note, bob, map[string]any{"content": "Prefers evenings", "version": 1}).want(200)
	refused := a.ask("POST", path+note, annaToken, map[string]any{"content": "Prefers noon", "version": 1}).
		refused(409, "user_note_changed")
	if now, _ := refused.object()["current_note"].(map[string]any); now["content"] != "Prefers evenings" || now["editor_name"] != "bob" {
		t.Errorf("the refusal has %v", now)
	}
	tagged := b.ask("POST", path+"/user/tags", annaToken, map[string]any{"tag": "VIP"}).want(200).object()
	if got := tagged["tags"]; literal(got) != `["VIP"]` {
		t.Errorf("the tags are %v", got)
	}
	if got := a.ask("GET", forAgent+"/user-tags?q=vi", bob, nil).want(200); strings.TrimSpace(string(got.Body)) != `["VIP"]` {
		t.Errorf("the completion is %s", got.Body)
	}
	p := b.ask("GET", path+"/user", annaToken, nil).want(200).object()
	if literal(p["tags"]) != `["VIP"]` || len(p["notes"].([]any)) != 1 || literal(p["attributes"]) != `{"plan":"team"}` ||
		p["user_is_verified"] != 1.0 {
		t.Errorf("the profile is %v", p)
	}

	pages := a.ask("GET", path+"/pages", annaToken, nil).want(200).list()
	if len(pages) != 1 || pages[0]["url"] != a.url+"/start" {
		t.Errorf("the pages are %v", pages)
	}
	earlier := a.ask("GET", path+"/user/chats", annaToken, nil).want(200).list()
	if len(earlier) != 1 || earlier[0]["chat_id"] != first || earlier[0]["service_name"] != "bob" {
		t.Errorf("the earlier chats are %v", earlier)
	}
	if found := a.ask("GET", path+"/user/chats?q=PARCEL", annaToken, nil).want(200).list(); len(found) != 1 ||
		literal(found[0]["hits"].([]any)[0].(map[string]any)["match"]) != "parcel" {
		t.Errorf("the search finds %v", found)
	}
	messages := a.ask("GET", path+"/user/chats/"+first+"/messages", annaToken, nil).want(200).list()
	if !slices.ContainsFunc(messages, func(m map[string]any) bool { return m["content"] == "My parcel is late" }) {
		t.Errorf("the earlier chat has %v", messages)
	}
	for _, of := range []string{"/user", "/pages", "/user/chats", "/user/chats/" + first + "/messages"} {
		a.ask("GET", path+of, outsider, nil).refused(404, "chat_not_found")
	}
	a.ask("GET", forAgent+"/chats/"+first+"/messages", annaToken, nil).want(200) // bob's, of the user that anna serves

	a.ask("POST", forAgent+"/online", outsider, nil).want(200)
	a.ask("POST", path+"/offer", annaToken, map[string]any{"service_id": carla.ID, "wants": "A new parcel"}).want(201)
	_, alex := a.agent("alex", models.RoleAdmin)
	stored := a.ask("GET", "/api/admin/users/one?id=maria", alex, nil).want(200).object()
	for _, of := range []string{"total_user_notes", "total_tags", "total_attributes", "total_pages"} {
		if stored[of] != 1.0 {
			t.Errorf("%s is %v", of, stored[of])
		}
	}
	export := a.ask("POST", "/api/admin/users/export", alex, map[string]any{"id": "maria"}).want(200).object()
	if user := export["user"].(map[string]any); literal(user["tags"]) != `["VIP"]` || literal(user["attributes"]) != `{"plan":"team"}` ||
		len(user["notes"].([]any)) != 1 {
		t.Errorf("of the user are exported %v", user)
	}
	chat := export["chats"].([]any)[1].(map[string]any)
	if chat["id"] != running || len(chat["pages"].([]any)) != 1 ||
		chat["transfer_offers"].([]any)[0].(map[string]any)["wants"] != "A new parcel" {
		t.Errorf("of the chat are exported %v", chat)
	}
	if err := a.desk.ChangeSetting(t.Context(), admin, "SHARE_HISTORY", "false"); err != nil {
		t.Fatal(err)
	}
	a.ask("GET", forAgent+"/chats/"+first+"/messages", annaToken, nil).refused(404, "chat_not_found")
}
