package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
	"parley/web"
)

// signed returns a user token; method nil is HS256 with the shared secret.
func signed(t *testing.T, claims jwt.MapClaims, method jwt.SigningMethod, key any) string {
	t.Helper()
	if method == nil {
		method, key = jwt.SigningMethodHS256, []byte(secret)
	}
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSignedUserTokens(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	soon := time.Now().Add(time.Hour).Unix()
	path := forUser + "/queue-status"

	good := signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon, "name": "Mia Wong", "email": "mia@example.com"}, nil, nil)
	h.ask("GET", path, good, nil).want(200)
	mia, err := h.desk.UserByID(t.Context(), "u-1")
	if err != nil || mia.DisplayName() != "Mia Wong" || !mia.IsVerified {
		t.Errorf("the user is %+v, %v", mia, err)
	}
	h.ask("GET", path, signed(t, jwt.MapClaims{"sub": strings.Repeat("ü", 64), "exp": soon}, nil, nil), nil).want(200)

	day := time.Now().Add(24 * time.Hour)
	for name, claims := range map[string]jwt.MapClaims{
		"a whole day":                    {"sub": "u-1", "exp": day.Unix()},
		"a day by a clock that is ahead": {"sub": "u-1", "exp": day.Add(50 * time.Second).Unix()},
		"by a clock that is behind":      {"sub": "u-1", "exp": time.Now().Add(-50 * time.Second).Unix()},
		"issued by a clock ahead":        {"sub": "u-1", "exp": soon, "iat": time.Now().Add(50 * time.Second).Unix(), "nbf": time.Now().Add(50 * time.Second).Unix()},
	} {
		if got := h.ask("GET", path, signed(t, claims, nil, nil), nil); got.Status != 200 {
			t.Errorf("%s: answered %d", name, got.Status)
		}
	}
	extended := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u-1", "exp": soon})
	extended.Header["crit"] = []string{"exp"}
	odd, err := extended.SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"expired":       signed(t, jwt.MapClaims{"sub": "u-1", "exp": time.Now().Add(-70 * time.Second).Unix()}, nil, nil),
		"too long":      signed(t, jwt.MapClaims{"sub": "u-1", "exp": day.Add(70 * time.Second).Unix()}, nil, nil),
		"endless":       signed(t, jwt.MapClaims{"sub": "u-1", "exp": 1e300}, nil, nil),
		"exp in words":  signed(t, jwt.MapClaims{"sub": "u-1", "exp": "tomorrow"}, nil, nil),
		"exp null":      signed(t, jwt.MapClaims{"sub": "u-1", "exp": nil}, nil, nil),
		"in the future": signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon, "iat": time.Now().Add(70 * time.Second).Unix()}, nil, nil),
		"an extension":  odd,
		"padded":        good + "=",
		"our own id":    signed(t, jwt.MapClaims{"sub": "anon-5f0c1a56-7a55-4a5c-9a7a-6d0f3b8f4a11", "exp": soon}, nil, nil),
		"blank around":  signed(t, jwt.MapClaims{"sub": " u-1", "exp": soon}, nil, nil),
		"an empty key":  signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon}, jwt.SigningMethodHS256, []byte{}),
		"without exp":   signed(t, jwt.MapClaims{"sub": "u-1"}, nil, nil),
		"without sub":   signed(t, jwt.MapClaims{"exp": soon}, nil, nil),
		"long sub":      signed(t, jwt.MapClaims{"sub": strings.Repeat("x", 65), "exp": soon}, nil, nil),
		"NUL in sub":    signed(t, jwt.MapClaims{"sub": "a\x00b", "exp": soon}, nil, nil),
		"a number sub":  signed(t, jwt.MapClaims{"sub": 7, "exp": soon}, nil, nil),
		"not yet":       signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon, "nbf": soon}, nil, nil),
		"another key":   signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon}, jwt.SigningMethodHS256, []byte("another")),
		"HS512":         signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon}, jwt.SigningMethodHS512, []byte(secret)),
		"no algorithm":  signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon}, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"cut off":       good[:len(good)-4],
		"no token":      "a.b.c",
		"nothing known": "unknown",
	} {
		if got := h.ask("GET", path, token, nil); got.Status != 401 {
			t.Errorf("%s: answered %d", name, got.Status)
		}
	}
	// During a change of the secret both are accepted, afterwards only the new one.
	changing := startServer(t, func(s *setup) {
		s.options = func(o *web.Options) {
			o.UserTokenSecret, o.UserTokenSecretPrevious = []byte("the next secret of ours"), []byte(secret)
		}
	})
	changing.ask("GET", path, good, nil).want(200)
	changing.ask("GET", path, signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon}, jwt.SigningMethodHS256, []byte("the next secret of ours")), nil).
		want(200)
	changing.ask("GET", path, signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon}, jwt.SigningMethodHS256, []byte("another")), nil).
		refused(401, "unauthorized")
	none := startServer(t, func(s *setup) { s.options = func(o *web.Options) { o.UserTokenSecret = nil } })
	none.ask("GET", path, signed(t, jwt.MapClaims{"sub": "u-1", "exp": soon}, jwt.SigningMethodHS256, []byte{}), nil).
		refused(401, "unauthorized")
}

// TestEveryRouteAsksForItsCredential goes through the whole table.
func TestEveryRouteAsksForItsCredential(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, userToken := h.guest()
	_, agentToken := h.agent("anna", models.RoleAgent)
	param := regexp.MustCompile(`\{\w+\}`)
	checked := 0
	for _, line := range web.MostLines() {
		if line.Public {
			continue
		}
		path := param.ReplaceAllString(line.Path, "1")
		ask := func(token string) int {
			header := http.Header{}
			if token != "" {
				header.Set("Authorization", "Bearer "+token)
			}
			return h.send(line.Method, path, header, nil).Status
		}
		api := strings.HasPrefix(path, "/api/")
		if got := ask(""); got != 401 && (api || got != 303) {
			t.Errorf("%s %s without credentials answered %d", line.Method, path, got)
		}
		if got := ask("rubbish"); got != 401 && (api || got != 303) {
			t.Errorf("%s %s with a token that opens nothing answered %d", line.Method, path, got)
		}
		wrong := userToken
		if line.Who == "user" {
			wrong = agentToken
		}
		if got := ask(wrong); got != 403 {
			t.Errorf("%s %s with the wrong kind of credential answered %d", line.Method, path, got)
		}
		if line.Who == "supervisor" || line.Who == "admin" {
			if got := ask(agentToken); got != 403 {
				t.Errorf("%s %s answered %d to a mere agent", line.Method, path, got)
			}
		}
		checked++
	}
	if checked < 60 {
		t.Errorf("only %d lines checked", checked)
	}
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	a, _ := h.agent("anna", models.RoleAgent)
	in := map[string]any{"email": " ANNA@example.com", "password": password}
	got := h.ask("POST", forAgent+"/login", "", in).want(200).object()
	if got["service"].(map[string]any)["id"] != a.ID {
		t.Errorf("signed in as %v", got)
	}
	token := got["token"].(string)
	h.ask("GET", forAgent+"/status", token, nil).want(200)
	h.ask("POST", forAgent+"/logout", token, nil).want(200)
	h.ask("GET", forAgent+"/status", token, nil).refused(401, "unauthorized")

	h.ask("POST", forAgent+"/login", "", map[string]any{"email": "anna@example.com", "password": "wrong"}).refused(401, "wrong_credentials")
	h.ask("POST", forAgent+"/login", "", map[string]any{"email": "nobody@example.com", "password": "wrong"}).
		refused(401, "wrong_credentials")
	h.ask("POST", forAgent+"/login", "", map[string]any{"email": "anna@example.com"}).refused(422, "validation_failed")
	h.ask("POST", forAgent+"/login", "", nil).refused(422, "validation_failed")
}

// forms is a browser without scripts: it keeps cookies and sends forms.
type forms struct {
	*testServer
	cookies map[string]string
	header  http.Header
}

func (b *forms) do(method, path string, form url.Values) answer {
	b.t.Helper()
	header := b.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	var jar []string
	for name, value := range b.cookies {
		jar = append(jar, name+"="+value)
	}
	header.Set("Cookie", strings.Join(jar, "; "))
	header.Set("Accept", "text/html")
	header.Set("Sec-Fetch-Site", "same-origin")
	for name := range b.header {
		header.Set(name, b.header.Get(name))
	}
	if form != nil {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	got := b.send(method, path, header, []byte(form.Encode()))
	for _, line := range got.Header.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		if err != nil {
			b.t.Fatal(err)
		}
		if b.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 { // an empty one is still a cookie
			delete(b.cookies, cookie.Name)
		}
	}
	return got
}

var csrfMeta = regexp.MustCompile(`name="csrf-token" content="([^"]*)"`)

func TestTheSignInPageAndItsSession(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.agent("carla", models.RoleSupervisor)
	b := &forms{testServer: h, cookies: map[string]string{}}

	if to := b.do("GET", "/supervisor?department=cards", nil).
		want(303).
		Header.Get(
		"Location",
	); to != "/login?next=%2Fsupervisor%3Fdepartment%3Dcards" {
		t.Errorf("sent to %q", to)
	}
	b.do("GET", "/login", nil).want(200)
	wrong := b.do("POST", "/login", url.Values{"email": {"carla@example.com"}, "password": {"nope"}}).want(401)
	if !strings.Contains(string(wrong.Body), "is wrong") || !strings.Contains(string(wrong.Body), `value="carla@example.com"`) {
		t.Errorf("the form says: %s", wrong.Body)
	}
	in := url.Values{"email": {"carla@example.com"}, "password": {password}}
	for next, want := range map[string]string{"": "/supervisor", "/workbench?x=1": "/workbench?x=1", "https://evil.example": "/supervisor", "//evil.example": "/supervisor", `/\evil.example`: "/supervisor"} {
		in.Set("next", next)
		if to := b.do("POST", "/login", in).want(303).Header.Get("Location"); to != want {
			t.Errorf("next=%q led to %q, want %q", next, to, want)
		}
	}
	page := b.do("GET", "/supervisor", nil).want(200)
	meta := csrfMeta.FindSubmatch(page.Body)
	if meta == nil || len(meta[1]) < 20 {
		t.Fatal("the page has no CSRF token")
	}
	b.header = http.Header{"Hx-Request": {"true"}}
	b.do("POST", "/workbench/away", url.Values{}).refused(403, "csrf_failed")
	b.do("POST", "/workbench/away", url.Values{"csrf_token": {"x" + string(meta[1])}}).refused(403, "csrf_failed")
	b.header.Set("X-CSRF-Token", string(meta[1]))
	if got := b.do("POST", "/workbench/away", url.Values{}); got.Status >= 300 {
		t.Errorf("with the header: %d", got.Status)
	}
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.do("POST", "/workbench/away", url.Values{}).refused(403, "cross_origin")
	b.header = http.Header{"Sec-Fetch-Site": {"cross-site"}}
	b.do("POST", "/login", in).want(403)
	b.header = nil

	// The JSON endpoints accept the cookie too, with the CSRF token.
	session := http.Header{"Cookie": {"parley_session=" + b.cookies["parley_session"]}}
	h.send("GET", forAgent+"/status", session, nil).want(200)
	h.send("POST", forAgent+"/online", session, nil).refused(403, "csrf_failed")
	h.send("GET", forUser+"/chats", session, nil).refused(403, "wrong_credential")

	if to := b.do("POST", "/logout", url.Values{"csrf_token": {string(meta[1])}}).want(303).Header.Get("Location"); to != "/login" {
		t.Errorf("signed out to %q", to)
	}
	if left, there := b.cookies["parley_session"]; there {
		t.Errorf("the cookie is still there, as %q", left)
	}
	h.send("GET", forAgent+"/status", session, nil).refused(401, "unauthorized")
}

func TestCookiesOverTLS(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.options = func(o *web.Options) { o.PublicURL = "https://chat.example.com" } })
	h.agent("anna", models.RoleAgent)
	b := &forms{testServer: h, cookies: map[string]string{}}
	got := b.do("POST", "/login", url.Values{"email": {"anna@example.com"}, "password": {password}}).want(303)
	cookie := got.Header.Get("Set-Cookie")
	for _, part := range []string{"__Host-parley_session=", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("%q lacks %s", cookie, part)
		}
	}
	if strings.Contains(cookie, "Domain") {
		t.Errorf("%q names a domain", cookie)
	}
}

func TestTicketsOpenOneStream(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, userToken := h.guest()
	_, agentToken := h.agent("anna", models.RoleAgent)
	ticket := func(path, token string) string {
		return h.ask("POST", path+"/stream-ticket", token, nil).want(200).str("ticket")
	}

	one := ticket(forUser, userToken)
	stream := h.listen(forUser+"/events?ticket="+one, "", "")
	stream.next("queue")
	if got := h.listen(forUser+"/events?ticket="+one, "", ""); got.status != 401 {
		t.Errorf("a ticket opened a second stream: %d", got.status)
	}
	if got := h.listen(forAgent+"/events?ticket="+ticket(forUser, userToken), "", ""); got.status != 403 {
		t.Errorf("a user's ticket at the agents' stream: %d", got.status)
	}
	if got := h.listen("/api/supervisor/events?ticket="+ticket(forAgent, agentToken), "", ""); got.status != 403 {
		t.Errorf("an agent's ticket at the supervisors' stream: %d", got.status)
	}
	h.ask("GET", forUser+"/chats?ticket="+ticket(forUser, userToken), "", nil).refused(401, "unauthorized")
}

func TestOnlyAllowedSitesGetCORSAnswers(t *testing.T) {
	t.Parallel()
	const site = "https://shop.example.com"
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.AllowedOrigins = []string{site} } })
	allowed := func(method, path, origin string) string {
		got := h.send(method, path, http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"}}, nil)
		if got.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s %s allows credentials", method, path)
		}
		return got.Header.Get("Access-Control-Allow-Origin")
	}
	for _, path := range []string{"/api/user/session", forUser + "/chats", "/api/users/user/customer-service/assign", forUser + "/events"} {
		for _, method := range []string{"OPTIONS", "GET", "POST"} {
			want := site
			if served := h.send(method, path, http.Header{}, nil).Status; served == 405 {
				want = ""
			}
			if got := allowed(method, path, site); got != want {
				t.Errorf("%s %s allows %q", method, path, got)
			}
			for _, other := range []string{"https://shop.example.com.evil.example", "http://shop.example.com", "https://evil.example", "null", site + "/"} {
				if got := allowed(method, path, other); got != "" {
					t.Errorf("%s %s allows %q for %q", method, path, got, other)
				}
			}
		}
	}
	for _, path := range []string{forAgent + "/status", forAgent + "/check-availability", "/api/supervisor/queue", "/openapi.json", "/login"} {
		for _, method := range []string{"GET", "OPTIONS", "POST"} {
			if got := allowed(method, path, site); got != "" {
				t.Errorf("%s %s allows %q", method, path, got)
			}
		}
	}
}

func TestAddressesBehindProxies(t *testing.T) {
	t.Parallel()
	tried := func(h *testServer, forwarded string) int {
		return h.send("POST", forAgent+"/login", http.Header{"Content-Type": {"application/json"}, "X-Forwarded-For": {forwarded}},
			[]byte(`{"email":"anna@example.com","password":"wrong"}`)).Status
	}
	direct := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.RateLogin = 2 } })
	for i, want := range []int{401, 401, 429} {
		if got := tried(direct, "203.0.113."+string(rune('1'+i))); got != want {
			t.Errorf("try %d with a made-up address answered %d", i, got)
		}
	}
	proxied := startServer(t, func(s *setup) {
		s.settings = func(m *models.Settings) { m.RateLogin = 2 }
		s.options = func(o *web.Options) {
			loopback, err := web.ParseNetwork("127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			o.TrustedProxies = append(o.TrustedProxies, loopback)
		}
	})
	for i, c := range []struct {
		from string
		want int
	}{{"2001:db8::1", 401}, {"2001:db8::2", 401}, {"2001:db8::3", 429}, {"2001:db8:0:1::1", 401}, {"198.51.100.7, 2001:db8:0:1::1", 401}, {"198.51.100.8, 2001:db8:0:1::1", 429}} {
		if got := tried(proxied, c.from); got != c.want {
			t.Errorf("try %d from %s answered %d, want %d", i, c.from, got, c.want)
		}
	}
}
