package web_test

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
	"parley/web"
	"parley/web/live"
)

// names returns a token that a host site signs for a user.
func names(t *testing.T, sub, name string) string {
	t.Helper()
	return signed(t, jwt.MapClaims{"sub": sub, "name": name, "exp": time.Now().Add(time.Hour).Unix()}, nil, nil)
}

// bears is a panel with a bearer token, in a browser that keeps no cookie for the frame.
func (h *testServer) bears() *panel {
	h.t.Helper()
	p := &panel{testServer: h}
	page := p.get("/widget?lang=en&site=Kestrel").want(200)
	if !strings.HasPrefix(page.Header.Get("Set-Cookie"), "parley_probe=") {
		h.t.Fatalf("the page asks with %q whether cookies come back", page.Header.Get("Set-Cookie"))
	}
	begun := p.program("/widget/session", nil).want(200)
	if begun.Header.Get("Set-Cookie") != "" || len(begun.str("token")) != 43 || begun.str("csrf") == "" {
		h.t.Fatalf("the session began with %q and %s", begun.Header.Get("Set-Cookie"), begun.Body)
	}
	p.bearer = begun.str("token")
	return p
}

// get requests a page like the scripts of the panel.
func (p *panel) get(path string) answer {
	p.t.Helper()
	header := http.Header{"Accept": {"text/html"}}
	if p.cookie != "" {
		header.Set("Cookie", p.cookie)
	}
	if p.bearer != "" {
		header.Set("Authorization", "Bearer "+p.bearer)
	}
	return p.send("GET", path, header, nil)
}

// takes continues with the session from a response.
func (p *panel) takes(a answer) {
	p.t.Helper()
	for _, line := range a.Header.Values("Set-Cookie") {
		if strings.HasPrefix(line, "parley_user=") {
			p.cookie = strings.Split(line, ";")[0]
		}
	}
	if a.Status == 200 {
		p.bearer = a.str("token")
	}
	if p.csrf = ""; p.bearer == "" {
		p.csrf = csrfOf(p.t, p.goes("/widget?lang=en").want(200).Body)
	}
}

func TestThePanelGoesOnWithoutCookies(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.online("anna")
	p := h.bears()
	p.program("/widget/assign", map[string]string{"message": "No cookie, no token of a form"}).want(200)
	page := p.get("/widget?lang=en").want(200)
	if !bytes.Contains(page.Body, []byte("No cookie, no token of a form")) || bytes.Contains(page.Body, []byte("data-stranger")) ||
		bytes.Contains(page.Body, []byte(p.bearer)) {
		t.Error("the page for the header is not the user's own, or tells the token")
	}
	// Each connection of the stream needs its own ticket.
	issued := func() string {
		return h.ask("POST", forUser+"/stream-ticket", p.bearer, nil).want(200).str("ticket")
	}
	one := issued()
	stream := h.listen("/widget/events?ticket="+one, "", "")
	stream.next("part")
	if again := h.listen("/widget/events?ticket="+one, "", ""); again.status != 401 {
		t.Errorf("the same ticket again: %d", again.status)
	}
	if never := h.listen("/widget/events", "", ""); never.status != 401 {
		t.Errorf("without a ticket: %d", never.status)
	}
	late := issued()
	p.program("/widget/logout", nil).want(205)
	stream.ended()
	if after := h.listen("/widget/events?ticket="+late, "", ""); after.status != 401 {
		t.Errorf("a ticket of the session that has ended: %d", after.status)
	}
	p.program("/widget/assign", map[string]string{"message": "Still me?"}).refused(401, "unauthorized")
	if page := p.get("/widget?lang=en").want(200); !bytes.Contains(page.Body, []byte("data-stranger")) {
		t.Error("the ended token opens a page")
	}
}

func TestASessionIsNeverGivenByTheBrowser(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	planted := strings.Repeat("A", 43)
	p := &panel{testServer: h, cookie: "parley_user=" + planted}
	begun := p.program("/widget/session", nil).want(200)
	if got := begun.Header.Get("Set-Cookie"); !strings.HasPrefix(got, "parley_user=") || strings.Contains(got, planted) {
		t.Errorf("a planted cookie was answered with %q", got)
	}
	h.ask("GET", forUser+"/chats", planted, nil).refused(401, "unauthorized")
	p.cookie = strings.Split(begun.Header.Get("Set-Cookie"), ";")[0]
	if again := p.program("/widget/session", nil).
		want(200); again.Header.Get("Set-Cookie") != "" ||
		again.str("csrf") != begun.str("csrf") {
		t.Errorf("a user with a session got another one: %q", again.Header.Get("Set-Cookie"))
	}
	// The browser kept the probe, but not this: then the scripts ask for the token itself.
	lost := &panel{testServer: h, cookie: "parley_probe=1"}
	if got := lost.program("/widget/session", map[string]string{"bearer": "1"}).
		want(200); got.str("token") == "" ||
		got.Header.Get("Set-Cookie") != "" {
		t.Errorf("asked for a token: %s", got.Body)
	}
}

func TestTheUsersCookieOverTLS(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.options = func(o *web.Options) { o.PublicURL = "https://chat.example.com" } })
	p := &panel{testServer: h}
	probe := p.get("/widget").want(200).Header.Get("Set-Cookie")
	p.cookie = strings.Split(probe, ";")[0]
	user := p.program("/widget/session", nil).want(200).Header.Get("Set-Cookie")
	p.cookie = strings.Split(user, ";")[0]
	named := p.program("/widget/identify", map[string]string{"token": names(t, "maria", "Maria")}).want(205).Header.Get("Set-Cookie")
	for cookie, name := range map[string]string{probe: "__Host-parley_probe=", user: "__Host-parley_user=", named: "__Host-parley_user="} {
		for _, part := range []string{"; Path=/", "; HttpOnly", "; Secure", "; SameSite=None", "; Partitioned"} {
			if !strings.HasPrefix(cookie, name) || !strings.Contains(cookie, part) || strings.Contains(cookie, "Domain") {
				t.Errorf("%q lacks %s", cookie, part)
			}
		}
	}
	if !strings.Contains(user, "Max-Age=7776000") || strings.Contains(named, "Max-Age") {
		t.Errorf("an anonymous session is kept as %q, a person's as %q", user, named)
	}
}

// TestIdentifyingInThePanel goes through both ways in which a session is kept.
func TestIdentifyingInThePanel(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testServer) *panel{"cookie": (*testServer).opensPanel, "header": (*testServer).bears} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startServer(t)
			_, agent := h.online("anna")
			agents := h.listen(forAgent+"/events", agent, "")
			p := open(h)
			p.program("/widget/assign", map[string]string{"message": "Nobody knows me yet"}).want(200)
			chat := agents.next("assigned").body["chat"].(map[string]any)["chat_id"].(string)
			var own *listener
			if p.bearer != "" {
				own = h.listen(forUser+"/events", p.bearer, "")
			} else {
				own = h.listen(forUser+"/events?ticket="+p.api("POST", "/stream-ticket").want(200).str("ticket"), "", "")
			}
			own.next("assigned")

			p.program("/widget/identify", map[string]string{"token": signed(t, jwt.MapClaims{"sub": "maria", "exp": time.Now().Add(time.Hour).Unix()}, jwt.SigningMethodHS256, []byte("not the shared key"))}).
				refused(401, "unauthorized")
			before := *p
			p.takes(p.program("/widget/identify", map[string]string{"token": names(t, "maria", "Maria Lopes")}))
			if *p == before {
				t.Fatal("the session was not rotated")
			}
			own.ended()
			before.program("/widget/chats/"+chat+"/messages", map[string]string{"content": "With the old session"}).
				refused(401, "unauthorized")
			page := p.get("/widget?lang=en").want(200)
			if !bytes.Contains(page.Body, []byte("Nobody knows me yet")) {
				t.Error("the panel does not show what was said before")
			}
			p.program("/widget/chats/"+chat+"/messages", map[string]string{"content": "It is me"}).want(201)
			rows := h.ask("GET", forAgent+"/chats", agent, nil).want(200).list()
			if len(rows) != 1 || rows[0]["user_name"] != "Maria Lopes" || rows[0]["user_is_verified"] != 1.0 ||
				rows[0]["user_id"] != "maria" {
				t.Errorf("the agent's list says %v", rows)
			}
			p.program("/widget/identify", map[string]string{"token": names(t, "maria", "Maria Lopes")}).want(204) // nothing new
			// The same user finds it all on another device; another user on this device finds nothing.
			elsewhere := open(h)
			elsewhere.takes(elsewhere.program("/widget/identify", map[string]string{"token": names(t, "maria", "")}))
			if page := elsewhere.get("/widget?lang=en").want(200); !bytes.Contains(page.Body, []byte("It is me")) {
				t.Error("on another device the chat is not there")
			}
			last := *p
			p.takes(p.program("/widget/identify", map[string]string{"token": names(t, "ben", "Ben")}))
			if page := p.get("/widget?lang=en").want(200); bytes.Contains(page.Body, []byte("It is me")) {
				t.Error("ben sees maria's chat")
			}
			last.program("/widget/chats/"+chat+"/messages", map[string]string{"content": "Once more"}).refused(401, "unauthorized")
			left := p.program("/widget/logout", nil).want(205)
			if !strings.Contains(left.Header.Get("Set-Cookie"), "parley_user=; Path=/; Max-Age=0") {
				t.Errorf("after signing out: %s", left.Header.Get("Set-Cookie"))
			}
			if page := p.get("/widget?lang=en").want(200); !bytes.Contains(page.Body, []byte("data-stranger")) {
				t.Error("the session is still valid")
			}
		})
	}
}

// api calls an endpoint of the contract with the credential of the panel.
func (p *panel) api(method, path string) answer {
	p.t.Helper()
	return p.send(method, forUser+path, http.Header{"Cookie": {p.cookie}, "X-Csrf-Token": {p.csrf}}, nil)
}

func TestWhereAnIdentityIsRequiredEveryAddressForUsersAsksForIt(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, _ := h.online("anna")
	_, early := h.guest()
	chat := h.asks(early, "Before it was required")
	ticket := h.ask("POST", forUser+"/stream-ticket", early, nil).want(200).str("ticket")
	streams := map[string]*listener{"api": h.listen(forUser+"/events", early, ""), "panel": h.listen("/widget/events", early, "")}
	cookie := h.opensPanel()
	if err := h.desk.ChangeSetting(t.Context(), admin, "REQUIRE_IDENTITY", "true"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for _, stream := range streams {
		stream.ended()
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the streams of anonymous users went on for %s", took)
	}
	asked := 0
	for _, line := range web.Lines() {
		if line.Who != "user" {
			continue
		}
		path := strings.NewReplacer("{chat_id}", chat, "{message_id}", "1").Replace(line.Path)
		h.send(line.Method, path, http.Header{"Accept": {"application/json"}}, nil).refused(401, "identity_required")
		h.send(line.Method, path, http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + early}}, nil).
			refused(403, "identity_required")
		asked++
	}
	if asked < 30 {
		t.Errorf("only %d addresses asked", asked)
	}
	h.ask("POST", "/api/user/session", "", nil).refused(403, "identity_required")
	if late := h.listen(forUser+"/events?ticket="+ticket, "", ""); late.status != 403 {
		t.Errorf("a ticket from before: %d", late.status)
	}
	(&panel{testServer: h}).program("/widget/session", nil).refused(403, "identity_required")
	for _, p := range []*panel{{testServer: h}, cookie, {testServer: h, bearer: early}} {
		page := p.get("/widget?lang=en").want(403).says("Sign in to start a chat")
		if !bytes.Contains(page.Body, []byte(`data-state="locked"`)) || bytes.Contains(page.Body, []byte("Before it was required")) {
			t.Error("the panel does not wait for an identity")
		}
	}
	plain := h.send(
		"POST",
		"/widget/assign",
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/html"}},
		[]byte("message=Hello"),
	)
	plain.want(401).says("Sign in on the site first")

	// A user who signs in keeps the previous conversation.
	p := &panel{testServer: h, bearer: early}
	p.takes(p.program("/widget/identify", map[string]string{"token": names(t, "maria", "Maria")}))
	p.get("/widget?lang=en").want(200).says("Before it was required")
	h.ask("GET", forUser+"/chats", names(t, "maria", ""), nil).want(200)
	if open, err := h.desk.OpenChats(t.Context(), models.AgentActor(anna)); err != nil || len(open) != 1 || open[0].UserID != "maria" {
		t.Errorf("the chat is now %v, %v", open, err)
	}
}

var wordsMeta = regexp.MustCompile(`<meta name="words"[^>]*>`)

// shown returns a page without the texts for its scripts.
func shown(a answer) string { return wordsMeta.ReplaceAllString(string(a.Body), "") }

func TestWhatIsSaidWithoutAProofIsMarked(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, anna := h.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 1 })
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, token := h.guest()
	_, waits := h.guest()
	chat := h.asks(token, "Hello")
	queued := h.asks(waits, "And me")
	stream := h.listen("/workbench/events", anna, "")
	stream.next("part")
	got := h.ask("POST", forUser+"/introduce", token, map[string]any{"name": "Administrator", "email": "boss@example.com"}).
		want(200).
		object()
	if got["user_name"] != "Administrator" || got["user_email"] != "boss@example.com" || got["user_is_verified"] != 0.0 {
		t.Errorf("introduced as %v", got)
	}
	if part := stream.next(
		"part",
	).Data; !strings.Contains(part, "Administrator") || !strings.Contains(part, "boss@example.com") ||
		strings.Count(part, "Unverified") < 3 {
		t.Errorf("list, head and person are drawn again as: %s", part)
	}
	h.ask("POST", forUser+"/introduce", waits, map[string]any{"name": "Queen"}).want(200)
	for path, as := range map[string]string{"/workbench/chats/" + chat: anna, "/supervisor/chats/" + chat: ruth, "/supervisor": ruth, "/supervisor/chats/" + queued: ruth} {
		if page := h.browse("GET", path, as, nil).want(200); !strings.Contains(shown(page), "Unverified") {
			t.Errorf("%s does not mark the name", path)
		}
	}
	rows := h.ask("GET", forAgent+"/chats", anna, nil).want(200).list()
	queue := h.ask("GET", "/api/supervisor/queue", ruth, nil).want(200).list()
	if rows[0]["user_name"] != "Administrator" || rows[0]["user_is_verified"] != 0.0 || queue[0]["user_name"] != "Queen" ||
		queue[0]["user_is_verified"] != 0.0 {
		t.Errorf("programs are told %v and %v", rows, queue)
	}
	h.browse("GET", "/supervisor/queue.csv", ruth, nil).want(200).says("is_verified", ",false")
	// A generated name is not marked as unverified, and a signed one is marked as verified.
	_, nameless := h.guest()
	h.asks(nameless, "Who am I?")
	h.asks(names(t, "maria", "Maria"), "It is me")
	page := h.browse("GET", "/supervisor", ruth, nil).want(200)
	if n := strings.Count(shown(page), "Unverified"); n != 1 {
		t.Errorf("of three who wait %d are marked", n)
	}
	h.ask("POST", forUser+"/introduce", names(t, "maria", ""), map[string]any{"name": "Administrator"}).refused(409, "identity_verified")
	h.ask("POST", forUser+"/introduce", token, map[string]any{"email": "not an address"}).refused(422, "validation_failed")
	p := h.opensPanel()
	p.program("/widget/introduce", map[string]string{"name": "Mia"}).want(200)
	for range 9 {
		p.program("/widget/introduce", map[string]string{"name": "Mia"}).want(200)
	}
	p.program("/widget/introduce", map[string]string{"name": "Mia"}).refused(429, "rate_limited")
}

// discardSink is a sink that drops everything.
type discardSink struct{}

func (discardSink) Send(live.Frame, string) error { return nil }
func (discardSink) Retry(time.Duration) error     { return nil }
func (discardSink) Heartbeat() error              { return nil }
func (discardSink) Flush() error                  { return nil }
func (discardSink) Disconnected() bool            { return false }

// reasons records why a stream ended.
type reasons struct{ why live.Reason }

func (r *reasons) Render(_ context.Context, item live.Item) ([]live.Frame, error) {
	if closing, ok := item.(live.Closing); ok {
		r.why = closing.Reason
	}
	return nil, nil
}

// TestAStreamWhoseSessionEndsWhileItOpensEndsAtOnce covers the time between the authentication and the first event from the hub.
func TestAStreamWhoseSessionEndsWhileItOpensEndsAtOnce(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	id, token := h.guest()
	if err := h.desk.SignOut(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	stream, err := h.hub.Open(t.Context(), live.Receiver{Actor: models.UserActor(id), Session: models.HashToken(token)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var said reasons
	if err := stream.Run(ctx, &said, discardSink{}); err != nil || said.why != live.SignedOut {
		t.Errorf("it ended as %q, %v", said.why, err)
	}
}
