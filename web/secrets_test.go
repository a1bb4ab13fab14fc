package web_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
)

// journal records everything written to it, from any goroutine.
type journal struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.said.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.said.String()
}

// eavesdropper records every response except streams.
type eavesdropper struct {
	mu    sync.Mutex
	heard []overheard
}

type overheard struct {
	method, path string
	status       int
	header       http.Header
	body         string
}

func (e *eavesdropper) RoundTrip(r *http.Request) (*http.Response, error) {
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || strings.HasPrefix(got.Header.Get("Content-Type"), "text/event-stream") {
		return got, err
	}
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return nil, err
	}
	_ = got.Body.Close()
	got.Body = io.NopCloser(bytes.NewReader(body))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, overheard{r.Method, r.URL.Path, got.StatusCode, got.Header, string(body)})
	return got, nil
}

var linked = regexp.MustCompile(`(?:href|src|action|live-connect|content|hx-post|hx-get)="([^"]*)"`)

// TestSecretsStayOut uses every feature with a secret, successfully and not, and then searches for the secrets where they must not be: in
// the log at debug level, in addresses, in error responses, in pages, in metrics and in the audit log.
func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	said, ear := &journal{}, &eavesdropper{}
	h := startServer(t, func(s *setup) {
		s.log = slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s.settings = func(m *models.Settings) { m.MaskCards = true }
	})
	h.client.Transport = ear
	secrets := map[string]string{} // by kind
	keep := func(what, secret string) string {
		if secret == "" {
			t.Fatalf("there is no %s", what)
		}
		secrets[what] = secret
		return secret
	}
	keep("password", password)
	keep("e-mail of an agent", "anna-private@example.com")
	keep("e-mail of a user", "maria-private@example.org")
	keep("claimed e-mail", "maria-claims@example.net")
	keep("key of the sites", secret)
	for _, what := range []string{"question", "answer", "note", "transfer note", "end comment", "rating comment", "wrong password", "new password", "unknown account", "broken body", "wrong type", "path", "query", "header"} {
		keep(what, "Zx9-"+strings.ReplaceAll(what, " ", "-")+"-secret")
	}
	card := keep("card number", "4111111111111111")

	// Agents
	anna, annaToken := h.online("anna", func(n *models.NewAgent) { n.Email = secrets["e-mail of an agent"] })
	keep("agent's session", annaToken)
	_, alex := h.agent("alex", models.RoleAdmin)
	keep("admin's session", alex)
	login := func(email, password string) answer {
		return h.ask("POST", forAgent+"/login", "", map[string]any{"email": email, "password": password})
	}
	login(secrets["e-mail of an agent"], secrets["wrong password"]).want(401)
	login(secrets["unknown account"], secrets["wrong password"]).want(401)
	login(secrets["unknown account"], "").want(422)
	keep("second session", login(secrets["e-mail of an agent"], password).want(200).str("token"))
	b := &forms{testServer: h, cookies: map[string]string{}}
	b.do("POST", "/login", url.Values{"email": {"alex@example.com"}, "password": {secrets["wrong password"]}, "next": {"/admin"}}).want(401)
	b.do("POST", "/login", url.Values{"email": {"alex@example.com"}, "password": {password}, "next": {"/admin"}}).want(303)
	keep("cookie", b.cookies["parley_session"])

	// Users
	guestID, guest := h.guest()
	keep("user's session", guest)
	maria := keep("signed token", signed(t, jwt.MapClaims{
		"sub": "maria", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Add(-time.Minute).Unix(),
		"name": "Maria", "email": secrets["e-mail of a user"],
	}, nil, nil))
	forged := keep(
		"forged token",
		signed(t, jwt.MapClaims{"sub": "maria", "exp": time.Now().Add(time.Hour).Unix()}, jwt.SigningMethodHS256, []byte("another key")),
	)
	widget := h.opensPanel()
	keep("user's cookie", strings.TrimPrefix(widget.cookie, "parley_user="))
	widget.program("/widget/introduce", map[string]string{"name": "Maria", "email": secrets["claimed e-mail"]}).want(200)
	widget.program("/widget/introduce", map[string]string{"email": secrets["query"]}).want(422)
	widget.program("/widget/identify", map[string]string{"token": forged}).want(401)
	widget.takes(widget.program("/widget/identify", map[string]string{"token": maria}).want(205))
	keep("identified cookie", strings.TrimPrefix(widget.cookie, "parley_user="))
	widget.get("/widget?lang=en").want(200)
	bearer := h.send("POST", "/widget/session", http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}, []byte(`{"bearer":"1"}`)).
		want(200)
	keep("session without a cookie", bearer.str("token"))

	// A whole chat
	chat := h.asks(maria, secrets["question"]+" "+card)
	mine := forUser + "/chats/" + chat
	theirs := forAgent + "/chats/" + chat
	h.ask("POST", mine+"/messages", maria, map[string]any{"content": secrets["question"], "client_message_id": "k"}).want(201)
	h.ask("POST", mine+"/messages", maria, map[string]any{"content": secrets["answer"], "client_message_id": "k"}).want(422)
	h.ask("POST", theirs+"/messages", annaToken, map[string]any{"content": secrets["answer"] + " " + card}).want(201)
	h.ask("POST", theirs+"/notes", annaToken, map[string]any{"content": secrets["note"]}).want(201)
	for _, side := range []string{forUser, forAgent} {
		token := maria
		if side == forAgent {
			token = annaToken
		}
		ticket := keep("used ticket of "+side, h.ask("POST", side+"/stream-ticket", token, nil).want(200).str("ticket"))
		keep("unused ticket of "+side, h.ask("POST", side+"/stream-ticket", token, nil).want(200).str("ticket"))
		h.listen(side+"/events?ticket="+ticket, "", "").next("assigned")
		if l := h.listen(side+"/events?ticket="+ticket, "", ""); l.status != 401 {
			t.Errorf("a ticket is good twice: %d", l.status)
		}
	}
	h.ask("POST", theirs+"/transfer", annaToken, map[string]any{"note": secrets["transfer note"]}).want(200)
	h.until("the chat to come back", func() bool {
		c, err := h.desk.Chat(t.Context(), admin, chat)
		return err == nil && c.Status == models.Active
	})
	h.ask("POST", theirs+"/end", annaToken, map[string]any{"comment": secrets["end comment"]}).want(200)
	h.ask("POST", mine+"/rate", maria, map[string]any{"rating": 5, "comment": secrets["rating comment"]}).want(200)
	h.ask("POST", mine+"/messages", maria, map[string]any{"content": secrets["answer"]}).want(409)

	// What goes wrong
	h.ask("POST", forUser+"/assign", guest, `{"message": "`+secrets["broken body"]+`"`).want(400)
	h.ask("POST", forUser+"/assign", guest, `{"message": ["`+secrets["wrong type"]+`"]}`).want(400)
	h.ask("POST", forUser+"/assign", guest, `{"message": "`+secrets["broken body"]+`\u0000"}`).want(422)
	h.ask("POST", forUser+"/assign", guest, map[string]any{"department": secrets["wrong type"]}).want(422)
	h.ask("GET", "/api/"+secrets["path"], guest, nil).want(404)
	h.ask("GET", forUser+"/chats/"+secrets["path"]+"/messages?after_id="+secrets["query"], guest, nil).want(400)
	h.ask("GET", forUser+"/chats?token="+guest+"&ticket="+secrets["query"], "", nil).want(401)
	for _, token := range []string{secrets["header"], forged, annaToken + "x", maria + "x"} {
		h.ask("GET", forUser+"/chats", token, nil).want(401)
	}
	h.send("GET", forUser+"/chats", http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(secrets["header"]))}}, nil).
		want(401)

	// Administration
	h.browse("GET", "/supervisor/chats/"+chat, alex, nil).want(200)
	h.browse("POST", "/admin/people/"+anna.ID+"/password", alex, url.Values{"password": {secrets["new password"]}}).want(303)
	h.browse("POST", "/admin/people", alex, url.Values{"name": {"x"}, "email": {"alex@example.com"}, "password": {secrets["new password"]}, "role": {"agent"}, "max_concurrent": {"5"}}).
		want(422)
	h.browse("POST", "/admin/users", alex, url.Values{"q": {secrets["e-mail of a user"]}}).want(200)
	h.browse("POST", "/admin/users/export", alex, url.Values{"id": {"maria"}}).want(200)
	h.browse("POST", "/admin/users/erase", alex, url.Values{"id": {"maria"}, "confirm": {"maria"}}).want(303)
	h.browse("POST", "/admin/users/erase", alex, url.Values{"id": {guestID}, "confirm": {guestID}}).want(303)
	figures := string(h.ask("GET", "/metrics", "", nil).want(200).Body)
	log, err := json.Marshal(
		h.send("GET", "/admin/audit?limit=200", http.Header{"Cookie": {"parley_session=" + alex}, "Accept": {"application/json"}}, nil).
			want(200).
			object(),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.desk.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}

	logged := said.String()
	if n := strings.Count(
		logged,
		"msg=request",
	); n < 50 || !strings.Contains(logged, "msg=message") ||
		!strings.Contains(logged, "msg=chat") {
		t.Fatalf("the log has %d requests, or says nothing of chats; it proves nothing", n)
	}
	for what, secret := range secrets {
		for _, written := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
			for where, text := range map[string]string{"the log": logged, "the figures": figures, "the audit log": string(log)} {
				if at := strings.Index(text, written); at >= 0 {
					t.Errorf("%s has the %s: …%s…", where, what, text[max(0, at-200):min(len(text), at+len(written)+20)])
				}
			}
		}
	}
	for _, o := range ear.heard {
		at := o.method + " " + o.path
		typed := o.path == "/login" || o.path == "/admin/people" ||
			o.path == "/admin/users" // a form is returned with its values, except passwords
		for what, secret := range secrets {
			if strings.Contains(o.header.Get("Location"), secret) {
				t.Errorf("%s leads to an address with the %s", at, what)
			}
			if o.status >= 400 && strings.Contains(o.body, secret) && (!typed || strings.Contains(what, "password")) {
				t.Errorf("%s answers %d and repeats the %s", at, o.status, what)
			}
			page := strings.HasPrefix(o.header.Get("Content-Type"), "text/html")
			if page && strings.Contains(o.body, secret) &&
				(strings.Contains(what, "session") || strings.Contains(what, "cookie") || strings.Contains(what, "token") || strings.Contains(what, "ticket") || strings.Contains(what, "password") || strings.Contains(what, "key")) {
				t.Errorf("the page of %s has the %s", at, what)
			}
			if !page {
				continue
			}
			for _, m := range linked.FindAllStringSubmatch(o.body, -1) {
				if strings.Contains(m[1], secret) {
					t.Errorf("the page of %s leads to %q, with the %s", at, m[1], what)
				}
			}
		}
	}
	if len(ear.heard) < 50 {
		t.Errorf("only %d answers were looked at", len(ear.heard))
	}
}
