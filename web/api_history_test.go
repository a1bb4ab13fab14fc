package web_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"parley/models"
)

// fillChat gives a chat that many messages by both sides, a minute apart, with the content "Line 1", "Line 2" and so on, all of them read.
func (h *testServer) fillChat(chatID string, messages int) {
	h.t.Helper()
	_, err := h.desk.DB().
		NewRaw(`INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at, status, delivered_at, read_at)
		SELECT c.id, c.last_seq + n, c.version + n, CASE WHEN n % 3 = 0 THEN 'customer_service' ELSE 'user' END::message_sender,
			CASE WHEN n % 3 = 0 THEN coalesce(c.agent_id, '') ELSE c.user_id END, 'text', 'Line ' || n || repeat(' and more', n % 7 * 3),
			now() - make_interval(mins => ?::int - n), 'read', now(), now()
		FROM chats c, generate_series(1, ?::int) n WHERE c.id = ? ORDER BY n`, messages, messages, chatID).
		Exec(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = h.desk.DB().
		NewRaw(`UPDATE messages SET created_at = now() - make_interval(mins => ?::int + 1) WHERE chat_id = ? AND content NOT LIKE 'Line %'`,
			messages, chatID).
		Exec(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = h.desk.DB().
		NewRaw(`UPDATE chats SET last_seq = last_seq + ?, version = version + ?, total_messages = total_messages + ? WHERE id = ?`,
			messages, messages, messages, chatID).
		Exec(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestProgramsReadAChatBackwards: before_id gives users, agents and supervisors the newest messages before one, oldest first.
func TestProgramsReadAChatBackwards(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, agent := h.online("anna")
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, bob := h.agent("bob", models.RoleAgent)
	_, user := h.guest()
	_, stranger := h.guest()
	chat := h.asks(user, "Hello")
	h.fillChat(chat, 500)
	h.ask("POST", forAgent+"/chats/"+chat+"/notes", agent, map[string]any{"content": "A note"}).want(201)
	for path, token := range map[string]string{forUser: user, forAgent: agent, forSupervisor: ruth} {
		path += "/chats/" + chat + "/messages"
		var forwards, backwards []float64
		notes := 0
		for after := "0"; ; {
			page := h.ask("GET", path+"?limit=200&after_id="+after, token, nil).want(200).list()
			if len(page) == 0 {
				break
			}
			for _, m := range page {
				forwards = append(forwards, m["id"].(float64))
				if m["message_type"] == "note" {
					notes++
				}
			}
			after = jsonNumber(page[len(page)-1]["id"])
		}
		for before := "9223372036854775807"; ; {
			page := h.ask("GET", path+"?limit=130&before_id="+before, token, nil).want(200).list()
			if len(page) == 0 {
				break
			}
			var ids []float64
			for _, m := range page {
				ids = append(ids, m["id"].(float64))
			}
			backwards = append(ids, backwards...)
			before = jsonNumber(page[0]["id"])
		}
		if len(forwards) < 500 || len(backwards) != len(forwards) {
			t.Fatalf("%s: %d messages forwards and %d backwards", path, len(forwards), len(backwards))
		}
		for i := range forwards {
			if forwards[i] != backwards[i] {
				t.Fatalf("%s: message %d is %v forwards and %v backwards", path, i, forwards[i], backwards[i])
			}
		}
		if want := map[bool]int{true: 0, false: 1}[token == user]; notes != want {
			t.Errorf("%s: %d notes, want %d", path, notes, want)
		}
		page := h.ask("GET", path+"?before_id="+strconv.FormatFloat(forwards[100], 'f', 0, 64), token, nil).want(200).list()
		if len(page) != 50 || page[49]["id"] != forwards[99] {
			t.Errorf("%s: without a limit %d messages came", path, len(page))
		}
		h.ask("GET", path+"?after_id=1&before_id=5", token, nil).refused(422, "validation_failed")
		h.ask("GET", path+"?before_id=0", token, nil).refused(422, "validation_failed")
		h.ask("GET", path+"?before_id=last", token, nil).refused(400, "malformed")
	}
	h.ask("GET", forUser+"/chats/"+chat+"/messages?before_id=9223372036854775807", stranger, nil).refused(404, "chat_not_found")
	h.ask("GET", forAgent+"/chats/"+chat+"/messages?before_id=9223372036854775807", bob, nil).refused(404, "chat_not_found")
	h.ask("GET", forSupervisor+"/chats/"+chat+"/messages?before_id=9223372036854775807", bob, nil).refused(403, "role_required")
	h.ask("GET", forSupervisor+"/chats/none/messages?before_id=5", ruth, nil).refused(404, "chat_not_found")
}

// TestPagesGetEarlierMessagesDrawn: a script gets the messages before one as a part, a bad id is refused in words, and a browser without scripts
// is led to the page of the chat.
func TestPagesGetEarlierMessagesDrawn(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, agent := h.online("anna")
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, user := h.guest()
	_, stranger := h.guest()
	chat := h.asks(user, "Hello")
	h.fillChat(chat, 450)
	var last int64
	if err := h.desk.DB().NewRaw(`SELECT max(id) FROM messages WHERE chat_id = ?`, chat).Scan(t.Context(), &last); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct{ base, cookie, page string }{
		{"/widget", "parley_user=" + user, "/widget"},
		{"/workbench", "parley_session=" + agent, "/workbench/chats/" + chat},
		{"/supervisor", "parley_session=" + ruth, "/supervisor/chats/" + chat},
	} {
		path := p.base + "/chats/" + chat + "/messages"
		asScript := http.Header{"Cookie": {p.cookie}, "HX-Request": {"true"}}
		part := string(h.send("GET", path+"?before_id="+strconv.FormatInt(last, 10), asScript, nil).want(200).Body)
		if n := strings.Count(part, ` data-id="`); n != 200 || !strings.Contains(part, `data-end="`+strconv.FormatInt(last, 10)+`"`) {
			t.Errorf("%s: %d messages are drawn", path, n)
		}
		if !strings.Contains(part, `hx-get="`+path+`?before_id=`) {
			t.Errorf("%s: no link leads to still earlier messages", path)
		}
		for query, want := range map[string]int{"before_id=x": 400, "before_id=0": 422, "before_id=-5": 422, "before_id=5&after_id=1": 422} {
			if got := h.send("GET", path+"?"+query, asScript, nil).want(want); !strings.Contains(string(got.Body), "before_id") {
				t.Errorf("%s?%s is refused with %q", path, query, got.Body)
			}
		}
		asPage := http.Header{"Cookie": {p.cookie}, "Accept": {"text/html"}}
		h.send("GET", path+"?before_id=5", asPage, nil).goesTo(p.page)
	}
	h.send("GET", "/widget/chats/"+chat+"/messages?before_id=5", http.Header{"Cookie": {"parley_user=" + stranger}, "HX-Request": {"true"}}, nil).
		want(404)
}
