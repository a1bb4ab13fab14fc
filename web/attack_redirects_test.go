package web_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"html"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"parley/models"
	"parley/web"
)

// elsewhereBound are values that attackers use instead of a path of Parley.
var elsewhereBound = []string{
	"//evil.example",
	"///evil.example",
	"////evil.example/%2f..",
	"/\\evil.example",
	"\\\\evil.example",
	"/\\/evil.example",
	"\\/evil.example",
	"/\t/evil.example",
	"/\n/evil.example",
	"/\r/evil.example",
	"\t//evil.example",
	" //evil.example",
	"\x00//evil.example",
	"\u00a0//evil.example",
	"https://evil.example",
	"HTTPS://evil.example",
	"https:evil.example",
	"https:/evil.example",
	"https:///evil.example",
	"//chat.example.com@evil.example",
	"//evil.example:443/workbench",
	"javascript:alert(1)",
	"JavaScript:alert(1)//",
	"java\tscript:alert(1)",
	"data:text/html,<script>alert(1)</script>",
	"vbscript:x",
	"/login\r\nSet-Cookie: a=b",
	"/login\nX-Injected: y",
	"evil.example",
	"@evil.example",
	"?next=//evil.example",
	"//\u3000evil.example",
	"\uff0f\uff0fevil.example",
	"//evil%E3%80%82example",
	"http:\\\\evil.example",
	"/..//evil.example",
	"/.//evil.example",
	"/%2f/evil.example",
	"/%5cevil.example",
	"/%09/evil.example",
	"",
}

// landing returns where a browser goes from a page by a Location header or a link, according to the URL Standard.
func landing(t *testing.T, base, location string) *url.URL {
	t.Helper()
	read := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").
		Replace(strings.TrimFunc(location, func(r rune) bool { return r <= ' ' }))
	from, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	to, err := from.Parse(read)
	if err != nil {
		t.Fatalf("%q is no address: %v", location, err)
	}
	return to
}

// stays fails if a browser would leave the site.
func (a answer) stays(what, base string) {
	a.t.Helper()
	if a.Header.Get("X-Injected") != "" || len(a.Header.Values("Location")) > 1 ||
		strings.ContainsAny(a.Header.Get("Location"), "\r\n\x00") {
		a.t.Errorf("%s: the head is %v", what, a.Header)
	}
	if to := landing(a.t, base, a.Header.Get("Location")); "http://"+to.Host != base {
		a.t.Errorf("%s leads to %s by %q", what, to, a.Header.Get("Location"))
	}
}

var backLink = regexp.MustCompile(`<a class="btn" href="([^"]*)"`)

// TestAttackOpenRedirects checks that no link or form can make a redirect lead to another site.
func TestAttackOpenRedirects(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	alex := s.caller("an administrator").token
	form := func(path string, fields url.Values, change ...func(http.Header)) answer {
		header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/html"}}
		for _, f := range change {
			f(header)
		}
		return s.send("POST", path, header, []byte(fields.Encode()))
	}
	for n, next := range elsewhereBound {
		wanted := "/login?next=" + url.QueryEscape(next)
		s.send("GET", wanted, http.Header{"Cookie": {"parley_session=" + alex}}, nil).want(303).stays(wanted, s.url)
		page := s.send("GET", wanted, http.Header{}, nil).want(200)
		hidden := html.UnescapeString(string(regexp.MustCompile(`name="next" value="([^"]*)"`).FindSubmatch(page.Body)[1]))
		if to := landing(t, s.url, hidden); "http://"+to.Host != s.url {
			t.Errorf("%s: the form carries %q", wanted, hidden)
		}
		if got := form("/preferences", url.Values{"theme": {"dark"}, "next": {next}}); strings.Contains(next, "\x00") {
			got.want(422)
		} else {
			got.want(303).stays("preferences: "+next, s.url)
		}
		if n%4 == 0 && !strings.Contains(next, "\x00") { // hashing a password is slow
			form(
				"/login",
				url.Values{"email": {"alex@example.com"}, "password": {password}, "next": {next}},
			).want(303).
				stays("signed in: "+next, s.url)
		}
	}
	for _, path := range []string{
		"//evil.example/", "//evil.example//", "/\\evil.example/", "/%5cevil.example/", "/%2f%2fevil.example/", "/%2fevil.example/", "/%09/evil.example/", "/%0d%0aX-Injected:%20y/", "///",
		"/.//evil.example/", "/demo//", "/demo/%2f", "//evil.example/%2e%2e/", "/https://evil.example/", "/demo/;//evil.example/", "http://evil.example/demo/", "http://evil.example//x/",
	} {
		status, location := s.raw(
			"GET " + path + " HTTP/1.1\r\nHost: " + strings.TrimPrefix(s.url, "http://") + "\r\nConnection: close\r\n\r\n",
		)
		if to := landing(t, s.url, location); "http://"+to.Host != s.url || status != 404 && status != 308 && status != 200 {
			t.Errorf("GET %s answered %d and leads to %s", path, status, to)
		}
	}
}

// raw sends a request without normalising it and returns status and Location of the response.
func (s *stage) raw(request string) (int, string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	s.must(err)
	defer conn.Close()
	_, err = conn.Write([]byte(request))
	s.must(err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	s.must(err)
	defer res.Body.Close()
	return res.StatusCode, res.Header.Get("Location")
}

// TestAttackReferers checks that no Referer makes a form or an error page lead to another site.
func TestAttackReferers(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	host := strings.TrimPrefix(s.url, "http://")
	referers := []string{
		s.url + "//evil.example/x",
		s.url + "///evil.example",
		s.url + "/%5cevil.example",
		s.url + "/\\evil.example",
		"https://evil.example/workbench",
		"http://" + host + ".evil.example/",
		"http://" + host + "@evil.example/",
		"http://evil.example/?" + s.url,
		"javascript:alert(1)",
		"//evil.example/",
		"data:text/html,x",
		"%zz",
		"http://" + host + "#//evil.example",
		"about:blank",
	}
	tried := 0
	for _, l := range web.Lines() {
		r := rules[l.Name]
		if l.API || l.Method == http.MethodGet || strings.HasPrefix(l.Path, "/widget/identify") || strings.HasSuffix(l.Path, "/logout") ||
			l.Path == "/login" {
			continue
		}
		for n, referer := range referers {
			refused := n%4 != tried%4 // most lack a token and get an error page; some succeed
			sc := s.standing(r)
			if !refused {
				sc = s.scene(r.in)
			}
			token := s.signedIn(l, r, sc)
			fields := s.fields(l, r, sc)
			fields.Del("next")
			if !refused {
				fields.Set("csrf_token", web.CSRFFor(token))
			}
			header := http.Header{
				"Cookie":       {cookieOf(l) + "=" + token},
				"Content-Type": {"application/x-www-form-urlencoded"},
				"Accept":       {"text/html"},
				"Referer":      {referer},
			}
			got := s.send("POST", s.fill(l.Path, l, sc), header, []byte(fields.Encode()))
			got.stays(l.Path+" from "+referer, s.url)
			if link := backLink.FindSubmatch(got.Body); link != nil {
				if to := landing(t, s.url, html.UnescapeString(string(link[1]))); "http://"+to.Host != s.url || to.Scheme != "http" {
					t.Errorf("the error page of %s from %s leads back to %s", l.Path, referer, to)
				}
			}
			s.leave(sc)
		}
		s.bothOnline()
		tried++
	}
}

// TestAttackHeaderInjection checks that no input becomes a header of the response or a part of the content policy.
func TestAttackHeaderInjection(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	alex := s.caller("an administrator").token
	injected := "x%0d%0aX-Injected:%20y%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a<script>"
	for _, path := range []string{
		"/login?next=/" + injected, "/login?lang=" + injected, "/demo?theme=" + injected + "&lang=" + injected, "/widget?origin=" + injected + "&site=" + injected, "/static/" + injected, "/" + injected,
		"/supervisor/queue.csv?department=" + injected, "/admin/people/" + injected, "/api/user/" + injected, "/supervisor?department=" + injected,
	} {
		got := s.send("GET", path, http.Header{
			"Cookie": {
				"parley_session=" + alex + "; parley_lang=" + injected + "; parley_theme=" + injected,
			},
			"Accept-Language": {"x;q=1,<script>"},
			"If-None-Match":   {"x"},
			"Range":           {"bytes=0-0,1-1,2-2"},
			"Last-Event-Id":   {"x"},
		}, nil)
		if got.Header.Get("X-Injected") != "" || strings.Contains(strings.Join(got.Header.Values("Set-Cookie"), ";"), "a=b") {
			t.Errorf("%s: the head is %v", path, got.Header)
		}
	}
	before := s.kept()
	add := web.Line{Method: "POST", Path: "/admin/sites", Who: "admin"}
	for _, origin := range []string{
		"https://a.example\r\nX-Injected: y", "https://a.example; script-src *", "https://a.example 'unsafe-inline'", "https://a.example, https://b.example", `https://a.example"`, "https://a.example'",
		"*", "https://*", "https://*.example", "null", "none", "'self'", "'none'", "https:", "https://", "data:", "blob:", "javascript:alert(1)", "file:///", "ftp://a.example", "https://u:p@a.example", "https://a.example/path",
		"https://a.example?x", "https://a.example#x", "https://a.example:99999x", "https://a.example\\evil", "https://a\x00.example", "https://a.example\u202e", "https://\u0430.example", "//a.example", "a.example", "https:/a.example",
		"https://[::1", "https://a..example; x", "<script>", "https://<script>",
	} {
		raw, err := json.Marshal(map[string]string{"origin": origin})
		s.must(err)
		if got := s.call(add, alex, add.Path, string(raw)); got.Status != 422 {
			t.Errorf("the site %q answered %d", origin, got.Status)
		}
	}
	s.unchanged(before, "a site that is none")
	s.call(add, alex, add.Path, `{"origin":"https://a.example\t"}`).want(201) // is the site without its blank
	if sites, err := s.desk.Sites(t.Context()); err != nil || len(sites) != 1 || sites[0] != "https://a.example" {
		t.Errorf("the sites are %v, %v", sites, err)
	}
}

// lines is a log for reading in a test.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

// TestAttackLogInjection checks that each event is one line of the log, in text and in JSON, for any input, and that no line has terminal
// control characters.
func TestAttackLogInjection(t *testing.T) {
	t.Parallel()
	const forged = "\r\ntime=2020-01-01T00:00:00Z level=ERROR msg=forged\x1b[31m\u202e"
	written := url.QueryEscape(forged)
	for form, handler := range map[string]func(*lines) slog.Handler{
		"text": func(l *lines) slog.Handler {
			return slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})
		},
		"json": func(l *lines) slog.Handler {
			return slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})
		},
	} {
		var log lines
		s := newStage(t, func(set *setup) {
			set.log = slog.New(handler(&log))
			set.options = func(o *web.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
		})
		sc := s.chats[models.Active]
		for _, path := range []string{
			"/" + written, "/login?next=" + written, "/demo?lang=" + written, forUser + "/chats/" + written + "/messages", "/api/supervisor/stats?from=" + written,
			"/admin/people/" + written, forUser + "/events?last_event_id=" + written, forUser + "/events?ticket=" + written,
		} {
			s.send("GET", path, http.Header{
				"Authorization": {
					"Bearer " + sc.owner,
				},
				"X-Forwarded-For": {"203.0.113.9, msg=forged\u202e"},
				"User-Agent":      {"msg=forged\u202e"},
				"Referer":         {"http://x/msg=forged"},
				"Origin":          {"https://msg=forged"},
				"Cookie":          {"parley_session=msg=forged"},
				"Last-Event-Id":   {"msg=forged"},
			}, nil)
		}
		for _, method := range []string{"MSG=FORGED", "X'Y", "FORGED!#$%&*+-.^_`|~"} {
			s.raw(method + " /healthz HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n")
		}
		s.ask("POST", forAgent+"/login", "", map[string]any{"email": forged + "@example.com", "password": forged})
		s.ask("POST", forUser+"/chats/"+sc.chat+"/messages", sc.owner, map[string]any{"content": forged, "client_message_id": "msg=forged"})
		s.ask(
			"POST",
			forUser+"/assign",
			s.anonymous(),
			map[string]any{"message": forged, "page_title": forged, "page_url": forged, "department": forged},
		)
		dora := web.Line{Method: "POST", Path: "/admin/people/" + s.people["dora"].ID, Who: "admin"}
		name, err := json.Marshal(map[string]any{"name": "Dora" + forged, "max_concurrent": "5", "role": "agent"})
		s.must(err)
		s.call(dora, s.caller("an administrator").token, dora.Path, string(name))
		for line := range strings.Lines(log.take()) {
			whole := strings.HasPrefix(line, "time=2") && strings.Contains(line, " level=") && !strings.HasPrefix(line, "time=2020")
			if form == "json" {
				whole = json.Valid([]byte(line))
			}
			if !whole ||
				strings.ContainsFunc(
					strings.TrimSuffix(line, "\n"),
					func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e || r == 0xfffd },
				) {
				t.Errorf("%s: the log has the line %q", form, line)
			}
			if strings.Contains(line, "level=ERROR") || strings.Contains(line, `"level":"ERROR"`) {
				t.Errorf("%s: something went wrong: %s", form, line)
			}
		}
		if !strings.Contains(log.take(), "/healthz") {
			t.Errorf("%s: the log is %q", form, log.take())
		}
	}
}
