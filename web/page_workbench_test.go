package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/models"
)

// bench is the browser of an agent with the workbench open; asScript makes it send requests like the scripts of the page.
type bench struct {
	*forms
	csrf string
}

func (h *testServer) bench(name string) *bench {
	h.t.Helper()
	b := &bench{forms: &forms{testServer: h, cookies: map[string]string{}}}
	b.do("POST", "/login", url.Values{"email": {name + "@example.com"}, "password": {password}}).want(303)
	page := b.do("GET", "/workbench", nil).want(200)
	b.csrf = string(csrfMeta.FindSubmatch(page.Body)[1])
	return b
}

func (b *bench) asScript() *bench {
	return &bench{forms: &forms{testServer: b.testServer, cookies: b.cookies, header: http.Header{"Hx-Request": {"true"}}}, csrf: b.csrf}
}

func (b *bench) post(path string, form url.Values) answer {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("csrf_token", b.csrf)
	return b.do("POST", path, form)
}

// shows checks that a response contains each text or, with a "!" before the text, does not.
func (a answer) shows(texts ...string) answer {
	a.t.Helper()
	for _, text := range texts {
		if want := !strings.HasPrefix(text, "!"); strings.Contains(string(a.Body), strings.TrimPrefix(text, "!")) != want {
			a.t.Errorf("want %q in: %s", text, a.Body)
		}
	}
	return a
}

func (a answer) leads(to string) {
	a.t.Helper()
	if got := a.want(303).Header.Get("Location"); got != to {
		a.t.Errorf("leads to %q, want %q", got, to)
	}
}

func TestTheWorkbenchPageAndItsFragments(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.online("anna")
	_, token := h.guest()
	chat := h.asks(token, "Is <b>this</b> mine?")
	h.online("ben")
	b, stranger := h.bench("anna"), h.bench("ben")

	b.do("GET", "/workbench", nil).want(200).shows("<!doctype html>", `id="row-`+chat, "Is &lt;b&gt;this&lt;/b&gt; mine?", "!<b>this")
	b.do("GET", "/workbench/chats/"+chat, nil).want(200).shows("<!doctype html>", `id="thread"`, `id="write-`+chat)
	fragment := b.asScript()
	fragment.do("GET", "/workbench/chats/"+chat, nil).want(200).shows(`id="open"`, `id="thread"`, "!<!doctype", `!id="list"`)
	fragment.do("GET", "/workbench", nil).want(200).shows(`id="open"`, `id="nothing"`, "!<!doctype")
	fragment.do("GET", "/workbench/chats/"+chat+"?dialog=transfer", nil).want(200).shows(`id="transfer"`, "ben", `!id="thread"`)
	b.do("GET", "/workbench/chats/"+chat+"?dialog=transfer", nil).
		want(200).
		shows(`<dialog class="dialog" id="transfer" aria-labelledby="transfer-h" open`)
	b.do("GET", "/workbench/chats/"+chat+"?dialog=end", nil).want(200).shows(`<dialog class="dialog" id="end" aria-labelledby="end-h" open`)

	stranger.do("GET", "/workbench/chats/"+chat, nil).want(404)
	stranger.asScript().do("GET", "/workbench/chats/"+chat, nil).refused(404, "chat_not_found")
	stranger.asScript().post("/workbench/chats/"+chat+"/end", nil).refused(404, "chat_not_found")
	anonymous := &forms{testServer: h, cookies: map[string]string{}}
	if to := anonymous.do("GET", "/workbench/chats/"+chat, nil).want(303).Header.Get("Location"); !strings.HasPrefix(to, "/login?next=") {
		t.Errorf("sent to %q", to)
	}
}

func TestActionsOfTheWorkbenchAsPageFragmentAndJSON(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, agent := h.online("anna")
	h.agent("ruth", models.RoleSupervisor)
	b := h.bench("anna")
	script := b.asScript()

	b.post("/workbench/away", nil).leads("/workbench")
	script.post("/workbench/online", nil).want(200).shows(`id="me"`, `data-presence="online"`, `id="strip"`, `id="list"`, "!<!doctype")
	h.ask("POST", "/api/customer-service/away", agent, nil).want(200)
	h.ask("POST", "/api/customer-service/online", agent, nil).want(200)

	chats := make([]string, 3)
	for i := range chats {
		_, token := h.guest()
		chats[i] = h.asks(token, "Help")
	}
	b.post("/workbench/chats/"+chats[0]+"/messages", url.Values{"content": {"By form"}}).want(303)
	script.post("/workbench/chats/"+chats[0]+"/messages", url.Values{"content": {"By script"}, "client_message_id": {"one"}}).want(204)
	b.post("/workbench/chats/"+chats[0]+"/notes", url.Values{"content": {"For us"}}).want(303)
	script.post("/workbench/chats/"+chats[0]+"/messages", url.Values{"content": {""}}).refused(422, "validation_failed")
	b.do("GET", "/workbench/chats/"+chats[0], nil).want(200).shows("By form", "By script", "For us")

	b.post("/workbench/chats/"+chats[0]+"/end", url.Values{"comment": {"All well"}}).leads("/workbench/chats/" + chats[0])
	b.do("GET", "/workbench/chats/"+chats[0], nil).want(200).shows("You ended this chat.", "All well", `!id="composer"`)
	script.post("/workbench/chats/"+chats[1]+"/end", nil).
		want(200).
		shows(`id="write-`+chats[1], "You ended this chat.", `id="talk-h-`+chats[1], `id="list"`, "!<!doctype")
	script.post("/workbench/chats/"+chats[1]+"/end", nil).refused(409, "chat_ended")

	script.post("/workbench/chats/"+chats[2]+"/transfer", url.Values{"department": {"nowhere"}}).refused(422, "validation_failed")
	b.post("/workbench/away", nil).want(303)
	b.post("/workbench/chats/"+chats[2]+"/transfer", url.Values{"note": {"Knows us"}}).leads("/workbench")
	b.do("GET", "/workbench", nil).want(200).shows("!row-" + chats[2])

	// A supervisor may read the chat on the same page, which explains why it has no composer.
	watching := h.bench("ruth")
	watching.do("GET", "/workbench/chats/"+chats[0], nil).want(200).shows("anna ended this chat.")
	watching.do("GET", "/workbench/chats/"+chats[2], nil).want(200).shows("This chat is back in the queue.", "Knows us")
}

func TestTheStreamOfTheWorkbenchSendsParts(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, agent := h.online("anna")
	first := h.listen("/workbench/events", agent, "")
	if e := first.next("part"); !strings.Contains(e.Data, `id="me"`) || !strings.Contains(e.Data, `id="list"`) {
		t.Errorf("it begins with %s", e.Data)
	}
	_, token := h.guest()
	chat := h.asks(token, "Are you <i>there</i>?")
	if got := first.next("arrived").body; got["chat_id"] != chat || got["content"] != "Are you <i>there</i>?" {
		t.Errorf("arrived says %v", got)
	}
	if e := first.next("message"); !strings.Contains(e.Data, "Are you &lt;i&gt;there&lt;/i&gt;?") || e.ID == "" {
		t.Errorf("the message is %q %s", e.ID, e.Data)
	}
	cursor := first.lastID
	h.ask("POST", "/api/user/customer-service/chats/"+chat+"/typing", token, map[string]any{}).want(204)
	if got := first.next("typing").body; got["chat_id"] != chat || got["sender_type"] != "user" {
		t.Errorf("typing says %v", got)
	}
	h.ask("POST", "/api/user/customer-service/chats/"+chat+"/messages", token, map[string]any{"content": "Hello?"}).want(201)
	first.next("message")
	first.cancel()

	second := h.listen("/workbench/events", agent, cursor)
	for e := second.next("message"); !strings.Contains(e.Data, "Hello?"); {
		e = second.next("message")
	}
	h.ask("POST", "/api/user/customer-service/chats/"+chat+"/end", token, map[string]any{}).want(200)
	for e := second.next("part"); !strings.Contains(e.Data, "ended the chat."); {
		e = second.next("part")
	}
}
