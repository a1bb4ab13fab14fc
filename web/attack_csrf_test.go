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

// elsewhere are the headers of a request that another site made a browser send.
var elsewhere = map[string]http.Header{
	"another site":                {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
	"another site, long ago":      {"Origin": {"https://evil.example"}},
	"another subdomain":           {"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://www.example.com"}},
	"another subdomain, long ago": {"Origin": {"https://www.example.com"}},
	"the domain above":            {"Origin": {"https://example.com"}},
	"another port":                {"Origin": {"https://chat.example.com:8443"}},
	"a longer name":               {"Origin": {"https://chat.example.com.evil.example"}},
	"a sandboxed frame":           {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"null"}},
	"a sandboxed frame, long ago": {"Origin": {"null"}},
	"a word that is no site":      {"Sec-Fetch-Site": {"anything"}},
	"two sites":                   {"Origin": {"https://evil.example https://chat.example.com"}},
}

const publicURL = "https://chat.example.com"

// overHTTPS is an instance with publicURL and an allowed site.
func overHTTPS(s *setup) {
	s.options = func(o *web.Options) { o.PublicURL = publicURL }
	before := s.settings
	s.settings = func(m *models.Settings) { before(m); m.AllowedOrigins = []string{allowedSite} }
}

const allowedSite = "https://shop.example.com"

// posts sends a form like a browser with the cookie, with additional headers of the attack.
func (s *stage) posts(l web.Line, token string, sc scene, form url.Values, marks http.Header) answer {
	s.t.Helper()
	header := marks.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Cookie", "__Host-"+cookieOf(l)+"="+token)
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	header.Set("Accept", "application/json")
	return s.send(l.Method, s.fill(l.Path, l, sc), header, []byte(form.Encode()))
}

// fields are those of a rule's right request, as a form writes them.
func (s *stage) fields(l web.Line, r rule, sc scene) url.Values {
	form := url.Values{}
	for name, value := range parse(s.t, s.fill(r.body, l, sc)) {
		switch v := value.(type) {
		case []any:
			for _, one := range v {
				form.Add(name, literal(one))
			}
		default:
			form.Set(name, literal(v))
		}
	}
	return form
}

// signedIn is a session that may use a line: the owner's, or the administrator's, or anna's where she alone has a part.
func (s *stage) signedIn(l web.Line, r rule, sc scene) string {
	switch {
	case l.Who == "user" || strings.HasPrefix(l.Path, "/widget"):
		return sc.owner
	case l.Who == "agent":
		return s.caller("the agent").token
	}
	return s.caller("an administrator").token
}

// TestAttackForeignForms checks that a page of another origin cannot make a signed-in browser change anything, or make it sign in.
func TestAttackForeignForms(t *testing.T) {
	t.Parallel()
	s := newStage(t, overHTTPS)
	tried := 0
	crossed := outcome{403, "cross_origin"}
	failed := outcome{403, "csrf_failed"}
	for _, l := range web.Lines() {
		r := rules[l.Name]
		if l.API || l.Method == http.MethodGet {
			continue
		}
		tried++
		sc := s.standing(r)
		token := s.signedIn(l, r, sc)
		right := s.fields(l, r, sc)
		before := s.kept()
		right.Set("csrf_token", web.CSRFFor(token))
		for name, marks := range elsewhere {
			if got := s.posts(l, token, sc, right, marks).got(); got != crossed {
				t.Errorf("%s by a form of %s, even with the token: %v", l.Path, name, got)
			}
		}
		if l.Public {
			s.unchanged(before, l.Path)
			continue // a route without a session has no token
		}
		for name, forge := range map[string]func(url.Values, http.Header){
			"no token":            func(f url.Values, _ http.Header) { f.Del("csrf_token") },
			"an empty token":      func(f url.Values, _ http.Header) { f.Set("csrf_token", "") },
			"another's token":     func(f url.Values, _ http.Header) { f.Set("csrf_token", web.CSRFFor("the session of another user")) },
			"the token cut off":   func(f url.Values, _ http.Header) { f.Set("csrf_token", web.CSRFFor(token)[1:]) },
			"the session itself":  func(f url.Values, _ http.Header) { f.Set("csrf_token", token) },
			"a wrong token first": func(f url.Values, _ http.Header) { f["csrf_token"] = []string{"x", web.CSRFFor(token)} },
			"a wrong token above": func(_ url.Values, h http.Header) { h.Set("X-CSRF-Token", "x") },
			"the token as a cookie": func(f url.Values, h http.Header) {
				f.Del("csrf_token")
				h.Set("Cookie", "csrf_token="+web.CSRFFor(token))
			},
			"the token of no session": func(f url.Values, _ http.Header) { f.Set("csrf_token", web.CSRFFor("")) },
		} {
			form, marks := url.Values{}, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {publicURL}}
			for field, values := range right {
				form[field] = slices.Clone(values)
			}
			forge(form, marks)
			if got := s.posts(l, token, sc, form, marks).got(); got != failed {
				t.Errorf("%s with %s answered %v", l.Path, name, got)
			}
		}
		addressed := l
		addressed.Path += "?csrf_token=" + url.QueryEscape(web.CSRFFor(token))
		right.Del("csrf_token")
		if got := s.posts(addressed, token, sc, right, nil).got(); got != failed {
			t.Errorf("%s with the token in the address answered %v", l.Path, got)
		}
		s.unchanged(before, l.Path)
	}
	if tried < 35 {
		t.Errorf("only %d pages were tried", tried)
	}
}

// TestAttackForeignRequestsToTheAPI checks that a page of another origin cannot use a cookie there, with any content type, with or
// without the right CSRF token. A request without headers of another origin cannot change anything with the cookie alone either.
func TestAttackForeignRequestsToTheAPI(t *testing.T) {
	t.Parallel()
	s := newStage(t, overHTTPS)
	before := s.kept()
	for _, l := range web.MostLines() {
		r := rules[l.Name]
		if !l.API || l.Method == http.MethodGet || l.Public {
			continue
		}
		sc := s.standing(r)
		token := s.signedIn(l, r, sc)
		for _, contentType := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
			header := http.Header{
				"Cookie":       {"__Host-" + cookieOf(l) + "=" + token},
				"Content-Type": {contentType},
				"Origin":       {"https://evil.example"},
			}
			for origin, want := range map[string]outcome{"https://evil.example": {403, "cross_origin"}, publicURL: {403, "csrf_failed"}, "": {403, "csrf_failed"}} {
				header.Set("Origin", origin)
				if got := s.send(l.Method, s.fill(l.Path, l, sc), header, []byte(s.fill(r.body, l, sc))).got(); got != want {
					t.Errorf("%s as %s from %q without a token answered %v, want %v", l.Path, contentType, origin, got, want)
				}
			}
		}
		for name, marks := range elsewhere {
			header := marks.Clone()
			header.Set("Cookie", "__Host-"+cookieOf(l)+"="+token)
			header.Set("Content-Type", "application/json")
			header.Set("X-CSRF-Token", web.CSRFFor(token))
			if got := s.send(l.Method, s.fill(l.Path, l, sc), header, []byte(s.fill(r.body, l, sc))).
				got(); got != (outcome{403, "cross_origin"}) {
				t.Errorf("%s from %s with the right token answered %v", l.Path, name, got)
			}
		}
	}
	s.unchanged(before, "another site's request")
}

// TestAttackForeignReading checks that a page of another origin cannot open a stream or read an endpoint with the cookie of a user, nor
// embed a page. A link to a page still works, and so does a token in a header from an allowed site.
func TestAttackForeignReading(t *testing.T) {
	t.Parallel()
	s := newStage(t, overHTTPS)
	tried := 0
	for _, l := range web.MostLines() {
		r := rules[l.Name]
		if l.Method != http.MethodGet || l.Public {
			continue
		}
		tried++
		sc := s.standing(r)
		token := s.signedIn(l, r, sc)
		path := s.fill(l.Path, l, sc)
		isStream := strings.HasSuffix(l.Path, "/events")
		for name, marks := range elsewhere {
			for _, mode := range []string{"cors", "no-cors", "navigate", ""} {
				if !l.API && !isStream && (mode == "navigate" || mode == "") {
					continue // a link
				}
				header := marks.Clone()
				header.Set("Cookie", "__Host-"+cookieOf(l)+"="+token)
				if mode != "" {
					header.Set("Sec-Fetch-Mode", mode)
				}
				if got := s.send(l.Method, path, header, nil); got.Status != 403 {
					t.Errorf("%s from %s, mode %q, answered %d", l.Path, name, mode, got.Status)
				}
			}
		}
		if isStream {
			continue
		}
		if !l.API {
			link := http.Header{
				"Sec-Fetch-Site": {"cross-site"},
				"Sec-Fetch-Mode": {"navigate"},
				"Cookie":         {"__Host-" + cookieOf(l) + "=" + token},
			}
			if got := s.send(l.Method, path, link, nil); got.Status == 403 {
				t.Errorf("a link of another site to %s answered %s", l.Path, got.Body)
			}
		}
		if l.CORS {
			header := http.Header{
				"Sec-Fetch-Site": {"cross-site"},
				"Sec-Fetch-Mode": {"cors"},
				"Origin":         {allowedSite},
				"Authorization":  {"Bearer " + token},
				"Cookie":         {"__Host-" + cookieOf(l) + "=" + token},
			}
			if got := s.send(
				l.Method,
				path,
				header,
				nil,
			); got.Status == 403 ||
				got.Header.Get("Access-Control-Allow-Origin") != allowedSite {
				t.Errorf("a token from an allowed site answered %d at %s", got.Status, l.Path)
			}
		}
	}
	if tried < 40 {
		t.Errorf("only %d addresses were tried", tried)
	}
}

// TestAttackSessionFixation checks that no one is signed in to a session that another person chose or knows.
func TestAttackSessionFixation(t *testing.T) {
	t.Parallel()
	s := newStage(t, overHTTPS)
	in := url.Values{"email": {"alex@example.com"}, "password": {password}}
	bob := s.session(s.people["bob"].ID)
	for name, planted := range map[string]string{"made up": "planted", "the attacker's own": bob, "a user's": s.anonymous(), "none": ""} {
		header := http.Header{
			"Cookie":       {"__Host-parley_session=" + planted},
			"Content-Type": {"application/x-www-form-urlencoded"},
			"Origin":       {publicURL},
		}
		set := s.send("POST", "/login", header, []byte(in.Encode())).want(303).cookie("__Host-parley_session")
		if set.Value == planted || len(set.Value) < 43 || !set.Secure || !set.HttpOnly || set.SameSite != http.SameSiteLaxMode ||
			set.Path != "/" ||
			set.Domain != "" {
			t.Errorf("%s: signed in with %v", name, set)
		}
		if got := s.ask("GET", forAgent+"/status", planted, nil); got.Status == 200 && got.object()["role"] == "admin" {
			t.Errorf("%s: the planted session is an administrator's now", name)
		}
		s.ask("GET", forAgent+"/status", set.Value, nil).want(200)
	}
	for name, planted := range map[string]string{"made up": "planted", "an agent's": bob, "none": ""} {
		set := s.send("POST", "/widget/session", http.Header{"Cookie": {"__Host-parley_probe=1; __Host-parley_user=" + planted}, "Origin": {publicURL}, "Accept": {"application/json"}}, nil).
			want(200).
			cookie("__Host-parley_user")
		if set.Value == planted || len(set.Value) < 43 || !set.Secure || !set.HttpOnly || set.SameSite != http.SameSiteNoneMode ||
			!set.Partitioned ||
			set.Path != "/" ||
			set.Domain != "" {
			t.Errorf("%s: the widget began with %v", name, set)
		}
		s.ask("GET", forUser+"/queue-status", set.Value, nil).want(200)
	}
	// An attacker who planted an anonymous session learns nothing about the user who is identified in it.
	planted := s.anonymous()
	header := http.Header{"Cookie": {"__Host-parley_user=" + planted}, "Content-Type": {"application/json"}, "Accept": {"application/json"}}
	set := s.send("POST", "/widget/identify", header, []byte(`{"token":"`+s.signedUser("maria")+`"}`)).
		want(205).
		cookie("__Host-parley_user")
	chat := s.asks(set.Value, "Maria's words")
	s.ask("GET", forUser+"/chats/"+chat+"/messages", set.Value, nil).want(200)
	if got := s.ask("GET", forUser+"/chats/"+chat+"/messages", planted, nil); got.Status == 200 || set.Value == planted {
		t.Errorf("the planted session reads Maria's chat: %d", got.Status)
	}
}

// TestAttackCookiesFromASubdomain checks that over https only a cookie set by the host itself counts; of two, the first one.
func TestAttackCookiesFromASubdomain(t *testing.T) {
	t.Parallel()
	s := newStage(t, overHTTPS)
	for path, c := range map[string]struct{ name, token string }{
		forAgent + "/status": {"parley_session", s.session(s.people["bob"].ID)}, forUser + "/chats": {"parley_user", s.anonymous()},
	} {
		for cookie, want := range map[string]int{
			"__Host-" + c.name + "=" + c.token:                                     200,
			c.name + "=" + c.token:                                                 401,
			"__Secure-" + c.name + "=" + c.token:                                   401,
			"__host-" + c.name + "=" + c.token:                                     401,
			"__Host-" + c.name + "=x; __Host-" + c.name + "=" + c.token:            401,
			c.name + "=" + c.token + "; __Host-" + c.name + "=x":                   401,
			"__Host-" + c.name + `="` + c.token + `"; x`:                           200, // quotes are part of how cookies are written
			"__Host-" + c.name + "=" + c.token + "%00":                             401,
			"other=1;__Host-" + c.name + "=" + c.token + ";__Host-" + c.name + "=": 200,
		} {
			if got := s.send("GET", path, http.Header{"Cookie": {cookie}}, nil); got.Status != want {
				t.Errorf("%s with %q answered %d, want %d", path, cookie, got.Status, want)
			}
		}
	}
}

func (a answer) cookie(name string) *http.Cookie {
	a.t.Helper()
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	a.t.Fatalf("no cookie %s was set: %v", name, a.Header.Values("Set-Cookie"))
	return nil
}
