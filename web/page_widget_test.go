package web_test

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"parley/models"
)

// panel is a user with the widget open: the cookie and the CSRF token of the page, or the token for the header.
type panel struct {
	*testServer
	cookie, csrf, bearer string
}

var csrfInPage = regexp.MustCompile(`<meta name="csrf-token" content="([^"]+)"`)

func (h *testServer) opensPanel() *panel {
	h.t.Helper()
	p := &panel{testServer: h}
	page := p.goes("/widget?lang=en&site=Kestrel").want(200)
	p.cookie = strings.Split(page.Header.Get("Set-Cookie"), ";")[0] // the probe
	begun := p.program("/widget/session", nil).want(200)
	p.cookie = strings.Split(begun.Header.Get("Set-Cookie"), ";")[0]
	if p.csrf = begun.str("csrf"); begun.str("token") != "" || !strings.HasPrefix(p.cookie, "parley_user=") {
		h.t.Fatalf("the session began with %s and %s", p.cookie, begun.Body)
	}
	return p
}

// program posts like the scripts of the panel that request JSON.
func (p *panel) program(path string, fields map[string]string) answer {
	p.t.Helper()
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}, "X-Csrf-Token": {p.csrf}}
	if p.cookie != "" {
		header.Set("Cookie", p.cookie)
	}
	if p.bearer != "" {
		header.Set("Authorization", "Bearer "+p.bearer)
	}
	return p.send("POST", path, header, []byte(form.Encode()))
}

func csrfOf(t *testing.T, page []byte) string {
	t.Helper()
	found := csrfInPage.FindSubmatch(page)
	if found == nil {
		t.Fatal("the page has no CSRF token")
	}
	return string(found[1])
}

func (p *panel) goes(path string) answer {
	p.t.Helper()
	return p.send("GET", path, http.Header{"Cookie": {p.cookie}}, nil)
}

// posts sends a form of the panel's page: as a script of it does, or plainly.
func (p *panel) posts(path string, byScript bool, fields map[string]string) answer {
	p.t.Helper()
	form := url.Values{"csrf_token": {p.csrf}}
	for name, value := range fields {
		form.Set(name, value)
	}
	header := http.Header{
		"Cookie": {p.cookie}, "Content-Type": {"application/x-www-form-urlencoded"},
		"Referer": {p.url + "/widget?lang=en&site=Kestrel"},
	}
	if byScript {
		header.Set("HX-Request", "true")
	}
	return p.send("POST", path, header, []byte(form.Encode()))
}

// back checks that a plain form leads back to the page it was on.
func (a answer) back() {
	a.t.Helper()
	if a.want(http.StatusSeeOther); a.Header.Get("Location") != "/widget?lang=en&site=Kestrel" {
		a.t.Errorf("a plain form leads to %q", a.Header.Get("Location"))
	}
}

// parts checks that a script gets the parts of the panel in a state.
func (a answer) parts(state string) {
	a.t.Helper()
	a.want(200)
	for _, part := range []string{`id="w-head"`, `id="w-place"`, `id="w-sheet"`, `data-state="` + state + `"`, "site=Kestrel"} {
		if part == "site=Kestrel" && state != "ended" {
			continue // only then there is a way back to the page
		}
		if !bytes.Contains(a.Body, []byte(part)) {
			a.t.Errorf("the parts lack %s", part)
		}
	}
	if bytes.Contains(a.Body, []byte("<html")) {
		a.t.Error("a script got a whole page")
	}
}

func TestEachActionOfThePanelAnswersPageFragmentAndJSON(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	forms := map[string]func(*panel, string, map[string]string) answer{
		"page":     func(p *panel, path string, f map[string]string) answer { return p.posts(path, false, f) },
		"fragment": func(p *panel, path string, f map[string]string) answer { return p.posts(path, true, f) },
	}
	check := func(kind string, a answer, state string) {
		t.Helper()
		if kind == "page" {
			a.back()
			return
		}
		a.parts(state)
	}
	for kind, post := range forms {
		p := h.opensPanel()
		check(kind, post(p, "/widget/assign", map[string]string{"message": "Where is my card?"}), "waiting")
		chat := h.chatShown(p)
		if kind == "page" {
			post(p, "/widget/chats/"+chat+"/messages", map[string]string{"content": "One more thing"}).back()
		} else {
			post(p, "/widget/chats/"+chat+"/messages", map[string]string{"content": "One more thing"}).want(204)
		}
		page := string(p.goes("/widget?lang=en&site=Kestrel").want(200).Body)
		for _, said := range []string{"Where is my card?", "One more thing", "Your question is saved"} {
			if !strings.Contains(page, said) {
				t.Errorf("%s: the page lacks %q", kind, said)
			}
		}
		check(kind, post(p, "/widget/queue/cancel", nil), "ended")
		if page := string(p.goes("/widget?lang=en").Body); !strings.Contains(page, "You left the queue.") {
			t.Errorf("%s: the page does not say that the queue was left", kind)
		}
	}

	_, agent := h.online("anna")
	for kind, post := range forms {
		p := h.opensPanel()
		check(kind, post(p, "/widget/assign", map[string]string{"message": "And now?"}), "active")
		chat := h.chatShown(p)
		check(kind, post(p, "/widget/chats/"+chat+"/still-here", nil), "active")
		check(kind, post(p, "/widget/chats/"+chat+"/end", nil), "ended")
		check(kind, post(p, "/widget/chats/"+chat+"/rate", map[string]string{"rating": "4.5", "comment": "Quick"}), "ended")
		page := string(p.goes("/widget?lang=en").Body)
		if !strings.Contains(page, "You rated this chat 4.5 of 5.") || strings.Contains(page, `name="rating"`) {
			t.Errorf("%s: the page does not show the rating that was given", kind)
		}
		if page := string(p.goes("/widget?lang=en&after=" + chat).Body); !strings.Contains(page, "What can we help you with?") {
			t.Errorf("%s: there is no way to begin again", kind)
		}
	}
	// The same actions for programs are tried in the tests of the endpoints; here only that they are the same chats.
	if chats := h.ask("GET", "/api/customer-service/chats?status=ended", agent, nil).
		want(200).
		list(); len(chats) != 2 ||
		chats[0]["user_rating"] != 4.5 {
		t.Errorf("the agent's chats: %v", chats)
	}
}

// chatShown is the id of the chat in the panel's page.
func (h *testServer) chatShown(p *panel) string {
	h.t.Helper()
	found := regexp.MustCompile(`id="w-now"[^>]* data-chat="([^"]+)"`).FindSubmatch(p.goes("/widget?lang=en").want(200).Body)
	if found == nil {
		h.t.Fatal("the page shows no chat")
	}
	return string(found[1])
}

func TestThePanelRefusesForeignFormsAndSpeaksItsLanguage(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	p := h.opensPanel()
	own := p.csrf
	p.csrf = h.opensPanel().csrf
	if got := p.posts("/widget/assign", true, map[string]string{"message": "Forged"}); got.Status != 403 {
		t.Errorf("with another's token: %d", got.Status)
	}
	p.csrf = own
	form := url.Values{"csrf_token": {p.csrf}, "message": {"您好"}}
	header := http.Header{
		"Cookie": {p.cookie}, "Content-Type": {"application/x-www-form-urlencoded"}, "HX-Request": {"true"},
		"Referer": {p.url + "/widget?lang=zh-CN&site=Kestrel"}, "Accept-Language": {"en"},
	}
	if got := p.send("POST", "/widget/assign", header, []byte(form.Encode())).want(200); !bytes.Contains(got.Body, []byte("您的问题已保留")) {
		t.Errorf("a panel in Chinese was answered %s", got.Body)
	}
}

func TestThePanelTalksOnlyToSitesThatMayEmbedIt(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) {
		s.settings = func(now *models.Settings) { now.AllowedOrigins = []string{"https://kestrel.example"} }
	})
	for origin, talks := range map[string]bool{"https://kestrel.example": true, "https://evil.example": false, h.url: true, "*": false} {
		page := h.ask("GET", "/widget?origin="+url.QueryEscape(origin), "", nil).want(200)
		if got := bytes.Contains(page.Body, []byte(`data-origin="`+origin+`"`)); got != talks {
			t.Errorf("it talks to %s: %v", origin, got)
		}
		policy := page.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'self' https://kestrel.example") || page.Header.Get("X-Frame-Options") != "" {
			t.Errorf("it may lie in frames of: %s, %s", policy, page.Header.Get("X-Frame-Options"))
		}
	}
	loader := h.ask("GET", "/widget.js", "", nil).want(200)
	if loader.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || loader.Header.Get("Set-Cookie") != "" {
		t.Errorf("the loader comes with %v", loader.Header)
	}
}

func TestTheGreetingSaysWhetherAnybodyIsThere(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, _ := h.online("anna")
	_, token := h.guest()
	stream := h.listen("/widget/events", token, "")
	greeted := func(state, words string) {
		t.Helper()
		if got := stream.next("part").Data; !strings.Contains(got, `data-state="`+state+`"`) || !strings.Contains(got, words) {
			t.Errorf("the panel should say %q: %s", words, got)
		}
	}
	greeted("greeting", "What can we help you with?")
	for _, now := range []struct {
		choice       models.Presence
		state, words string
	}{{models.Offline, "offline", "No one is available right now"}, {models.Online, "greeting", "What can we help you with?"}} {
		if _, err := h.desk.SetPresence(t.Context(), models.AgentActor(anna), now.choice); err != nil {
			t.Fatal(err)
		}
		greeted(now.state, now.words)
	}
}
