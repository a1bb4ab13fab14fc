package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/models"
	"parley/web"
)

// lookAlikes are origins that look similar to the allowed one.
var lookAlikes = []string{
	"http://shop.example.com",
	"https://shop.example.com:8443",
	"https://shop.example.com:443",
	"https://shop.example.com.",
	"https://shop.example.com/",
	"https://SHOP.example.com",
	"https://www.shop.example.com",
	"https://example.com",
	"https://shop.example.com.evil.example",
	"https://evilshop.example.com",
	"https://shop-example.com",
	"https://shopxexample.com",
	"https://shop.example.com@evil.example",
	"https://evil.example/https://shop.example.com",
	"https://evil.example?https://shop.example.com",
	"https://shop.example.com%00.evil.example",
	"https://shop.example.com,https://evil.example",
	"https://shop.example.com https://evil.example",
	"https://sh\u043ep.example.com",
	"https://xn--shp-zed.example.com",
	"null",
	"*",
	"https://*",
	"https://*.example.com",
	"shop.example.com",
	"//shop.example.com",
	"https:shop.example.com",
	"file://",
	"chrome-extension://shop.example.com",
	"https://",
}

// TestAttackCORSLookAlikes checks that only an exactly listed site can read the endpoints for users, without cookies.
func TestAttackCORSLookAlikes(t *testing.T) {
	t.Parallel()
	s := newStage(t, overHTTPS)
	asked := func(method, path, origin string) answer {
		return s.send(method, path, http.Header{
			"Origin": {
				origin,
			},
			"Access-Control-Request-Method":          {"POST"},
			"Access-Control-Request-Headers":         {"authorization, x-csrf-token"},
			"Access-Control-Request-Private-Network": {"true"},
			"Accept":                                 {"application/json"},
		}, nil)
	}
	crossing := 0
	for _, l := range web.MostLines() {
		path := s.fill(strings.Replace(l.Path, "*", "app.css", 1), l, s.chats[models.Active])
		for _, method := range []string{l.Method, "OPTIONS", "PUT"} {
			allowed := map[string]string{}
			if l.CORS && method != "PUT" {
				crossing++
				allowed = map[string]string{"Access-Control-Allow-Origin": allowedSite}
				if method == "OPTIONS" {
					allowed["Access-Control-Allow-Methods"], allowed["Access-Control-Allow-Headers"] = "GET, POST", "Authorization, Content-Type, Last-Event-ID"
				}
			}
			if method == "GET" &&
				(path == "/widget.js" || path == "/widget.mjs" || path == "/widget/words.mjs") { // public and identical for all callers
				allowed = map[string]string{"Access-Control-Allow-Origin": "*"}
			}
			got := asked(method, path, allowedSite)
			for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"} {
				if got.Header.Get(name) != allowed[name] || len(got.Header.Values(name)) > 1 {
					t.Errorf("%s %s for %s: %s is %q, want %q", method, path, allowedSite, name, got.Header.Values(name), allowed[name])
				}
			}
			for _, name := range []string{"Access-Control-Allow-Credentials", "Access-Control-Allow-Private-Network"} {
				if got.Header.Get(name) != "" {
					t.Errorf("%s %s: %s is %q", method, path, name, got.Header.Get(name))
				}
			}
			if l.CORS && method != "PUT" && !strings.Contains(strings.Join(got.Header.Values("Vary"), ","), "Origin") {
				t.Errorf("%s %s varies by %q", method, path, got.Header.Values("Vary"))
			}
		}
		for _, origin := range lookAlikes {
			got := asked("OPTIONS", path, origin)
			if l.CORS || strings.HasPrefix(path, "/api/user/session") {
				got = asked(l.Method, path, origin)
			}
			for name := range got.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s tells %s %s: %q", path, origin, name, got.Header.Get(name))
				}
			}
		}
	}
	if crossing < 70 {
		t.Errorf("only %d answers may cross", crossing)
	}
}

// TestAttackFraming checks that only listed sites can embed the panel, that no other page can be embedded, and that no page allows
// foreign scripts.
func TestAttackFraming(t *testing.T) {
	t.Parallel()
	s := newStage(t, overHTTPS)
	browser := func(method, path, token string, l web.Line, body string) answer {
		header := http.Header{"Accept": {"text/html"}, "Origin": {publicURL}}
		if token != "" {
			header.Set("Cookie", "__Host-"+cookieOf(l)+"="+token)
		}
		if body != "" {
			header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		return s.send(method, path, header, []byte(body))
	}
	check := func(path string, a answer) {
		t.Helper()
		headers := map[string]string{"X-Content-Type-Options": "nosniff", "Strict-Transport-Security": "max-age=31536000"}
		defer func() {
			for name, want := range headers {
				if got := a.Header.Values(name); !slices.Equal(got, []string{want}) {
					t.Errorf("%s (%d): %s is %q", path, a.Status, name, got)
				}
			}
		}()
		if kind, _, _ := strings.Cut(
			a.Header.Get("Content-Type"),
			";",
		); a.Status == http.StatusOK &&
			(kind == "text/javascript" || kind == "text/css") {
			return // a browser never displays it as a page
		}
		headers["Referrer-Policy"] = "same-origin"
		isKey := strings.Contains(path, "/wallboard/") || strings.Contains(path, "/continue/") // the address
		if isKey && a.Header.Get("Referrer-Policy") == "no-referrer" {
			headers["Referrer-Policy"] = "no-referrer"
		}
		policy := a.Header.Get("Content-Security-Policy")
		directives := map[string]string{}
		for part := range strings.SplitSeq(policy, ";") {
			name, sources, _ := strings.Cut(strings.TrimSpace(part), " ")
			directives[name] = sources
		}
		framers, frameOptions := "'none'", "DENY"
		if path == "/widget" && a.Status == 200 { // it has no error display
			framers, frameOptions = "'self' "+allowedSite, ""
		}
		if directives["frame-ancestors"] != framers || a.Header.Get("X-Frame-Options") != frameOptions {
			t.Errorf("%s (%d) lies in frames of %s, %q", path, a.Status, directives["frame-ancestors"], a.Header.Get("X-Frame-Options"))
		}
		for _, loose := range []string{"unsafe-inline", "unsafe-eval", "unsafe-hashes", "http:", "*"} {
			if strings.Contains(policy, loose) {
				t.Errorf("%s (%d) allows %s: %s", path, a.Status, loose, policy)
			}
		}
		if directives["default-src"] != "'none'" || directives["base-uri"] != "'none'" {
			t.Errorf("%s (%d) has the policy %s", path, a.Status, policy)
		}
	}
	statuses := map[int]int{}
	see := func(method, path, token string, l web.Line, body string) {
		t.Helper()
		a := browser(method, path, token, l, body)
		statuses[a.Status]++
		check(strings.SplitN(path, "?", 2)[0], a)
	}
	for _, l := range web.MostLines() {
		if strings.HasPrefix(l.Path, "/widget/") {
			continue
		}
		r := rules[l.Name]
		sc := s.standing(r)
		path := s.fill(strings.Replace(l.Path, "*", "app.css", 1), l, sc)
		if l.Method == http.MethodGet {
			see("GET", path, s.signedIn(l, r, sc), l, "")                     // a valid request
			see("GET", path, s.caller("another agent").token, l, "")          // 403 or 404
			see("GET", path+"?limit=x&from=x&before=x&after_id=x", "", l, "") // to the sign-in page, or 401
		}
		see("POST", path, s.signedIn(l, r, sc), l, "csrf_token=x") // 403 or 405
		see("POST", path, "", l, "%zz=%zz")
	}
	large := "message=" + strings.Repeat("x", 200<<10)
	for _, path := range []string{"/nothing", "/widgets", "/api/nothing", "/static/nothing", "/login/nothing", "/%00", "/login?next=//evil.example", "/widget?origin=https://evil.example"} {
		see("GET", path, "", web.Line{}, "")
	}
	see("POST", "/login", "", web.Line{}, url.Values{"email": {"alex@example.com"}, "password": {"wrong"}}.Encode())
	see("POST", "/login", "", web.Line{}, "email=&password=")
	see("POST", "/preferences", "", web.Line{}, large)
	for _, status := range []int{200, 303, 401, 403, 404, 405, 413, 422} {
		if statuses[status] == 0 {
			t.Errorf("no answer was a %d: %v", status, statuses)
		}
	}
}
