package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/web"
)

const head = `{"alg":"HS256","typ":"JWT"}`

// forged builds a token from raw header and claims, signed with a key; without a hash it has no signature.
func forged(head, claims string, sum func() hash.Hash, key string) string {
	encode := base64.RawURLEncoding.EncodeToString
	said := encode([]byte(head)) + "." + encode([]byte(claims))
	if sum == nil {
		return said + "."
	}
	mac := hmac.New(sum, []byte(key))
	mac.Write([]byte(said))
	return said + "." + encode(mac.Sum(nil))
}

// badTokens are invalid tokens by their fault.
func badTokens(t *testing.T) map[string]string {
	t.Helper()
	soon := fmt.Sprintf(`"exp":%d`, time.Now().Add(time.Hour).Unix())
	claims := `{"sub":"u-1",` + soon + `}`
	ours := func(claims string) string { return forged(head, claims, sha256.New, secret) }
	good := ours(claims)
	bad := map[string]string{
		"signed with nothing":                    forged(head, claims, sha256.New, ""),
		"signed with another key":                forged(head, claims, sha256.New, secret+"x"),
		"signed with the key in another writing": forged(head, claims, sha256.New, base64.StdEncoding.EncodeToString([]byte(secret))),
		"no signature":                           forged(head, claims, nil, ""),
		"the signature of other claims":          good[:strings.LastIndexByte(ours(`{"sub":"u-1"}`), '.')] + ours(`{"sub":"u-9"}`)[strings.LastIndexByte(ours(`{"sub":"u-9"}`), '.'):],
		"HS384":                                  forged(`{"alg":"HS384"}`, claims, sha512.New384, secret),
		"HS512":                                  forged(`{"alg":"HS512"}`, claims, sha512.New, secret),
		"HS512 called HS256":                     forged(head, claims, sha512.New, secret),
		"RS256 with the secret as its key":       forged(`{"alg":"RS256"}`, claims, sha256.New, secret),
		"ES256 with the secret as its key":       forged(`{"alg":"ES256"}`, claims, sha256.New, secret),
		"no algorithm named":                     forged(`{"typ":"JWT"}`, claims, sha256.New, secret),
		"an algorithm in small letters":          forged(`{"alg":"hs256"}`, claims, sha256.New, secret),
		"a list of algorithms":                   forged(`{"alg":["HS256","none"]}`, claims, sha256.New, secret),
		"a number as algorithm":                  forged(`{"alg":256}`, claims, sha256.New, secret),
		"a head that is null":                    forged(`null`, claims, sha256.New, secret),
		"a head that is a list":                  forged(`[]`, claims, sha256.New, secret),
		"a head that is no JSON":                 forged(`alg=HS256`, claims, sha256.New, secret),
		"a key named by a file":                  forged(`{"alg":"HS256","kid":"../../../../../../dev/null"}`, claims, sha256.New, ""),
		"a key named by a query":                 forged(`{"alg":"HS256","kid":"x' UNION SELECT 'key"}`, claims, sha256.New, "key"),
		"a key that comes along":                 forged(`{"alg":"HS256","jwk":{"kty":"oct","k":"a2V5"}}`, claims, sha256.New, "key"),
		"a key at an address":                    forged(`{"alg":"HS256","jku":"https://evil.example/keys"}`, claims, sha256.New, "key"),
		"claims that are null":                   ours(`null`),
		"claims that are a list":                 ours(`[{"sub":"u-1",` + soon + `}]`),
		"claims that are no JSON":                ours(`sub=u-1`),
		"claims that are cut off":                ours(claims[:len(claims)-1]),
		"something after the claims":             ours(claims + `{}`),
		"no claims":                              ours(``),
		"not to be used yet": ours(
			`{"sub":"u-1",` + soon + fmt.Sprintf(`,"nbf":%d}`, time.Now().Add(30*time.Minute).Unix()),
		),
		"cut off":                good[:len(good)-1],
		"something after it":     good + "AA",
		"a dot after it":         good + ".",
		"padding after it":       good + "=",
		"itself after it":        good + "," + good,
		"its last part again":    good + good[strings.LastIndexByte(good, '.'):],
		"two dots":               "..",
		"two dots and something": "a..b",
		"five parts":             "a.b.c.d.e",
		"of 100 kB":              "a." + strings.Repeat("b", 100_000) + ".c",
		"of 100 kB, signed":      ours(`{"sub":"` + strings.Repeat("x", 75_000) + `",` + soon + `}`),
	}
	for _, none := range []string{"none", "None", "NONE", "nOnE", ""} {
		bad["alg "+none+", unsigned"] = forged(`{"alg":"`+none+`"}`, claims, nil, "")
		bad["alg "+none+", signed"] = forged(`{"alg":"`+none+`"}`, claims, sha256.New, secret)
	}
	past := fmt.Sprint(time.Now().Add(-time.Hour).Unix())
	for _, exp := range []string{past, past + ".5", "0", "-1", "-1e300", "1e400", "-1e400", "NaN", "Infinity", "null", `""`, "true", "[9999999999]", "{}", "9999999999x"} {
		bad["exp "+exp] = ours(`{"sub":"u-1","exp":` + exp + `}`)
	}
	bad["no exp"] = ours(`{"sub":"u-1"}`)
	bad["Exp"] = ours(`{"sub":"u-1","Expires":9999999999}`)
	for _, sub := range []string{
		`""`, `" "`, `" u-1"`, `"u-1 "`, `"u-1\n"`, `"` + strings.Repeat("x", 65) + `"`, `"` + strings.Repeat("é", 65) + `"`,
		"7", "null", "true", `["u-1"]`, `{"u":1}`, `"a\u0000b"`, `"\u0000"`, "\"a\x00b\"",
	} {
		bad[fmt.Sprintf("sub %q", sub)] = ours(`{` + soon + `,"sub":` + sub + `}`)
	}
	bad["no sub"] = ours(`{` + soon + `}`)
	bad["a name with NUL"] = ours(`{"sub":"u-1","name":"a\u0000b",` + soon + `}`)
	bad["a name that is a number"] = ours(`{"sub":"u-1","name":7,` + soon + `}`)
	bad["an e-mail address with NUL"] = ours(`{"sub":"u-1","email":"a\u0000b",` + soon + `}`)
	return bad
}

// TestAttackForgedTokens checks that an invalid token is refused everywhere and changes nothing.
func TestAttackForgedTokens(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	soon := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	s.ask("GET", forUser+"/queue-status", forged(head, `{"sub":"u-1","exp":`+soon+`}`, sha256.New, secret), nil).want(200) // by the rules
	before := s.kept()
	for name, token := range badTokens(t) {
		for _, path := range []string{forUser + "/queue-status", forUser + "/events", forAgent + "/status", "/api/supervisor/queue"} {
			if got := s.ask("GET", path, token, nil); got.got() != noGood || got.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: %s answered %v", name, path, got.got())
			}
		}
		program := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}}
		if got := s.send("POST", "/widget/identify", program, []byte(`{"token":"`+token+`"}`)).got(); got != noGood {
			t.Errorf("%s at the widget: %v", name, got)
		}
		program.Set("Cookie", "parley_user="+token)
		if got := s.send("GET", "/widget/events", program, nil).got(); got != noGood {
			t.Errorf("%s as a cookie: %v", name, got)
		}
	}
	s.unchanged(before, "a forged token")
}

// TestAttackTokensOfTheWrongKind checks that a credential of one kind is not accepted for another.
func TestAttackTokensOfTheWrongKind(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	user, agent := s.anonymous(), s.session(s.people["bob"].ID)
	ticketOf := func(path, token string) string {
		return s.ask("POST", path+"/stream-ticket", token, nil).want(200).str("ticket")
	}
	for name, made := range map[string]func(session, path string) string{
		"the CSRF token":         func(session, _ string) string { return web.CSRFFor(session) },
		"a stream's ticket":      func(session, path string) string { return ticketOf(path, session) },
		"what is stored":         func(session, _ string) string { return base64.RawURLEncoding.EncodeToString(models.HashToken(session)) },
		"what is stored, in hex": func(session, _ string) string { return fmt.Sprintf("%x", models.HashToken(session)) },
		"in other letters":       func(session, _ string) string { return strings.ToUpper(session) },
		"with padding":           func(session, _ string) string { return session + "=" },
		"cut off":                func(session, _ string) string { return session[:len(session)-1] },
		"twice":                  func(session, _ string) string { return session + session },
		"in quotes":              func(session, _ string) string { return `"` + session + `"` },
		"with a NUL":             func(session, _ string) string { return session + "%00" },
	} {
		for path, session := range map[string]string{forUser: user, forAgent: agent} {
			where := path + map[string]string{forUser: "/queue-status", forAgent: "/status"}[path]
			if got := s.ask("GET", where, made(session, path), nil).got(); got != noGood {
				t.Errorf("%s at %s: %v", name, where, got)
			}
		}
	}
	for path, session := range map[string]string{forUser + "/queue-status": user, forAgent + "/status": agent} {
		events := path[:strings.LastIndexByte(path, '/')] + "/events"
		for _, address := range []string{path + "?token=" + session, path + "?access_token=" + session, path + "?ticket=" + session, events + "?ticket=" + session} {
			if got := s.ask("GET", address, "", nil).got(); got != noGood {
				t.Errorf("a session in the address %s: %v", address, got)
			}
		}
		for _, header := range []string{"Basic " + session, "Token " + session, "Digest " + session, "bearer:" + session, "Bearer" + session, session, "Bearer x Bearer " + session} {
			if got := s.send("GET", path, http.Header{"Authorization": {header}}, nil).got(); got != noGood {
				t.Errorf("%q at %s: %v", header, path, got)
			}
		}
		if got := s.send("GET", path, http.Header{"Authorization": {"Bearer x", "Bearer " + session}}, nil).got(); got != noGood {
			t.Errorf("a second header at %s: %v", path, got)
		}
	}
	s.ask("GET", forAgent+"/status", user, nil).refused(403, "wrong_credential")
	s.ask("GET", forUser+"/queue-status", agent, nil).refused(403, "wrong_credential")
}

// TestAttackTickets checks that a ticket opens one stream of its owner within 30 s, while the owner is signed in.
func TestAttackTickets(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ticket := func(path, token string) string {
		return s.ask("POST", path+"/stream-ticket", token, nil).want(200).str("ticket")
	}
	refused := func(what, address, token string) {
		t.Helper()
		if got := s.ask("GET", address, token, nil).got(); got != noGood {
			t.Errorf("%s: %v", what, got)
		}
	}
	user, other := s.anonymous(), s.anonymous()
	events := forUser + "/events?ticket="

	used := ticket(forUser, user)
	s.ask("GET", events+used, "", nil).want(200)
	refused("a used ticket", events+used, "")
	refused("a used ticket beside a good session", events+used, user)
	old := ticket(forUser, user)
	s.exec(`UPDATE stream_tickets SET expires_at = now() - interval '1 second'`)
	refused("an old ticket", events+old, "")
	fresh := ticket(forUser, user)
	refused("a ticket where no stream is", forUser+"/chats?ticket="+fresh, "")
	refused("a ticket as a bearer", forUser+"/events", fresh)
	refused("a ticket after a wrong one", events+"x&ticket="+fresh, "")
	for _, odd := range []string{"%00", "%ff", "'", strings.Repeat("x", 8000), "null"} {
		refused("the ticket "+odd, events+odd, "")
	}
	if got := s.ask("GET", forAgent+"/events?ticket="+fresh, s.caller("another agent").token, nil).got(); got != wrongKind {
		t.Errorf("a user's ticket beside an agent's session: %v", got)
	}
	// A ticket together with the session of another user opens the stream of the owner of the ticket.
	mine := s.scene(models.Active)
	stream := s.listen(events+ticket(forUser, mine.owner), other, "")
	if got := stream.next("assigned").body["chat"].(map[string]any)["chat_id"]; got != mine.chat {
		t.Errorf("the stream is about %v", got)
	}

	dora := s.session(s.people["dora"].ID)
	disabled, kept := true, ticket(forAgent, dora)
	_, err := s.desk.UpdateAgent(t.Context(), admin, s.people["dora"].ID, models.AgentChange{Disabled: &disabled})
	s.must(err)
	refused("a ticket of a disabled agent", forAgent+"/events?ticket="+kept, "")
}
