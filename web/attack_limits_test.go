package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/web"
)

// behindProxy makes an instance trust the X-Forwarded-For header from this machine.
func behindProxy(set *setup) {
	set.options = func(o *web.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
}

// signsInAs tries a wrong password with headers of the attacker's choice.
func (h *testServer) signsInAs(email string, header http.Header) int {
	h.t.Helper()
	header = header.Clone()
	header.Set("Content-Type", "application/json")
	return h.send("POST", forAgent+"/login", header, fmt.Appendf(nil, `{"email":%q,"password":"wrong wrong wrong"}`, email)).Status
}

// TestAttackLimiterDodging checks that no header makes one caller look like several.
func TestAttackLimiterDodging(t *testing.T) {
	t.Parallel()
	few := func(set *setup) { set.settings = func(m *models.Settings) { m.RateLogin = 2 } }
	tries := func(h *testServer, what string, disguises []http.Header) {
		t.Helper()
		for n, header := range disguises {
			want := 429
			if n < 2 {
				want = 401
			}
			if got := h.signsInAs("anna@example.com", header); got != want {
				t.Errorf("%s: try %d with %v answered %d, want %d", what, n, header, got, want)
			}
		}
	}
	var disguises []http.Header
	for n, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Originating-IP", "X-Cluster-Client-IP", "Fastly-Client-IP", "X-Remote-Addr", "Via"} {
		value := fmt.Sprintf("198.51.100.%d", n)
		if name == "Forwarded" {
			value = "for=" + value
		}
		disguises = append(disguises, http.Header{name: {value}}, http.Header{name: {value + ", 10.0.0.1"}})
	}
	tries(startServer(t, few), "without a proxy", disguises)

	disguises = nil
	for _, before := range []string{"", "198.51.100.1, ", "198.51.100.2,198.51.100.3, ", "unknown, ", "\"x\", ", "127.0.0.1, ", "::1, ", ", ", "10.0.0.9:80, ", "%31, ", strings.Repeat("198.51.100.4, ", 300)} {
		disguises = append(
			disguises,
			http.Header{"X-Forwarded-For": {before + "203.0.113.7"}, "X-Real-IP": {"198.51.100.9"}, "Forwarded": {"for=198.51.100.8"}},
		)
	}
	disguises = append(
		disguises,
		http.Header{"X-Forwarded-For": {"198.51.100.5", "203.0.113.7"}},
		http.Header{"X-Forwarded-For": {"203.0.113.7, 127.0.0.1"}},
		http.Header{"X-Forwarded-For": {" 203.0.113.7 "}},
		http.Header{"X-Forwarded-For": {"::ffff:203.0.113.7"}},
		http.Header{"X-Forwarded-For": {"::ffff:cb00:7107"}},
	)
	proxied := startServer(t, few, behindProxy)
	tries(proxied, "behind a proxy", disguises)

	disguises = nil
	for _, address := range []string{"2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:DB8:1:2:0:0:0:3", "198.51.100.1, 2001:db8:1:2::4"} {
		disguises = append(disguises, http.Header{"X-Forwarded-For": {address}})
	}
	tries(proxied, "one household", disguises)
	for n, spelled := range []string{"bob@example.com", "BOB@example.com", " bob@example.com", "Bob@Example.COM ", "\tbob@example.com\n", "bOb@eXample.com"} {
		if got := proxied.signsInAs(spelled, http.Header{"X-Forwarded-For": {"203.0.113.50"}}); (got == 429) != (n >= 2) {
			t.Errorf("%q, try %d, answered %d", spelled, n, got)
		}
	}
}

// TestAttackOneLimitByManyWays checks that a limit per user or agent applies across addresses, sessions and devices.
func TestAttackOneLimitByManyWays(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(set *setup) {
		before := set.settings
		set.settings = func(m *models.Settings) { before(m); m.RateSend = 6 }
	})
	maria := func() string { return s.signedUser("maria") }
	chat := s.asks(maria(), "One")
	page := func(path, token string, fields url.Values) int {
		fields.Set("csrf_token", web.CSRFFor(token))
		return s.send(
			"POST",
			path,
			http.Header{
				"Cookie":       {"parley_user=" + token},
				"Content-Type": {"application/x-www-form-urlencoded"},
				"Accept":       {"application/json"},
			},
			[]byte(fields.Encode()),
		).Status
	}
	ways := []func() int{
		func() int {
			return s.ask("POST", forUser+"/chats/"+chat+"/messages", maria(), map[string]any{"content": "x"}).Status
		},
		func() int {
			return s.ask("POST", "/api/users/user/customer-service/chats/"+chat+"/messages", maria(), map[string]any{"content": "x"}).Status
		},
		func() int { return page("/widget/chats/"+chat+"/messages", maria(), url.Values{"content": {"x"}}) },
		func() int { return page("/widget/assign", maria(), url.Values{"message": {"x"}}) },
		func() int { return s.ask("POST", forUser+"/assign", maria(), map[string]any{"message": "x"}).Status },
	}
	for n := range ways {
		if got := ways[n](); got > 201 {
			t.Errorf("way %d answered %d before the limit", n, got)
		}
	}
	for n, way := range ways {
		if got := way(); got != 429 {
			t.Errorf("way %d answered %d over the limit", n, got)
		}
	}
	if messages, err := s.desk.Messages(
		t.Context(),
		admin,
		chat,
		0,
		200,
	); err != nil ||
		len(messages) > 7 { // and the system message that an agent joined
		t.Errorf("there are %d messages, %v", len(messages), err)
	}
}

// TestAttackAnonymousUsersWithoutEnd checks that one address can create a limited number of users per minute, by any endpoint, and then
// none.
func TestAttackAnonymousUsersWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newStage(t, behindProxy, func(set *setup) {
		before := set.settings
		set.settings = func(m *models.Settings) { before(m); m.RateSession = 4 }
	})
	from := func(address string, n int, cookie string) answer {
		header := http.Header{"X-Forwarded-For": {address}, "Cookie": {cookie}}
		if n%2 == 0 {
			return s.send("POST", "/api/user/session", header, nil)
		}
		header.Set("Accept", "application/json")
		header.Set("Cookie", "parley_probe=1; "+cookie)
		return s.send("POST", "/widget/session", header, nil)
	}
	known := ""
	for n := range 4 {
		if got := from("203.0.113.7", n, "").want(200); n == 1 {
			known = "parley_user=" + got.cookie("parley_user").Value
		}
	}
	before := s.kept()
	for n := range 6 {
		got := from("203.0.113.7", n, "parley_user=planted")
		if got.Status != 429 || got.Header.Get("Retry-After") == "" || got.Header.Get("Set-Cookie") != "" {
			t.Errorf("user %d of one address answered %d, %v", n+5, got.Status, got.Header)
		}
	}
	from("203.0.113.7", 1, known).want(200) // existing users are not affected
	s.unchanged(before, "one user too many")
	from("203.0.113.8", 0, "").want(200)
	for n := range 5 {
		if got := from(fmt.Sprintf("2001:db8:1:2::%d", n), n, "").Status; (got == 429) != (n == 4) {
			t.Errorf("user %d of a household answered %d", n+1, got)
		}
	}
	for range 6 {
		s.ask("POST", "/api/user/session", "", nil).want(200) // of the machine itself
	}
}

// TestAttackFloods checks that cheap requests in large numbers are not all published or stored.
func TestAttackFloods(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(set *setup) {
		before := set.settings
		set.settings = func(m *models.Settings) { before(m); m.RateEnd = 2 }
	})
	sc, anna := s.scene(models.Active), s.caller("the agent").token
	mine, hers := forUser+"/chats/"+sc.chat, forAgent+"/chats/"+sc.chat
	stream := s.listen(forAgent+"/events", anna, "")
	stream.next("presence")

	began := time.Now()
	for range 100 {
		s.ask("POST", mine+"/typing", sc.owner, nil).want(204)
	}
	took := time.Since(began)
	s.ask("POST", mine+"/messages", sc.owner, map[string]any{"content": "The end of the flood"}).want(201)
	told := 0
	for e := stream.any(); e.body["content"] != "The end of the flood"; e = stream.any() {
		if e.Name == "typing" {
			told++
		}
	}
	if most := int(took/(500*time.Millisecond)) + 1; told < 1 || told > most {
		t.Errorf("in %s the other side was told %d times, at most %d are right", took, told, most)
	}

	version := func() int64 {
		c, err := s.desk.Chat(t.Context(), admin, sc.chat)
		s.must(err)
		return c.Version
	}
	before, began := version(), time.Now()
	for range 60 {
		s.ask("POST", mine+"/still-here", sc.owner, nil).want(204)
	}
	if grown, most := version()-before, int64(time.Since(began)/time.Second)+1; grown > most {
		t.Errorf("still here was stored %d times in %s", grown, time.Since(began))
	}
	before = version()
	for range 40 {
		s.ask("POST", hers+"/mark-delivered", anna, nil).want(200)
		s.ask("POST", hers+"/mark-read", anna, nil).want(200)
	}
	if grown := version() - before; grown > 2 {
		t.Errorf("two confirmations were stored %d times", grown)
	}
	other := s.anonymous()
	var left []int
	for range 8 {
		s.ask("POST", forUser+"/assign", other, map[string]any{"department": unserved})
		left = append(left, s.ask("POST", forUser+"/queue/cancel", other, nil).Status)
	}
	if want := []int{200, 200, 200, 200, 200, 200, 429, 429}; !slices.Equal(left, want) {
		t.Errorf("coming and going: %v, want %v", left, want)
	}
}

// TestAttackAccountsCannotBeGuessed checks that neither the response nor its time reveals whether an account exists or is disabled.
func TestAttackAccountsCannotBeGuessed(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	accounts := []string{"anna@example.com", "gone@example.com", "nobody@example.com", "' OR 1=1 --"}
	fastest := map[string]time.Duration{}
	var words string
	for range 7 { // in turns, so that other load affects all of them
		for _, email := range accounts {
			began := time.Now()
			got := s.ask("POST", forAgent+"/login", "", map[string]any{"email": email, "password": "wrong wrong wrong"}).
				refused(401, "wrong_credentials")
			if took := time.Since(began); fastest[email] == 0 || took < fastest[email] {
				fastest[email] = took
			}
			if words == "" {
				words = got.told()
			}
			if got.told() != words || got.Header.Get("Retry-After") != "" {
				t.Errorf("%s is told %s, others %s", email, got.Body, words)
			}
		}
	}
	for _, email := range accounts[1:] {
		if 4*fastest[email] < fastest[accounts[0]] || fastest[email] > 4*fastest[accounts[0]] {
			t.Errorf("%s takes %s, an account that is there %s", email, fastest[email], fastest[accounts[0]])
		}
	}
	s.ask("POST", forAgent+"/login", "", map[string]any{"email": "gone@example.com", "password": password}).
		refused(401, "wrong_credentials")
	bob := s.caller("another agent").token
	for _, id := range []string{s.people["anna"].ID, s.people["gone"].ID, "nobody"} {
		s.ask("GET", forAgent+"/"+id+"/rating", bob, nil).refused(403, "not_your_rating")
	}
}

// TestAttackForwardedHeaders checks that a caller cannot set the address of the server by headers for proxies.
func TestAttackForwardedHeaders(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*setup){"alone": func(*setup) {}, "behind a proxy": behindProxy, "over https": overHTTPS} {
		s := newStage(t, change)
		hostile := http.Header{
			"X-Forwarded-Proto": {
				"javascript:alert(1)//",
			},
			"X-Forwarded-Protocol": {"data:x"},
			"X-Url-Scheme":         {"vbscript"},
			"X-Forwarded-Host":     {"evil.example"},
			"X-Host":               {"evil.example"},
			"X-Original-Url": {
				"/admin/people",
			},
			"X-Rewrite-Url":      {"/admin/people"},
			"X-Forwarded-Prefix": {"//evil.example"},
			"X-Forwarded-Server": {"evil.example"},
			"Forwarded":          {"host=evil.example;proto=javascript"},
		}
		for _, path := range []string{"/demo", "/login", "/", "/widget?origin=https://evil.example", "/widget.js", "/workbench"} {
			got := s.send("GET", path, hostile.Clone(), nil)
			text := string(got.Body) + got.Header.Get("Location") + got.Header.Get("Set-Cookie")
			for _, word := range []string{"javascript:alert", "data:x", "vbscript", `"https://evil.example`, "//evil.example\"", "admin/people"} {
				if strings.Contains(strings.ReplaceAll(text, "origin=https%3A%2F%2Fevil.example", ""), word) {
					t.Errorf("%s: %s says %q", name, path, word)
				}
			}
		}
		secure := http.Header{"X-Forwarded-Proto": {map[bool]string{true: "http", false: "https"}[name == "over https"]}}
		got := s.send("GET", "/widget", secure, nil).want(200)
		if cookie := got.Header.Get(
			"Set-Cookie",
		); strings.HasPrefix(cookie, "__Host-") != (name == "over https") ||
			strings.Contains(cookie, "Secure") != (name == "over https") {
			t.Errorf("%s: a header made the cookie %q", name, cookie)
		}
	}
}
