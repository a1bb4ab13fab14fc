package web_test

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"parley/models"
	"parley/web"
	"parley/web/kit"
)

// closed is the policy of responses that are not pages.
const closed = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// pagePolicy is the policy of a page without its nonce and its frame rules. Anything else is not allowed.
var pagePolicy = map[string]string{
	"default-src":               "'none'",
	"img-src":                   "'self' data: blob:",
	"connect-src":               "'self'",
	"worker-src":                "'self'",
	"form-action":               "'self'",
	"object-src":                "'none'",
	"base-uri":                  "'none'",
	"require-trusted-types-for": "'script'",
	"trusted-types":             "default",
}

func directives(policy string) map[string]string {
	found := map[string]string{}
	for part := range strings.SplitSeq(policy, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), " ")
		found[name] = value
	}
	return found
}

// judged checks one response: a page only runs scripts with its nonce, and only the widget may be in a frame. It returns the nonce.
func judged(t *testing.T, what string, a answer, framers string) string {
	t.Helper()
	if kind, _, _ := strings.Cut(
		a.Header.Get("Content-Type"),
		";",
	); a.Status == http.StatusOK &&
		(kind == "text/javascript" || kind == "text/css") {
		return "" // not a page
	}
	policies := a.Header.Values("Content-Security-Policy")
	if len(policies) != 1 {
		t.Errorf("%s: the policies are %q", what, policies)
		return ""
	}
	wantXFO := "DENY"
	if framers != "'none'" {
		wantXFO = ""
	}
	if got := strings.Join(a.Header.Values("X-Frame-Options"), ","); got != wantXFO {
		t.Errorf("%s: X-Frame-Options is %q, want %q", what, got, wantXFO)
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		if policies[0] != closed {
			t.Errorf("%s: the policy is %q", what, policies[0])
		}
		return ""
	}
	got := directives(policies[0])
	nonce := strings.TrimSuffix(strings.TrimPrefix(got["script-src"], "'nonce-"), "'")
	if !regexp.MustCompile(`^[A-Za-z0-9+/_=-]{22,}$`).MatchString(nonce) {
		t.Errorf("%s: the nonce is %q", what, nonce)
	}
	want := maps.Clone(pagePolicy)
	want["script-src"], want["style-src"], want["frame-ancestors"] = "'nonce-"+nonce+"'", "'nonce-"+nonce+"'", framers
	if strings.HasPrefix(what, "GET /demo") && a.Status == http.StatusOK {
		want["frame-src"] = a.host
	} else {
		want["frame-src"] = "'none'"
	}
	if framers == "'none'" { // pages that can be installed
		want["manifest-src"] = "'self'"
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s: the policy is %v, want %v", what, got, want)
	}
	harmless(t, what, a.Body, nonce)
	return nonce
}

// harmless checks that a page or a fragment has no inline script, style or handler, and that each fetched one is expected.
func harmless(t *testing.T, what string, body []byte, nonce string) {
	t.Helper()
	whole := bytes.Contains(body, []byte("<html"))
	tokens := html.NewTokenizer(bytes.NewReader(body))
	scripts := 0
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		token := tokens.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		attributes := map[string]string{}
		for _, a := range token.Attr {
			attributes[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") || a.Key == "style" ||
				strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:") {
				t.Errorf("%s: <%s> has %s=%q", what, token.Data, a.Key, a.Val)
			}
		}
		switch {
		case token.Data == "script" || token.Data == "style" || token.Data == "link" && attributes["rel"] == "stylesheet":
			scripts++
			if attributes["nonce"] != nonce || !whole {
				t.Errorf("%s: <%s> has the nonce %q", what, token.Data, attributes["nonce"])
			}
			if token.Data == "script" && attributes["src"] == "" {
				t.Errorf("%s: there is a script in the page", what)
			}
		case attributes["nonce"] != "":
			t.Errorf("%s: <%s> has a nonce", what, token.Data)
		case slices.Contains([]string{"base", "object", "embed", "applet"}, token.Data):
			t.Errorf("%s: there is a <%s>", what, token.Data)
		}
	}
	if whole && scripts < 2 {
		t.Errorf("%s: only %d scripts and sheets", what, scripts)
	}
}

// TestEveryAnswerHasItsPolicy calls every route without a session, as a user, and as an agent of each role.
func TestEveryAnswerHasItsPolicy(t *testing.T) {
	t.Parallel()
	const site = "https://shop.example"
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.AllowedOrigins = []string{site} } })
	anna, agentToken := h.online("anna")
	_, supervisorToken := h.agent("ruth", models.RoleSupervisor)
	_, adminToken := h.agent("alex", models.RoleAdmin)
	userID, userToken := h.guest()
	chat := h.asks(userToken, "Where is my parcel?")
	known := map[string]string{
		"chat_id":    chat,
		"agent_id":   anna.ID,
		"service_id": anna.ID,
		"key":        "IDLE_WARNING",
		"slug":       "cards",
		"message_id": "1",
		"user_id":    userID,
	}
	cookies := map[string]string{
		"nobody": "", "a user": "parley_user=" + userToken, "an agent": "parley_session=" + agentToken,
		"a supervisor": "parley_session=" + supervisorToken, "an administrator": "parley_session=" + adminToken,
	}
	param := regexp.MustCompile(`\{(\w+)\}`)
	nonces := map[string]string{}
	pages := 0
	for _, line := range web.MostLines() {
		if strings.HasSuffix(line.Path, "/events") {
			continue // open without end; tried below
		}
		path := param.ReplaceAllStringFunc(line.Path, func(name string) string {
			if value := known[strings.Trim(name, "{}")]; value != "" {
				return value
			}
			return "1"
		})
		path = strings.ReplaceAll(path, "*", "app.css")
		if line.Method == http.MethodPost &&
			(strings.HasSuffix(path, "/logout") || strings.HasSuffix(path, "/disable") || strings.HasSuffix(path, "/end")) {
			continue // they would end what the others need; their refusals are like all
		}
		for who, cookie := range cookies {
			for _, accept := range []string{"text/html", "application/json"} {
				what := line.Method + " " + path + " as " + who
				got := h.send(line.Method, path, http.Header{"Cookie": {cookie}, "Accept": {accept}}, nil)
				if strings.HasSuffix(path, "/transcript.html") && got.Status == 200 { // a file to be stored, not a page of ours
					if p := got.Header.Get("Content-Security-Policy"); p != kit.ClosedPolicy+"; sandbox" ||
						!strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment;") {
						t.Errorf("%s: the policy is %q", what, p)
					}
					continue
				}
				framers := "'none'"
				if line.Method == http.MethodGet && path == "/widget" && got.Status == 200 {
					framers = "'self' " + site
				}
				nonce := judged(t, what, got, framers)
				if other, seen := nonces[nonce]; seen && nonce != "" {
					t.Errorf("%s and %s have the same nonce", what, other)
				}
				if nonce != "" {
					nonces[nonce] = what
					pages++
				}
			}
		}
	}
	if pages < 150 {
		t.Errorf("only %d pages were seen", pages)
	}
	for _, path := range []string{"/nothing", "/widget/nothing", "/widget/../login", "/widget//", "/widget/chats/" + chat, "/widget/identify", "/widget.js/x", "/static/no.css", "/static/", "/demo/none", "/api/none"} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			got := h.send(method, path, http.Header{"Accept": {"text/html"}}, nil)
			if got.Status < 300 {
				t.Errorf("%s %s answered %d", method, path, got.Status)
			}
			judged(t, method+" "+path, got, "'none'")
		}
	}
	for path, token := range map[string]string{"/widget/events": userToken, "/workbench/events": agentToken, "/supervisor/events": supervisorToken, "/api/user/customer-service/events": userToken} {
		stream := h.listen(path, token, "")
		judged(t, path, answer{t: t, Status: stream.status, Header: stream.header}, "'none'")
	}
}

// Fragments and the stream insert markup into a loaded page. It must not have scripts or a nonce.
func TestFragmentsCarryNoScriptAndNoNonce(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	p := h.opensPanel()
	fragment := p.posts("/widget/assign", true, map[string]string{"message": "<script>alert(1)</script><img src=x onerror=alert(1)>"}).
		want(200)
	harmless(t, "the answer to a question", fragment.Body, "none")
	stream := h.listen("/widget/events", strings.TrimPrefix(p.cookie, "parley_user="), "")
	harmless(t, "the stream", []byte(stream.next("part").Data), "none")
	if id := h.chatShown(p); id == "" {
		t.Error("there is no chat")
	}
}

// TestLookAlikesGetNothing checks that origins similar to a listed one get no access.
func TestLookAlikesGetNothing(t *testing.T) {
	t.Parallel()
	const site = "https://good.example"
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.AllowedOrigins = []string{site} } })
	_, token := h.guest()
	lookAlikes := []string{
		"https://good.example.evil.com",
		"https://evilgood.example",
		"https://sub.good.example",
		"http://good.example",
		"https://good.example:443",
		"https://good.example:8443",
		"null",
		"https://good.example.",
		"https://GOOD.example",
		"HTTPS://good.example",
		"https://user@good.example",
		"https://good.example@evil.com",
		"https://good.example/",
		"https://good.example, https://evil.com",
		"https://good.example https://evil.com",
		"https://good.exаmple",
		"https://good.example%00",
		"*",
		"file://",
		"https://good.example\tx",
		"https://",
		"",
	}
	asking := func(method, path, origin string) answer {
		header := http.Header{
			"Origin":                         {origin},
			"Access-Control-Request-Method":  {"POST"},
			"Access-Control-Request-Headers": {"authorization"},
		}
		if method != "OPTIONS" {
			header.Set("Authorization", "Bearer "+token)
		}
		return h.send(method, path, header, nil)
	}
	grants := func(a answer) (found []string) {
		for name := range a.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				found = append(found, name+": "+a.Header.Get(name))
			}
		}
		slices.Sort(found)
		return found
	}
	for method, want := range map[string][]string{
		"GET":     {"Access-Control-Allow-Origin: " + site, "Access-Control-Expose-Headers: Retry-After, X-Request-ID"},
		"OPTIONS": {"Access-Control-Allow-Headers: Authorization, Content-Type, Last-Event-ID", "Access-Control-Allow-Methods: GET, POST", "Access-Control-Allow-Origin: " + site, "Access-Control-Expose-Headers: Retry-After, X-Request-ID", "Access-Control-Max-Age: 600"},
	} {
		if got := grants(asking(method, forUser+"/chats", site)); !slices.Equal(got, want) {
			t.Errorf("%s from the site itself is granted %q", method, got)
		}
		for _, other := range lookAlikes {
			got := asking(method, forUser+"/chats", other)
			if found := grants(got); len(found) > 0 || !slices.Contains(got.Header.Values("Vary"), "Origin") {
				t.Errorf("%s from %q is granted %q, varying by %q", method, other, found, got.Header.Values("Vary"))
			}
		}
	}
	// The panel does not send messages to them either, and none may embed it.
	for _, other := range lookAlikes {
		page := h.ask("GET", "/widget?origin="+url.QueryEscape(other), "", nil).want(200)
		if !bytes.Contains(page.Body, []byte(`data-origin=""`)) {
			t.Errorf("the panel writes to %q", other)
		}
		if got := directives(page.Header.Get("Content-Security-Policy"))["frame-ancestors"]; got != "'self' "+site {
			t.Errorf("with %q the panel may be framed by %s", other, got)
		}
	}
	if page := h.ask("GET", "/widget?origin="+url.QueryEscape(site), "", nil).
		want(200); !bytes.Contains(
		page.Body,
		[]byte(`data-origin="`+site+`"`),
	) {
		t.Error("the panel does not write to its own site")
	}
}

// Only the script, as a script and as a module, and its texts in other languages are available to all origins.
func TestOnlyTheLoaderIsForEverybody(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	for path, form := range map[string]string{"/widget.js": "(()=>", "/widget.mjs": "export{"} {
		got := h.send("GET", path, http.Header{"Origin": {"https://anybody.example"}, "Sec-Fetch-Mode": {"cors"}, "Accept-Encoding": {"identity"}}, nil).
			want(200)
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "", "Cross-Origin-Resource-Policy": "cross-origin", "Set-Cookie": "",
			"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "max-age=300", "Vary": "Accept-Encoding, Accept-Language", "X-Content-Type-Options": "nosniff",
		} {
			if got.Header.Get(name) != want {
				t.Errorf("%s comes with %s %q, want %q", path, name, got.Header.Get(name), want)
			}
		}
		if !bytes.Contains(got.Body, []byte(form)) {
			t.Errorf("%s is not what it should be: %.60s", path, got.Body)
		}
		if again := h.send(
			"GET",
			path,
			http.Header{"If-None-Match": {got.Header.Get("ETag")}, "Accept-Encoding": {"identity"}},
			nil,
		); again.Status != 304 ||
			len(again.Body) > 0 {
			t.Errorf("%s is sent again, with %d", path, again.Status)
		}
	}
	for _, line := range web.MostLines() {
		if line.Method != http.MethodGet || strings.HasPrefix(line.Path, "/widget.") || line.Path == "/widget/words.mjs" ||
			strings.HasSuffix(line.Path, "/events") {
			continue
		}
		if got := h.send(
			"GET",
			line.Path,
			http.Header{"Origin": {"https://anybody.example"}},
			nil,
		).Header.Get(
			"Access-Control-Allow-Origin",
		); got != "" {
			t.Errorf("%s is for %s", line.Path, got)
		}
	}
}
