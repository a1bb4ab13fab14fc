package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
	"parley/web/kit"
)

// visitor is a browser without a screen.
type visitor struct {
	*http.Client
	t    *testing.T
	last *http.Request // of the latest redirect
}

func newVisitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	v := &visitor{Client: &http.Client{Jar: jar}, t: t}
	v.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		v.last = r
		return nil
	}
	return v
}

// open follows all redirects and returns the path of the page, its status and its text.
func (v *visitor) open(address string) (path string, status int, page string) {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, address, nil)
	must(v.t, err)
	request.Header.Set("Accept", "text/html")
	response, err := v.Do(request)
	must(v.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(v.t, err)
	return response.Request.URL.RequestURI(), response.StatusCode, string(body)
}

// signsIn expects that signing in at the provider leads to a page.
func (v *visitor) signsIn(h *testServer, want string) {
	v.t.Helper()
	if path, status, page := v.open(h.url + "/login/sso?next=" + url.QueryEscape(want)); path != want || status != 200 {
		v.t.Fatalf("signing in leads to %s: %d %s", path, status, page)
	}
}

// isRefused expects that signing in at the provider leads to the sign-in page, with a text.
func (v *visitor) isRefused(h *testServer, want int, text string) {
	v.t.Helper()
	path, status, page := v.open(h.url + "/login/sso")
	if !strings.HasPrefix(path, "/login") || status != want || !strings.Contains(page, text) {
		v.t.Errorf("signing in leads to %s: %d, want %d with %q: %s", path, status, want, text, page)
	}
	if _, status, _ := v.open(h.url + "/account"); status != 200 {
		return
	}
	if path, _, _ := v.open(h.url + "/account"); path == "/account" {
		v.t.Error("the visitor is signed in all the same")
	}
}

var supportOnly = models.SSORules{Groups: []models.SSOGroup{
	{Group: "support", Role: models.RoleAgent, Departments: []string{"cards"}},
	{Group: "leads", Role: models.RoleSupervisor},
	{Group: "chat-admins", Role: models.RoleAdmin},
}}

// posts sends a form without a session.
func (h *testServer) posts(path string, form url.Values) answer {
	h.t.Helper()
	header := http.Header{"Accept": {"text/html"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	return h.send("POST", path, header, []byte(form.Encode()))
}

// account returns the agent with an address.
func (h *testServer) account(email string) *models.Agent {
	h.t.Helper()
	agents, err := h.desk.Agents(h.t.Context())
	must(h.t, err)
	for i := range agents {
		if agents[i].Email == email {
			return &agents[i]
		}
	}
	return nil
}

// TestSSOMakesAndChangesAccounts follows one person through the groups of the provider.
func TestSSOMakesAndChangesAccounts(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	h := startServer(t, p.with(supportOnly))
	_, alex := h.agent("alex", models.RoleAdmin)
	_, err := h.desk.AddDepartment(t.Context(), admin, "cards", "Cards")
	must(t, err)
	groups := func(names ...string) {
		p.set(func(p *strangeProvider) { p.person["groups"] = names })
	}
	dora := newVisitor(t)
	dora.signsIn(h, "/workbench")
	a := h.account("dora@example.com")
	if a == nil || a.Role != models.RoleAgent || a.Name != "Dora" || !slices.Equal(a.Departments, []string{"cards"}) {
		t.Fatalf("the account is %+v", a)
	}
	asked := p.asked[0]
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(asked.Get(name)) < 20 {
			t.Errorf("%s is %q", name, asked.Get(name))
		}
	}

	groups("support", "leads")
	newVisitor(t).signsIn(h, "/supervisor")
	if a = h.account("dora@example.com"); a.Role != models.RoleSupervisor {
		t.Errorf("the role is %s", a.Role)
	}
	if path, _, _ := dora.open(h.url + "/workbench"); !strings.HasPrefix(path, "/login") {
		t.Error("a session outlives the change of the role")
	}
	p.set(func(p *strangeProvider) { p.person["email"] = "other@example.com" }) // the subject counts, not the address
	newVisitor(t).signsIn(h, "/supervisor")
	if h.account("other@example.com") != nil {
		t.Error("another address is another account")
	}

	groups("nothing")
	dora = newVisitor(t)
	dora.isRefused(h, 403, "no access to Parley")
	if a = h.account("dora@example.com"); a.DisabledAt == nil {
		t.Error("without a group the account is not disabled")
	}
	groups("leads")
	dora.signsIn(h, "/supervisor")
	if a = h.account("dora@example.com"); a.DisabledAt != nil || len(a.Departments) != 0 {
		t.Errorf("with a group again the account is %+v", a)
	}
	disabled := true
	_, err = h.desk.UpdateAgent(t.Context(), admin, a.ID, models.AgentChange{Disabled: &disabled})
	must(t, err)
	newVisitor(t).isRefused(h, 403, "is disabled in Parley")
	enabled := false
	_, err = h.desk.UpdateAgent(t.Context(), admin, a.ID, models.AgentChange{Disabled: &enabled})
	must(t, err)
	groups("nothing")
	newVisitor(t).isRefused(h, 403, "no access to Parley")
	_, err = h.desk.UpdateAgent(t.Context(), admin, a.ID, models.AgentChange{Disabled: &disabled}) // and so it stays
	must(t, err)
	groups("leads")
	newVisitor(t).isRefused(h, 403, "is disabled in Parley")

	rows, _ := h.log(alex, "actor_id=sso")
	var did []string
	for _, r := range rows {
		did = append(did, r["action"].(string))
	}
	for _, want := range []string{
		"agent_added", "sso_account_linked", "role_changed", "agent_disabled", "agent_enabled", "agent_departments_changed",
	} {
		if !slices.Contains(did, want) {
			t.Errorf("the audit log lacks %s: %v", want, did)
		}
	}
	h.browse("GET", "/admin/audit", alex, nil).want(200).says("Single sign-on", "Linked an account")
}

// TestSSOLinksByVerifiedAddressOnly signs in people whose address an agent has.
func TestSSOLinksByVerifiedAddressOnly(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	h := startServer(t, p.with(models.SSORules{})) // without groups no account is made and no role changes
	_, _ = h.agent("anna", models.RoleSupervisor)
	anna := h.account("anna@example.com")
	if anna == nil {
		t.Fatal("there is no Anna")
	}
	newVisitor(t).isRefused(h, 403, "no access to Parley")
	for name, verified := range map[string]any{"false": false, "missing": nil, "text": "no", "zero": 0} {
		p.set(func(p *strangeProvider) { p.person["email"], p.person["email_verified"] = "anna@example.com", verified })
		newVisitor(t).isRefused(h, 403, "has not verified")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	p.set(func(p *strangeProvider) { p.person["email"], p.person["email_verified"] = "Anna@Example.com", "true" })
	newVisitor(t).signsIn(h, "/supervisor")
	if now := h.account("anna@example.com"); now.Role != models.RoleSupervisor || now.ID != anna.ID {
		t.Errorf("the account is %+v", now)
	}
	p.set(func(p *strangeProvider) { p.person["sub"] = "somebody-else" })
	newVisitor(t).isRefused(h, 403, "belongs to another account")
}

// TestSSORefuses has the provider, or someone between it and the browser, send what may not be accepted.
func TestSSORefuses(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	h := startServer(t, p.with(supportOnly), func(s *setup) {
		s.settings = func(s *models.Settings) { s.RateLogin = 10_000 }
	})
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	der, err := x509.MarshalPKIXPublicKey(&p.key.PublicKey)
	must(t, err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	claim := func(name string, value any) func(*strangeProvider) {
		return func(p *strangeProvider) {
			p.change = func(c jwt.MapClaims) {
				if c[name] = value; value == nil {
					delete(c, name)
				}
			}
		}
	}
	signed := func(method jwt.SigningMethod, key any) func(*strangeProvider) {
		return func(p *strangeProvider) { p.sign = func(c jwt.MapClaims) string { return signAs(method, key, c) } }
	}
	answer := func(name, value string) func(*strangeProvider) {
		return func(p *strangeProvider) { p.answer = func(q url.Values) { q.Set(name, value) } }
	}
	for name, change := range map[string]func(*strangeProvider){
		"another issuer":      claim("iss", "https://evil.example"),
		"no issuer":           claim("iss", nil),
		"another audience":    claim("aud", "another-client"),
		"no audience":         claim("aud", nil),
		"audiences":           claim("aud", []string{ssoClient, "another-client"}),
		"another party":       claim("azp", "another-client"),
		"another nonce":       claim("nonce", "another"),
		"no nonce":            claim("nonce", nil),
		"expired":             claim("exp", time.Now().Add(-10*time.Minute).Unix()),
		"no expiry":           claim("exp", nil),
		"not yet":             claim("nbf", time.Now().Add(time.Hour).Unix()),
		"no subject":          claim("sub", nil),
		"a NUL":               claim("sub", "a\x00b"),
		"a long subject":      claim("sub", strings.Repeat("x", 300)),
		"none":                signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"HS256 by the secret": signed(jwt.SigningMethodHS256, []byte(ssoSecret)),
		"HS256 by the key":    signed(jwt.SigningMethodHS256, public),
		"an unknown key":      signed(jwt.SigningMethodRS256, other),
		"no token":            func(p *strangeProvider) { p.sign = func(jwt.MapClaims) string { return "" } },
		"no JWT":              func(p *strangeProvider) { p.sign = func(jwt.MapClaims) string { return "x.y.z" } },
		"a large token":       func(p *strangeProvider) { p.sign = func(jwt.MapClaims) string { return strings.Repeat("x", 100_000) } },
		"a mixed-up answer":   answer("iss", "https://evil.example"),
		"a code of nobody":    answer("code", "guessed"),
		"no code":             answer("code", ""),
		"a refusal":           answer("error", "access_denied"),
		"another state":       answer("state", "guessed"),
		"no state":            answer("state", ""),
		"a logout as ID token": func(p *strangeProvider) {
			p.change = func(c jwt.MapClaims) { delete(c, "nonce"); c["events"] = map[string]any{} }
		},
	} {
		p.set(func(p *strangeProvider) { p.change, p.sign, p.answer = nil, nil, nil; change(p) })
		want := 401
		v := newVisitor(t)
		path, status, page := v.open(h.url + "/login/sso")
		if !strings.HasPrefix(path, "/login/sso/callback") || status != want {
			t.Errorf("%s: %d at %s: %s", name, status, path, page)
		}
		if path, _, _ = v.open(h.url + "/workbench"); !strings.HasPrefix(path, "/login") {
			t.Errorf("%s: signed in", name)
		}
		for _, secret := range []string{"oidc:", "jose", ssoSecret, "invalid_grant"} {
			if strings.Contains(page, secret) {
				t.Errorf("%s: the page says %q", name, secret)
			}
		}
	}
	if h.account("dora@example.com") != nil {
		t.Error("an account was made")
	}
	p.set(func(p *strangeProvider) { p.change, p.sign, p.answer = nil, nil, nil })
	newVisitor(t).signsIn(h, "/workbench") // what was refused above is accepted as it should be
}

// TestSSOAnswersNameTheirProvider checks the parameter iss of a provider that says that it sends one.
func TestSSOAnswersNameTheirProvider(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	p.metadata = map[string]any{"authorization_response_iss_parameter_supported": true}
	h := startServer(t, p.with(supportOnly))
	newVisitor(t).isRefused(h, 401, "did not work")
	p.set(func(p *strangeProvider) { p.answer = func(q url.Values) { q.Set("iss", p.URL) } })
	newVisitor(t).signsIn(h, "/workbench")
}

// TestSSOIsBoundToItsBrowser has a browser finish what another one began, and what is finished already.
func TestSSOIsBoundToItsBrowser(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	a, b := twoHouses(t, p.with(supportOnly))
	stopAt := func(v *visitor, path string) (location string) {
		v.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if r.URL.Path == path {
				location = r.URL.String()
				return http.ErrUseLastResponse
			}
			return nil
		}
		v.open(a.url + "/login/sso")
		v.CheckRedirect = nil
		return location
	}
	eve, dora := newVisitor(t), newVisitor(t)
	answer := stopAt(eve, "/login/sso/callback") // Eve has signed in, and sends the link to Dora
	for name, v := range map[string]*visitor{"without a cookie": newVisitor(t), "with another one": dora} {
		if v == dora {
			stopAt(dora, "/login/sso/callback")
		}
		if path, status, page := v.open(answer); status != 401 || !strings.Contains(page, "another browser") {
			t.Errorf("%s: %d at %s", name, status, path)
		}
	}
	// The other instance finishes it: nothing is kept in memory.
	onB := strings.Replace(answer, a.url, b.url, 1)
	if path, status, page := eve.open(onB); path != "/workbench" || status != 200 {
		t.Errorf("on another instance: %d at %s: %s", status, path, page)
	}
	eve.Jar.(*cookiejar.Jar).SetCookies(mustURL(t, a.url), []*http.Cookie{{Name: "parley_session", MaxAge: -1, Path: "/"}})
	if path, status, _ := eve.open(answer); status != 401 {
		t.Errorf("again: %d at %s", status, path)
	}
	late := stopAt(eve, "/login/sso/callback")
	a.changes(`UPDATE sso_flows SET expires_at = now()`)
	if path, status, _ := eve.open(late); status != 401 {
		t.Errorf("late: %d at %s", status, path)
	}
	// Two tabs of one browser do not disturb each other.
	v := newVisitor(t)
	first := stopAt(v, "/login/sso/callback")
	second := stopAt(v, "/login/sso/callback")
	for _, link := range []string{first, second} {
		if path, _, _ := v.open(link); path != "/workbench" {
			t.Errorf("a tab leads to %s", path)
		}
	}
}

func mustURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u
}

// TestSSOLeadsNowhereElse begins sign-ins that want to end on another site.
func TestSSOLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	h := startServer(t, p.with(supportOnly))
	for _, next := range []string{
		"https://evil.example", "//evil.example", `/\evil.example`, "javascript:alert(1)", "/\t/evil.example", "%00", strings.Repeat("/x", 5000),
	} {
		v := newVisitor(t)
		if path, status, _ := v.open(h.url + "/login/sso?next=" + url.QueryEscape(next)); path != "/workbench" || status != 200 {
			t.Errorf("%.40q leads to %s: %d", next, path, status)
		}
	}
}

// TestSSOWhileTheProviderIsAway keeps passwords working, and signs in as soon as the provider answers again.
func TestSSOWhileTheProviderIsAway(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	p.isAway = true
	h := startServer(t, p.with(supportOnly))
	_, alex := h.agent("alex", models.RoleAdmin)
	path, status, page := newVisitor(t).open(h.url + "/login/sso?next=/account")
	if status != 503 || !strings.Contains(page, "cannot be reached") || !strings.Contains(page, `name="password"`) ||
		!strings.Contains(page, "/account") {
		t.Errorf("%d at %s: %s", status, path, page)
	}
	h.posts("/login", url.Values{"email": {"alex@example.com"}, "password": {password}}).want(303)
	if got := h.ask("GET", "/api/admin/health", alex, nil).want(200).object()["single_sign_on"]; got != "unavailable" {
		t.Errorf("the health is %v", got)
	}
	h.browse("GET", "/admin/health", alex, nil).want(200).says("did not answer")
	h.posts("/login/sso/backchannel-logout", url.Values{"logout_token": {"x.y.z"}}).want(503)
	p.set(func(p *strangeProvider) { p.isAway = false })
	h.until("the provider to be asked again", func() bool {
		return h.ask("GET", "/api/admin/health", alex, nil).object()["single_sign_on"] == "ok"
	})
	newVisitor(t).signsIn(h, "/workbench")
}

// TestOnlySSO refuses passwords to all but the administrator for emergencies.
func TestOnlySSO(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	rules := supportOnly
	rules.OnlySSO, rules.BreakGlass = true, []string{"Alex@example.com", "anna@example.com"}
	h := startServer(t, p.with(rules))
	for name, role := range map[string]models.Role{"alex": models.RoleAdmin, "anna": models.RoleAgent, "bob": models.RoleAdmin} {
		_, err := h.desk.AddAgent(
			t.Context(),
			admin,
			models.NewAgent{Email: name + "@example.com", Name: name, Password: password, Role: role},
		)
		must(t, err)
	}
	login := func(email, password string) answer {
		return h.ask("POST", "/api/customer-service/login", "", map[string]any{"email": email, "password": password})
	}
	login("bob@example.com", password).refused(403, "sso_required")
	login("bob@example.com", "wrong").refused(403, "sso_required")
	login("nobody@example.com", "wrong").refused(403, "sso_required")
	login("anna@example.com", password).refused(401, "wrong_credentials") // no administrator
	login("alex@example.com", "wrong").refused(401, "wrong_credentials")
	alex := login("alex@example.com", password).want(200).object()["token"].(string)
	if rows, _ := h.log(alex, "action=break_glass_used"); len(rows) != 1 || rows[0]["actor_name"] != "alex" {
		t.Errorf("the audit log has %v", rows)
	}
	h.browse("GET", "/login", "", nil).want(200).says("Sign in with Acme", "Emergency access")
	h.posts("/login", url.Values{"email": {"bob@example.com"}, "password": {password}}).want(403).says("Use single sign-on")

	// The groups do not take the role of the administrator for emergencies away.
	p.set(func(p *strangeProvider) {
		p.person["email"], p.person["groups"] = "alex@example.com", []string{"support"}
	})
	newVisitor(t).signsIn(h, "/supervisor")
	if a := h.account("alex@example.com"); a.Role != models.RoleAdmin {
		t.Errorf("the role is %s", a.Role)
	}
}

// TestSSOKeepsTheLastAdministrator takes the group of the only administrator away.
func TestSSOKeepsTheLastAdministrator(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	p.person["groups"] = []string{"chat-admins"}
	h := startServer(t, p.with(supportOnly))
	dora := newVisitor(t)
	dora.signsIn(h, "/admin/people")
	p.set(func(p *strangeProvider) { p.person["groups"] = []string{} })
	newVisitor(t).isRefused(h, 403, "no access")
	if path, _, _ := dora.open(h.url + "/admin/people"); !strings.HasPrefix(path, "/login") {
		t.Error("the session goes on")
	}
	p.set(func(p *strangeProvider) { p.person["groups"] = []string{"support"} })
	newVisitor(t).signsIn(h, "/admin/people")
	if a := h.account("dora@example.com"); a.Role != models.RoleAdmin || a.DisabledAt != nil {
		t.Errorf("the account is %+v", a)
	}
}

// TestSSOIsSignedOutEverywhere signs out at Parley, which leads to the provider, and at the provider, which ends the sessions on every instance.
func TestSSOIsSignedOutEverywhere(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	a, b := twoHouses(t, p.with(supportOnly))
	send := func(token string) int {
		t.Helper()
		return a.posts("/login/sso/backchannel-logout", url.Values{"logout_token": {token}}).Status
	}
	session := func(v *visitor) string {
		for _, c := range v.Jar.Cookies(mustURL(t, a.url)) {
			if c.Name == "parley_session" {
				return c.Value
			}
		}
		t.Fatal("there is no session")
		return ""
	}
	dora := newVisitor(t)
	dora.signsIn(a, "/workbench")
	token := session(dora)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	claim := func(name string, value any) string {
		return p.logoutToken(func(c jwt.MapClaims) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		})
	}
	idToken := p.claims()
	idToken["nonce"] = "n"
	for name, bad := range map[string]string{
		"nothing": "", "no JWT": "x.y.z", "another issuer": claim("iss", "https://evil.example"), "another audience": claim("aud", "another"),
		"no time": claim("iat", nil), "old": claim("iat", time.Now().Add(-time.Hour).Unix()), "future": claim("iat", time.Now().Add(time.Hour).Unix()),
		"expired": claim("exp", time.Now().Add(-time.Minute).Unix()), "no event": claim("events", nil), "another event": claim("events", map[string]any{"x": 1}),
		"nonce": claim("nonce", "n"), "no id": claim("jti", nil), "a NUL": claim("sub", "a\x00b"),
		"nobody":         p.logoutToken(func(c jwt.MapClaims) { delete(c, "sub"); delete(c, "sid") }),
		"an unknown key": signAs(jwt.SigningMethodRS256, other, jwt.MapClaims{"iss": p.URL}),
		"HS256":          signAs(jwt.SigningMethodHS256, []byte(ssoSecret), jwt.MapClaims{"iss": p.URL}),
		"an ID token":    p.signed(idToken),
	} {
		if status := send(bad); status != 400 {
			t.Errorf("%s is answered %d", name, status)
		}
	}
	b.ask("GET", "/api/customer-service/status", token, nil).want(200)
	if status := send(p.logoutToken(func(c jwt.MapClaims) { c["sid"] = "another" })); status != 200 {
		t.Errorf("the logout of another session is answered %d", status)
	}
	b.ask("GET", "/api/customer-service/status", token, nil).want(200)

	stream := b.listen(forAgent+"/events", token, "")
	stream.next("presence")
	right := p.logoutToken(nil)
	if status := send(right); status != 200 {
		t.Fatalf("the logout is answered %d", status)
	}
	began := time.Now()
	stream.next("closing")
	b.until("the session to end", func() bool { return b.ask("GET", "/api/customer-service/status", token, nil).Status == 401 })
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it ended after %s", took)
	}
	if status := send(right); status != 400 {
		t.Errorf("the same token again is answered %d", status)
	}
	newVisitor(t).signsIn(a, "/workbench")
	dora.signsIn(a, "/workbench")
	if status := send(p.logoutToken(func(c jwt.MapClaims) { delete(c, "sid") })); status != 200 { // all sessions of the subject
		t.Fatalf("the logout of the subject is answered %d", status)
	}
	a.until("all sessions to end", func() bool { return a.ask("GET", "/api/customer-service/status", session(dora), nil).Status == 401 })

	dora.signsIn(a, "/workbench")
	page := a.send("POST", "/logout", http.Header{
		"Cookie": {"parley_session=" + session(dora)}, "Accept": {"text/html"}, "X-Csrf-Token": {kit.CSRFFor(session(dora))},
	}, nil).want(200)
	if text := string(page.Body); !strings.Contains(text, p.URL+"/end?") || !strings.Contains(text, "id_token_hint=ey") ||
		!strings.Contains(text, "post_logout_redirect_uri=") {
		t.Errorf("the page is %s", text)
	}
	a.ask("GET", "/api/customer-service/status", session(dora), nil).refused(401, "unauthorized")
}

// TestSSOIsLimited floods the endpoints from one address.
func TestSSOIsLimited(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	h := startServer(t, p.with(supportOnly), func(s *setup) {
		s.settings = func(s *models.Settings) { s.RateLogin = 1 }
	})
	for range 30 {
		h.browse("GET", "/login/sso", "", nil).want(303)
	}
	h.browse("GET", "/login/sso", "", nil).want(429)
	for range 3 {
		h.browse("GET", "/login/sso/callback?state=a&code=b", "", nil).want(401)
	}
	h.browse("GET", "/login/sso/callback?state=a&code=b", "", nil).want(429)
	h.posts("/login/sso/backchannel-logout", url.Values{"logout_token": {"x.y.z"}}).want(429)
}

// TestSSOIsOff checks that without a provider there is nothing.
func TestSSOIsOff(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.browse("GET", "/login/sso", "", nil).want(404)
	h.browse("GET", "/login/sso/callback?state=a&code=b", "", nil).want(404)
	h.posts("/login/sso/backchannel-logout", url.Values{"logout_token": {"x"}}).want(404)
	if page := h.browse("GET", "/login", "", nil).want(200); strings.Contains(string(page.Body), "/login/sso") {
		t.Error("the sign-in page offers it")
	}
}
