package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
	"parley/web"
	"parley/web/sso"
)

// strangeProvider is an OpenID Connect provider that keeps to the standard until a test says otherwise. It signs everyone in at once, as
// the person of its claims. TestSSOInABrowser uses a real one.
type strangeProvider struct {
	*httptest.Server

	key *rsa.PrivateKey

	mu       sync.Mutex
	person   map[string]any
	change   func(jwt.MapClaims)        // of the ID token
	sign     func(jwt.MapClaims) string // nil for the right signature
	answer   func(url.Values)           // to the browser
	metadata map[string]any             // beside the usual
	isAway   bool
	codes    map[string]url.Values // the request of each code that was not used yet
	asked    []url.Values          // requests of browsers
}

const (
	ssoClient = "parley"
	ssoSecret = "a secret of the client of the provider"
)

func newStrangeProvider(t *testing.T) *strangeProvider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	p := &strangeProvider{key: key, codes: map[string]url.Values{}, person: map[string]any{
		"sub": "dora-1", "email": "dora@example.com", "email_verified": true, "name": "Dora", "groups": []string{"support"}, "sid": "s-1",
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("/keys", p.keys)
	mux.HandleFunc("/authorize", p.authorize)
	mux.HandleFunc("/token", p.token)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.isAway {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// set changes the provider for what follows.
func (p *strangeProvider) set(f func(p *strangeProvider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

func (p *strangeProvider) discovery(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"end_session_endpoint": p.URL + "/end", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		"code_challenge_methods_supported": []string{"S256"},
	}
	for name, value := range p.metadata {
		document[name] = value
	}
	_ = json.NewEncoder(w).Encode(document)
}

func (p *strangeProvider) keys(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": base64.RawURLEncoding.EncodeToString(p.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

func (p *strangeProvider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.asked = append(p.asked, q)
	code := rand.Text()
	p.codes[code] = q
	answer := url.Values{"code": {code}, "state": {q.Get("state")}}
	if p.answer != nil {
		p.answer(answer)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
}

func (p *strangeProvider) token(w http.ResponseWriter, r *http.Request) {
	request := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	client, secret, _ := r.BasicAuth()
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	w.Header().Set("Content-Type", "application/json")
	if request == nil || client != ssoClient || secret != url.QueryEscape(ssoSecret) ||
		r.FormValue("redirect_uri") != request.Get("redirect_uri") ||
		request.Get("code_challenge_method") != "S256" ||
		base64.RawURLEncoding.EncodeToString(challenge[:]) != request.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	claims := p.claims()
	claims["nonce"] = request.Get("nonce")
	if p.change != nil {
		p.change(claims)
	}
	_ = json.NewEncoder(w).
		Encode(map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": p.signed(claims)})
}

func (p *strangeProvider) claims() jwt.MapClaims {
	claims := jwt.MapClaims{"iss": p.URL, "aud": ssoClient, "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix()}
	for name, value := range p.person {
		claims[name] = value
	}
	return claims
}

func (p *strangeProvider) signed(claims jwt.MapClaims) string {
	if p.sign != nil {
		return p.sign(claims)
	}
	return signAs(jwt.SigningMethodRS256, p.key, claims)
}

func signAs(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "k1"
	text, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	return text
}

// logoutToken returns a valid logout token, changed.
func (p *strangeProvider) logoutToken(change func(jwt.MapClaims)) string {
	claims := jwt.MapClaims{
		"iss": p.URL, "aud": ssoClient, "iat": time.Now().Unix(), "exp": time.Now().Add(2 * time.Minute).Unix(), "jti": rand.Text(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}, "sub": "dora-1", "sid": "s-1",
	}
	if change != nil {
		change(claims)
	}
	return p.signed(claims)
}

// with has a server sign its agents in at the provider.
func (p *strangeProvider) with(rules models.SSORules) func(*setup) {
	return func(s *setup) {
		s.options = func(o *web.Options) {
			provider, err := sso.New(sso.Options{
				Issuer: p.URL, ClientID: ssoClient, ClientSecret: ssoSecret, Scopes: []string{"openid", "email", "profile"},
				GroupsClaim: "groups", EmailVerifiedClaim: "email_verified", Log: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				panic(err)
			}
			if rules.SessionTTL == 0 {
				rules.SessionTTL = time.Hour
			}
			rules.Issuer = p.URL
			o.SSO, o.SSOName = provider, "Acme"
			o.Desk.SetSSO(rules)
		}
		s.log = slog.New(slog.DiscardHandler)
	}
}
