package web_test

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"parley/models"
	"parley/web"
)

// TestEveryPageStaysBelowThePath visits all pages behind a real nginx as an administrator. No attribute, redirect or address for programs
// may lead out of the path.
func TestEveryPageStaysBelowThePath(t *testing.T) {
	t.Parallel()
	for name, strip := range map[string]bool{"the proxy keeps the path": false, "the proxy takes the path off": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, proxy := newSiteBelow(t, "/chat", strip)
			w := newWalker(t, s)
			w.signIn()
			for _, start := range []string{"/chat", "/chat/", "/chat/demo", "/chat/demo/", "/chat/widget", "/chat/login", "/chat/account", "/chat/supervisor", "/chat/workbench", "/chat/no-such-page", "/chat/openapi.json", "/chat/widget.js"} {
				w.visit(start)
			}
			for _, l := range web.Lines() {
				if l.Method == http.MethodGet && !l.API && !strings.ContainsAny(l.Path, "{*") && !strings.HasSuffix(l.Path, "/events") &&
					l.Path != "/admin/users/one" && l.Path != "/demo/mailbox" && // which is for make run
					!strings.HasPrefix(l.Path, "/login/sso") && // without a provider
					!w.seen["/chat"+l.Path] {
					w.visit("/chat" + l.Path)
				}
			}
			if len(w.seen) < 40 {
				t.Errorf("only %d pages were seen: %v", len(w.seen), w.seen)
			}
			if asked := proxy.outside(t); len(asked) > 0 {
				t.Errorf("asked for %v", asked)
			}
		})
	}
}

type walker struct {
	t    *testing.T
	s    *site
	http *http.Client
	seen map[string]bool
	// variants counts the addresses of each path that were visited, which differ by their query.
	variants map[string]int
}

// maxVariants is how many addresses of one path are visited. The links of reports and of the replay to other days, filters and groupings
// have no end.
const maxVariants = 5

func newWalker(t *testing.T, s *site) *walker {
	t.Helper()
	jar, err := cookiejar.New(nil)
	s.must(err)
	return &walker{
		t:        t,
		s:        s,
		seen:     map[string]bool{},
		variants: map[string]int{},
		http:     &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// signIn fills the instance, so that every page has something to show, and signs in as its administrator.
func (w *walker) signIn() {
	w.t.Helper()
	s := w.s
	alex, token := s.agent("alex", models.RoleAdmin)
	_, err := s.desk.AddDepartment(w.t.Context(), admin, "cards", "Cards")
	s.must(err)
	_, err = s.desk.SetPresence(w.t.Context(), models.AgentActor(alex), models.Online)
	s.must(err)
	_, user := s.guest()
	chat := s.asks(user, "Is anybody there?")
	attachment := s.file("/api/customer-service/chats/"+chat+"/files", token, "card.jpg", photo("card.jpg").raw).want(201).attachment()
	for _, key := range []string{"url", "thumbnail_url"} {
		if at, _ := attachment[key].(string); !strings.HasPrefix(at, s.url+"/files/") {
			w.t.Errorf("programs are given %q", at)
		}
	}
	w.inside("a file", attachment["url"].(string))
	form := url.Values{"email": {"alex@example.com"}, "password": {password}, "next": {"/chat/admin/people"}}
	r, err := w.http.PostForm(s.url+"/login", form)
	s.must(err)
	defer r.Body.Close()
	if to := r.Header.Get("Location"); to != "/chat/admin/people" {
		w.t.Errorf("the sign-in leads to %q", to)
	}
	for _, c := range r.Cookies() {
		if c.Name == "parley_session" {
			w.t.Errorf("the cookie of the session is called %s, as that of a Parley at the root of the host", c.Name)
		}
	}
}

func (w *walker) inside(what, address string) {
	w.t.Helper()
	base, _ := url.Parse(w.s.url + "/")
	to, err := base.Parse(address)
	if err != nil || to.Host == base.Host && to.Path != "/chat" && !strings.HasPrefix(to.Path, "/chat/") ||
		strings.HasPrefix(to.Path, "/chat/chat") {
		w.t.Errorf("%s: %q leads out of the path", what, address)
	}
}

// visit reads a page and the pages that it links to.
func (w *walker) visit(path string) {
	w.t.Helper()
	if w.seen[path] {
		return
	}
	w.seen[path] = true
	page, _, _ := strings.Cut(path, "?")
	if w.variants[page]++; w.variants[page] > maxVariants {
		return
	}
	at, err := url.Parse(w.s.url)
	w.s.must(err)
	if at, err = at.Parse(path); err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, at.String(), nil)
	w.s.must(err)
	r.Header.Set("Accept", "text/html")
	res, err := w.http.Do(r)
	w.s.must(err)
	var body bytes.Buffer
	_, err = body.ReadFrom(res.Body)
	w.s.must(err)
	_ = res.Body.Close()
	if res.StatusCode >= 500 || res.StatusCode == http.StatusNotFound && path != "/chat/no-such-page" {
		w.t.Errorf("%s answered %d", path, res.StatusCode)
	}
	if to := res.Header.Get("Location"); to != "" {
		w.inside("the redirect of "+path, to)
		w.visit(to)
		return
	}
	switch kind := res.Header.Get("Content-Type"); {
	case strings.HasPrefix(kind, "text/html"):
		for _, next := range w.links(path, &body) {
			w.visit(next)
		}
	case strings.HasSuffix(path, "/openapi.json"):
		if server := `"url":"/chat"`; !strings.Contains(body.String(), server) {
			w.t.Errorf("the document does not name the server %s", server)
		}
		if strings.Contains(body.String(), `"url":"/"`) || strings.Contains(body.String(), `"url":"/api`) {
			w.t.Error("the document names a server outside of the path")
		}
	}
}

// links checks every attribute that holds an address and returns those of the links. Every value that begins with a slash counts as an
// address.
func (w *walker) links(path string, page *bytes.Buffer) (next []string) {
	w.t.Helper()
	root, err := html.Parse(page)
	w.s.must(err)
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			addressed := slices.Contains([]string{"href", "src", "action", "formaction", "hx-post", "hx-get"}, a.Key)
			if !addressed && !strings.HasPrefix(a.Val, "/") {
				continue
			}
			w.inside(path+" <"+n.Data+" "+a.Key+">", a.Val)
			if n.Data == "a" && a.Key == "href" && strings.HasPrefix(a.Val, "/") || n.Data == "script" || n.Data == "link" {
				if a.Key == "href" || a.Key == "src" {
					address, _, _ := strings.Cut(a.Val, "#")
					next = append(next, address)
				}
			}
		}
	}
	return next
}

// TestPublicURLWithAPath checks which paths are accepted, and the errors for others.
func TestPublicURLWithAPath(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                                "",
		"https://example.com":             "",
		"https://example.com/":            "",
		"https://example.com/chat":        "/chat",
		"https://example.com/chat/":       "/chat",
		"https://example.com/chat//":      "/chat",
		"https://example.com/a/b":         "/a/b",
		"https://example.com/ch%61t":      "/chat",
		"https://example.com/客服":          "/%E5%AE%A2%E6%9C%8D",
		"https://example.com/my chat":     "/my%20chat",
		"https://example.com/de/login":    "/de/login",
		"https://example.com/logins":      "/logins",
		"https://example.com/a/../b":      "refused",
		"https://example.com/a//b":        "refused",
		"https://example.com/./a":         "refused",
		"https://example.com/a%2Fb":       "refused",
		"https://example.com/a%5Cb":       "refused",
		"https://example.com/a%00b":       "refused",
		"https://example.com/a;b":         "refused",
		"https://example.com/login":       "refused",
		"https://example.com/api/chat":    "refused",
		"https://example.com/widget.js":   "refused",
		"https://example.com/chat?a=b":    "refused",
		"https://example.com/chat#part":   "refused",
		"https://u:pass@example.com/chat": "refused",
		"example.com/chat":                "refused",
		"/chat":                           "refused",
	} {
		got, err := web.BaseOf(raw)
		switch {
		case err != nil && want != "refused":
			t.Errorf("%q is refused: %v", raw, err)
		case err == nil && got != want:
			t.Errorf("%q is served below %q, want %q", raw, got, want)
		case err != nil && strings.Contains(err.Error(), "pass@"):
			t.Errorf("the refusal tells a password: %v", err)
		}
	}
}
