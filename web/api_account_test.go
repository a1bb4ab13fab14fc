package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pquerna/otp"

	"parley/models"
	"parley/web"
)

const forAccount = "/api/account"

func TestProgramsReadTheirAccount(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, token := h.online("anna")
	got := h.ask("GET", forAccount, token, nil).want(200).object()
	if got["service"].(map[string]any)["id"] != anna.ID || got["email"] != "anna@example.com" || got["role"] != "agent" ||
		got["presence"] != "online" ||
		got["second_factor"].(map[string]any)["is_on"] != 0.0 {
		t.Errorf("the account is %v", got)
	}
	_, guest := h.guest()
	h.ask("GET", forAccount, guest, nil).refused(403, "wrong_credential")
	h.ask("GET", forAccount, "", nil).refused(401, "unauthorized")
}

func TestProgramsChangeTheirPassword(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.RateLogin = 3 } })
	_, here := h.agent("anna", models.RoleAgent)
	_, alex := h.agent("alex", models.RoleAdmin)
	there := h.signInFrom("anna", "curl/8")
	change := func(old, fresh string) answer {
		return h.ask("POST", forAccount+"/password", here, map[string]any{"old_password": old, "password": fresh})
	}
	if got := change(password, "short").refused(422, "validation_failed"); got.errorsOf()["password"] != "too_short" {
		t.Errorf("a short password: %s", got.Body)
	}
	change(password, "another horse battery").want(200)
	if h.status(there) != 401 || h.status(here) != 200 {
		t.Errorf("the other session answers %d, this one %d", h.status(there), h.status(here))
	}
	h.audited(alex, "anna password_set agent")
	for range 3 {
		if got := change(
			"wrong wrong wrong",
			"a third horse battery",
		).refused(422, "validation_failed"); got.errorsOf()["old_password"] != "wrong" {
			t.Errorf("a wrong old password: %s", got.Body)
		}
	}
	if got := change("another horse battery", "a third horse battery").refused(429, "rate_limited"); got.Header.Get("Retry-After") == "" {
		t.Error("it does not say how long to wait")
	}
}

func TestProgramsEndTheirSessions(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, here := h.agent("anna", models.RoleAgent)
	_, alex := h.agent("alex", models.RoleAdmin)
	there, third := h.signInFrom("anna", "curl/8"), h.signInFrom("anna", "Müller's 客户端")
	sessions := func(token string) []map[string]any {
		return h.ask("GET", forAccount+"/sessions", token, nil).want(200).list()
	}
	all := sessions(here)
	if len(all) != 3 || all[0]["is_current"] != 1.0 || all[1]["is_current"] != 0.0 || all[1]["address"] == nil {
		t.Fatalf("the sessions are %v", all)
	}
	for _, s := range all {
		for _, token := range []string{here, there, third} {
			if s["session_id"] == token {
				t.Error("the list tells a token")
			}
		}
	}
	var curl string
	for _, s := range all {
		if s["user_agent"] == "curl/8" {
			curl = s["session_id"].(string)
		}
	}
	h.ask("POST", forAccount+"/sessions/"+curl+"/end", alex, nil).refused(404, "session_not_found")
	h.ask("POST", forAccount+"/sessions/"+curl+"/end", here, nil).want(200)
	h.ask("POST", forAccount+"/sessions/"+curl+"/end", here, nil).refused(404, "session_not_found")
	if h.status(there) != 401 || h.status(third) != 200 {
		t.Errorf("ended one of three: %d, %d", h.status(there), h.status(third))
	}
	if got := h.ask("POST", forAccount+"/sessions/end-others", here, nil).want(200).object(); got["ended_sessions"] != 1.0 {
		t.Errorf("ended the others: %v", got)
	}
	if h.status(third) != 401 || len(sessions(here)) != 1 {
		t.Errorf("the third session answers %d", h.status(third))
	}
	h.audited(alex, "anna sessions_ended agent", "anna sessions_ended agent")
	last := h.ask("POST", forAccount+"/sessions/"+all[0]["session_id"].(string)+"/end", here, nil).want(200)
	if last.Header.Get("Set-Cookie") != "" || h.status(here) != 401 {
		t.Errorf("ending this session leaves it at %d", h.status(here))
	}
}

func TestProgramsSetUpASecondFactor(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, token := h.agent("anna", models.RoleAgent)
	_, alex := h.agent("alex", models.RoleAdmin)
	factor := forAccount + "/second-factor"
	stands := func() (on, pending, left float64) {
		got := h.ask("GET", factor, token, nil).want(200)
		if strings.Contains(string(got.Body), "otpauth") {
			t.Error("the secret is told again")
		}
		o := got.object()
		return o["is_on"].(float64), o["is_pending"].(float64), o["recovery_codes_left"].(float64)
	}
	if on, pending, _ := stands(); on+pending != 0 {
		t.Error("there is a second factor before any was set up")
	}
	h.ask("POST", factor+"/confirm", token, map[string]any{"code": "123456"}).refused(409, "second_factor_not_begun")
	h.ask("POST", factor+"/codes", token, map[string]any{"password": password, "code": "123456"}).refused(409, "second_factor_off")
	if got := h.ask("POST", factor, token, map[string]any{"password": "wrong"}).
		refused(422, "validation_failed"); got.errorsOf()["password"] != "wrong" {
		t.Errorf("a wrong password: %s", got.Body)
	}
	begun := h.ask("POST", factor, token, map[string]any{"password": password}).want(200).object()
	key, err := otp.NewKeyFromURL(begun["otpauth_url"].(string))
	if err != nil || key.Secret() != begun["secret"] || key.AccountName() != "anna@example.com" {
		t.Fatalf("begun with %v, %v", begun, err)
	}
	if on, pending, _ := stands(); on != 0 || pending != 1 {
		t.Error("the set-up is not pending")
	}
	if got := h.ask("POST", factor+"/confirm", token, map[string]any{"code": "000000x"}).
		refused(422, "validation_failed"); got.errorsOf()["code"] != "wrong" {
		t.Errorf("a wrong code: %s", got.Body)
	}
	codes := h.ask("POST", factor+"/confirm", token, map[string]any{"code": code(t, key.Secret())}).want(200).object()["recovery_codes"].([]any)
	if on, pending, left := stands(); on != 1 || pending != 0 || left != 10 || len(codes) != 10 {
		t.Errorf("confirmed: on %v, pending %v, %v codes left of %d", on, pending, left, len(codes))
	}
	h.ask("POST", factor, token, map[string]any{"password": password}).refused(409, "second_factor_on")
	renewed := h.ask("POST", factor+"/codes", token, map[string]any{"password": password, "code": codes[0]}).want(200).object()["recovery_codes"].([]any)
	if renewed[0] == codes[0] {
		t.Error("the codes are the old ones")
	}
	h.ask("POST", factor+"/off", token, map[string]any{"password": password, "code": codes[1]}).refused(422, "validation_failed")
	h.ask("POST", factor+"/off", token, map[string]any{"password": password, "code": renewed[0]}).want(200)
	if on, _, left := stands(); on != 0 || left != 0 {
		t.Error("it is still on")
	}
	h.audited(alex, "anna second_factor_on agent", "anna recovery_codes_renewed agent", "anna second_factor_off agent")
}

// TestTheCookieNeedsItsToken checks that a browser's session can read the account, and change it only with the CSRF token.
func TestTheCookieNeedsItsToken(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, session := h.agent("anna", models.RoleAgent)
	with := func(method, path, csrf string) answer {
		header := http.Header{"Cookie": {"parley_session=" + session}}
		if csrf != "" {
			header.Set("X-CSRF-Token", csrf)
		}
		return h.send(method, path, header, nil)
	}
	with("GET", forAccount, "").want(200)
	with("POST", forAccount+"/sessions/end-others", "").refused(403, "csrf_failed")
	with("POST", forAccount+"/sessions/end-others", "x").refused(403, "csrf_failed")
	with("POST", forAccount+"/sessions/end-others", web.CSRFFor(session)).want(200)
}
