package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"parley/models"
	"parley/models/testdb"
	"parley/web"
)

// secondFactor enables a second factor for an agent and returns its secret and the recovery codes. The used code becomes valid again.
func (h *testServer) secondFactor(a *models.Agent) (secret string, codes []string) {
	h.t.Helper()
	actor := models.AgentActor(a)
	must := func(err error) {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
	}
	must(h.desk.BeginSecondFactor(h.t.Context(), actor, password))
	e, err := h.desk.PendingSecondFactor(h.t.Context(), actor)
	must(err)
	codes, err = h.desk.ConfirmSecondFactor(h.t.Context(), actor, code(h.t, e.Secret))
	must(err)
	h.forgetCodes()
	return e.Secret, codes
}

// forgetCodes allows the current code to be used again, as if half a minute had passed.
func (h *testServer) forgetCodes() {
	h.t.Helper()
	if _, err := h.desk.DB().ExecContext(h.t.Context(), `UPDATE second_factors SET last_step = 0`); err != nil {
		h.t.Fatal(err)
	}
}

func code(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// login posts the sign-in page of a browser with a session, "" for none.
func (h *testServer) login(session string, form url.Values) answer {
	h.t.Helper()
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/html"}, "Sec-Fetch-Site": {"same-origin"}}
	if session != "" {
		header.Set("Cookie", "parley_session="+session)
	}
	return h.send("POST", "/login", header, []byte(form.Encode()))
}

// session returns the session from a response, "" for none.
func (a answer) session() string {
	for _, line := range a.Header.Values("Set-Cookie") {
		if rest, ok := strings.CutPrefix(line, "parley_session="); ok {
			return strings.Split(rest, ";")[0]
		}
	}
	return ""
}

func (h *testServer) status(session string) int {
	h.t.Helper()
	return h.send("GET", forAgent+"/status", http.Header{"Cookie": {"parley_session=" + session}}, nil).Status
}

func TestASessionThatComesWithTheSignInIsOver(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, before := h.agent("anna", models.RoleAgent)
	in := url.Values{"email": {"anna@example.com"}, "password": {password}}
	h.login(before, url.Values{"email": {"anna@example.com"}, "password": {"wrong"}}).want(401)
	if got := h.status(before); got != 200 {
		t.Errorf("after a wrong password the session answers %d", got)
	}
	fresh := h.login(before, in).want(303).session()
	if fresh == "" || fresh == before || h.status(before) != 401 || h.status(fresh) != 200 {
		t.Errorf("before %d, now %d", h.status(before), h.status(fresh))
	}
	planted := strings.Repeat("A", 43) // by an attacker who hopes that another user signs in with it
	if got := h.login(planted, in).want(303).session(); got == planted || h.status(planted) != 401 {
		t.Errorf("a planted session answers %d", h.status(planted))
	}
	program := h.send("POST", forAgent+"/login", http.Header{"Cookie": {"parley_session=" + fresh}, "Content-Type": {"application/json"}},
		[]byte(`{"email":"anna@example.com","password":"`+password+`"}`)).want(200)
	if program.session() != "" || h.status(fresh) != 401 {
		t.Errorf("a program's sign-in left the session at %d", h.status(fresh))
	}
}

func TestProgramsSignInWithACode(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.RateLogin = 3 } })
	anna, _ := h.agent("anna", models.RoleAgent)
	secret, codes := h.secondFactor(anna)
	in := func(password, code string) answer {
		return h.ask("POST", forAgent+"/login", "", map[string]any{"email": "anna@example.com", "password": password, "code": code})
	}
	for range 5 { // not yet wrong, so it does not count
		in(password, "").refused(401, "second_factor_required")
	}
	in("wrong", code(t, secret)).refused(401, "wrong_credentials")
	token := in(password, code(t, secret)).want(200).str("token")
	h.ask("GET", forAgent+"/status", token, nil).want(200)
	in(password, code(t, secret)).refused(401, "wrong_code") // used
	in(password, "000000x").refused(401, "wrong_code")
	if got := in(password, codes[0]).refused(429, "rate_limited"); got.Header.Get("Retry-After") == "" {
		t.Error("over the limit it does not say how long to wait")
	}
}

var stepField = regexp.MustCompile(`name="step" value="([^"]+)"`)

func TestThePageAsksForTheCodeInAStepOfItsOwn(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, before := h.agent("anna", models.RoleSupervisor)
	secret, codes := h.secondFactor(anna)
	begin := func() (step string) {
		page := h.login(before, url.Values{"email": {"anna@example.com"}, "password": {password}, "next": {"/workbench"}}).
			want(200).
			says(`autocomplete="one-time-code"`, `value="/workbench"`)
		if page.session() != "" || strings.Contains(string(page.Body), password) {
			t.Fatal("the password alone has opened a session, or is in the page")
		}
		return stepField.FindStringSubmatch(string(page.Body))[1]
	}
	step := begin()
	again := h.login(before, url.Values{"step": {step}, "code": {"000000x"}, "next": {"/workbench"}}).
		want(401).
		says("wrong or was already used", `autocomplete="one-time-code"`, "aria-invalid")
	if got := stepField.FindStringSubmatch(string(again.Body))[1]; got != step {
		t.Error("after a wrong code the step is another")
	}
	h.login(before, url.Values{"step": {step}, "code": {""}}).want(422).says("aria-invalid")
	if h.status(before) != 200 {
		t.Error("the session that was held is over already")
	}
	in := h.login(before, url.Values{"step": {step}, "code": {code(t, secret)}, "next": {"https://evil.example"}}).goesTo("/supervisor")
	if h.status(in.session()) != 200 || h.status(before) != 401 {
		t.Errorf("the new session answers %d, the one before %d", h.status(in.session()), h.status(before))
	}
	h.login("", url.Values{"step": {step}, "code": {codes[0]}}).want(401).says("This took too long", `name="password"`)
	if got := h.login("", url.Values{"step": {begin()}, "code": {codes[0]}}).want(303).session(); h.status(got) != 200 {
		t.Error("a recovery code does not sign in")
	}
	h.login("", url.Values{"step": {"made up"}, "code": {codes[1]}}).want(401)
}

func TestTheAccountShowsWhereOneIsSignedIn(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, here := h.agent("anna", models.RoleSupervisor)
	_, bens := h.agent("ben", models.RoleSupervisor)
	there := h.signInFrom(
		"anna",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
	)
	third := h.signInFrom("anna", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
	page := string(
		h.browse("GET", "/account", here, nil).
			want(200).
			says("Safari on iPhone", "Firefox on Windows", "from 127.0.0.1", "This session", "Sign out all others").
			Body,
	)
	if strings.Contains(page, here) || strings.Contains(page, there) {
		t.Error("the page tells a session's token")
	}
	ids := regexp.MustCompile(`/account/sessions/([0-9a-f-]{36})/end`).FindAllStringSubmatch(page, -1)
	if len(ids) != 3 {
		t.Fatalf("%d sessions are listed", len(ids))
	}
	h.browse("POST", "/account/sessions/"+ids[1][1]+"/end", bens, url.Values{}).want(404)
	h.browse("POST", "/account/sessions/"+ids[1][1]+"/end", here, url.Values{}).goesTo("/account?done=session")
	if h.status(there)+h.status(third) != 401+200 || h.status(here) != 200 {
		t.Errorf("ended one of three: %d, %d, %d", h.status(here), h.status(there), h.status(third))
	}
	h.browse("GET", "/account?done=session", here, nil).want(200).says("The session was signed out.")
	h.browse("POST", "/account/sessions/end-others", here, url.Values{}).goesTo("/account?done=sessions")
	if h.status(there) != 401 || h.status(third) != 401 || h.status(here) != 200 {
		t.Errorf("ended all others: %d, %d, %d", h.status(here), h.status(there), h.status(third))
	}
	gone := h.browse("POST", "/account/sessions/"+ids[0][1]+"/end", here, url.Values{}).goesTo("/login")
	if h.status(here) != 401 || !strings.Contains(gone.Header.Get("Set-Cookie"), "Max-Age=0") {
		t.Error("ending this session does not sign out")
	}
}

func (h *testServer) signInFrom(name, program string) (session string) {
	h.t.Helper()
	body := url.Values{"email": {name + "@example.com"}, "password": {password}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/html"}, "User-Agent": {program}}
	return h.send("POST", "/login", header, []byte(body.Encode())).want(303).session()
}

func TestChangingThePasswordOnTheAccountsPage(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.RateLogin = 4 } })
	_, here := h.agent("anna", models.RoleSupervisor)
	there := h.signInFrom("anna", "curl/8")
	change := func(old, fresh string) answer {
		return h.browse("POST", "/account/password", here, url.Values{"old_password": {old}, "password": {fresh}})
	}
	change("wrong", "a new long password").want(422).says("The password is wrong.", "aria-invalid")
	change(password, "short").want(422).says("10 characters or more")
	change(password, "a new long password").goesTo("/account?done=password")
	if h.status(here) != 200 || h.status(there) != 401 {
		t.Errorf("here %d, there %d", h.status(here), h.status(there))
	}
	h.ask("POST", forAgent+"/login", "", map[string]any{"email": "anna@example.com", "password": password}).
		refused(401, "wrong_credentials")
	change("wrong", "a new long password").want(422)
	change("wrong", "a new long password").want(422)
	change("a new long password", "another long password").want(429).says("Too many failed attempts")
}

var secretInPage = regexp.MustCompile(`id="secret"[^>]*>([A-Z2-7 ]+)<`)

func TestTheSecondFactorIsSetUpOnTheAccountsPage(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, here := h.agent("anna", models.RoleSupervisor)
	post := func(path string, fields url.Values) answer {
		return h.browse("POST", "/account/second-factor"+path, here, fields)
	}
	h.browse("GET", "/account/second-factor", here, nil).goesTo("/account")
	post("", url.Values{"password": {"wrong"}}).want(422).says("The password is wrong.")
	post("", url.Values{"password": {password}}).goesTo("/account/second-factor")
	page := h.browse("GET", "/account/second-factor", here, nil).
		want(200).
		says("<svg class=\"qr\"", "otpauth://totp/", `autocomplete="one-time-code"`)
	secret := strings.ReplaceAll(secretInPage.FindStringSubmatch(string(page.Body))[1], " ", "")
	post("/confirm", url.Values{"code": {"000000x"}}).want(422).says("wrong or was already used", secret[:4])
	shown := post("/confirm", url.Values{"code": {code(t, secret)}}).want(200)
	codes := regexp.MustCompile(`<code>([a-z2-7-]{19})</code>`).FindAllStringSubmatch(string(shown.Body), -1)
	if len(codes) != 10 || shown.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d recovery codes are shown, kept as %q", len(codes), shown.Header.Get("Cache-Control"))
	}
	h.browse("GET", "/account/second-factor", here, nil).goesTo("/account")
	account := h.browse("GET", "/account", here, nil).want(200).says("10 recovery codes left")
	if strings.Contains(string(account.Body), codes[0][1]) || strings.Contains(string(account.Body), secret) {
		t.Error("the page shows what was to be shown once")
	}
	h.forgetCodes()
	post("/codes", url.Values{"password": {password}, "code": {"000000x"}}).want(422).says("wrong or was already used")
	fresh := post("/codes", url.Values{"password": {password}, "code": {code(t, secret)}}).want(200)
	if strings.Contains(string(fresh.Body), codes[0][1]) {
		t.Error("the new codes are the old ones")
	}
	post("/off", url.Values{"password": {password}, "code": {codes[0][1]}}).want(422)
	h.forgetCodes()
	post("/off", url.Values{"password": {"wrong"}, "code": {code(t, secret)}}).want(422)
	post("/off", url.Values{"password": {password}, "code": {code(t, secret)}}).goesTo("/account?done=off")
	if h.status(h.signInFrom("anna", "curl/8")) != 200 {
		t.Error("the password alone does not sign in again")
	}
}

func TestAnAdministratorResetsASecondFactor(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, annas := h.agent("anna", models.RoleAgent)
	alex, alexs := h.agent("alex", models.RoleAdmin)
	_, ruths := h.agent("ruth", models.RoleSupervisor)
	h.secondFactor(anna)
	h.secondFactor(alex)
	h.browse("GET", "/admin/people/"+anna.ID, alexs, nil).want(200).says("Reset two-factor authentication")
	if page := h.browse("GET", "/admin/people/"+alex.ID, alexs, nil).want(200); strings.Contains(string(page.Body), "reset-second-factor") {
		t.Error("an administrator is offered to reset the own one")
	}
	reset := func(a *models.Agent, as string) answer {
		return h.browse("POST", "/admin/people/"+a.ID+"/reset-second-factor", as, url.Values{})
	}
	reset(anna, ruths).want(403)
	reset(alex, alexs).want(422).says("two-factor authentication on your account")
	reset(anna, alexs).goesTo("/admin/people/" + anna.ID)
	if h.status(annas) != 401 {
		t.Error("the reset has left anna signed in")
	}
	h.ask("POST", forAgent+"/login", "", map[string]any{"email": "anna@example.com", "password": password}).want(200)
}

// TestLostRightsEndRequestsAndStreamsOnEveryServer sends requests and opens streams on two other servers of the same database, one that
// receives the events of the first server and one that does not.
func TestLostRightsEndRequestsAndStreamsOnEveryServer(t *testing.T) {
	t.Parallel()
	for name, heard := range map[string]bool{"heard": true, "not heard": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, redis := testdb.Postgres(t), testdb.Redis(t)
			prefix := "test-" + t.Name() + time.Now().String() + ":"
			open := func(own string) *testServer {
				return startServer(t, func(s *setup) {
					s.databaseURL, s.redisURL, s.prefix = database, redis, prefix+own
					s.options = func(o *web.Options) { o.RedisPrefix = prefix }
				})
			}
			one := open("")
			two := one
			if heard {
				two = open("")
			} else {
				two = open("apart")
			}
			for name, cut := range map[string]func(a *models.Agent, token string) error{
				"sign-out":  func(_ *models.Agent, token string) error { return one.desk.SignOut(t.Context(), token) },
				"disabling": func(a *models.Agent, _ string) error { return one.change(a, models.AgentChange{Disabled: to(true)}) },
				"another role": func(a *models.Agent, _ string) error {
					return one.change(a, models.AgentChange{Role: to(models.RoleSupervisor)})
				},
				"a new password": func(a *models.Agent, _ string) error {
					return one.desk.SetPassword(t.Context(), admin, a.ID, "another long password")
				},
				"a reset": func(a *models.Agent, _ string) error { return one.desk.ResetSecondFactor(t.Context(), admin, a.ID) },
				"ended elsewhere": func(a *models.Agent, _ string) error {
					_, err := one.desk.EndOtherSessions(t.Context(), models.AgentActor(a), nil)
					return err
				},
			} {
				a, token := one.agent(strings.ReplaceAll(name, " ", "-"), models.RoleAgent)
				two.ask("GET", forAgent+"/status", token, nil).want(200)
				ticket := two.ask("POST", forAgent+"/stream-ticket", token, nil).want(200).str("ticket")
				streams := []*listener{
					two.listen(forAgent+"/events", token, ""),
					two.listen("/workbench/events", token, ""),
					two.listen(forAgent+"/events?ticket="+ticket, "", ""),
				}
				for i, stream := range streams {
					stream.next([]string{"presence", "part", "presence"}[i])
				}
				late := two.ask("POST", forAgent+"/stream-ticket", token, nil).want(200).str("ticket")
				if err := cut(a, token); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				two.until("requests to be refused after "+name, func() bool {
					return two.ask("GET", forAgent+"/status", token, nil).Status == 401
				})
				if got := two.listen(forAgent+"/events?ticket="+late, "", ""); got.status != 401 {
					t.Errorf("%s: a ticket from before answers %d", name, got.status)
				}
				for _, stream := range streams {
					stream.ended()
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("%s: requests or streams went on for %s", name, took)
				}
			}
		})
	}
}

func (h *testServer) change(a *models.Agent, change models.AgentChange) error {
	_, err := h.desk.UpdateAgent(h.t.Context(), admin, a.ID, change)
	return err
}

func to[T any](v T) *T { return &v }
