package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"parley/models"
	"parley/web"
	"parley/web/sso"
)

// realProvider is the OpenID Connect provider of zitadel/oidc, with its page for user name and password, and Maria as its only person.
type realProvider struct {
	*httptest.Server
	clients map[string]*storage.Client
}

// people are the users of the provider.
type people map[string]*storage.User

func (p people) GetUserByID(id string) *storage.User         { return p[id] }
func (p people) GetUserByUsername(name string) *storage.User { return p[name] }
func (people) ExampleClientID() string                       { return "service" }

// withLogout lets a client come back after signing out.
type withLogout struct {
	*storage.Storage
	address func() string
}

func (s withLogout) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	client, err := s.Storage.GetClientByClientID(ctx, id)
	return clientWithLogout{client, s.address()}, err
}

type clientWithLogout struct {
	op.Client
	address string
}

func (c clientWithLogout) PostLogoutRedirectURIs() []string { return []string{c.address + "/login"} }

func newRealProvider(t *testing.T, parley func() string) *realProvider {
	t.Helper()
	p := &realProvider{clients: map[string]*storage.Client{}}
	store := storage.NewStorageWithClients(people{"maria": {
		ID: "maria", Username: "maria", Password: "verysecure", FirstName: "Maria", LastName: "Lopes", Email: "maria@example.com",
		EmailVerified: true, PreferredLanguage: language.English,
	}}, p.clients)
	var handler http.Handler
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(p.Close)
	handler = exampleop.SetupServer(p.URL, withLogout{store, parley}, nil, false)
	return p
}

// TestSSOInABrowser signs in and out at a real provider, in both languages.
func TestSSOInABrowser(t *testing.T) {
	t.Parallel()
	var s *site
	p := newRealProvider(t, func() string { return s.url })
	s = newSite(t, nil, func(s *site) {
		s.options = func(o *web.Options) {
			provider, err := sso.New(sso.Options{
				Issuer: p.URL, ClientID: ssoClient, ClientSecret: "secret", Scopes: []string{"openid", "email", "profile"},
				GroupsClaim: "groups", EmailVerifiedClaim: "email_verified", Log: slog.New(slog.DiscardHandler),
			})
			must(t, err)
			o.SSO, o.SSOName = provider, "Acme"
			o.Desk.SetSSO(models.SSORules{Issuer: p.URL, SessionTTL: time.Hour})
		}
	})
	p.clients[ssoClient] = storage.WebClient(ssoClient, "secret", s.url+"/login/sso/callback")
	_, _ = s.agent("maria", models.RoleSupervisor)

	b := newBrowser(t)
	for _, l := range []struct{ lang, label, out string }{{"zh-CN", "使用 Acme 登录", "退出"}, {"en", "Sign in with Acme", "Sign out"}} {
		b.open(s.url + "/login?next=/account&lang=" + l.lang)
		b.sees("#sso", l.label)
		b.looksLike("sso-login-" + l.lang)
		b.click("#sso")
		b.until("the page of the provider", "location.href.startsWith("+quote(p.URL)+") && !!document.querySelector('#username')")
		b.write("#username", "maria")
		b.write("#password", "verysecure")
		b.press("\r")
		b.until("the page that was asked for", "location.pathname === '/account' && location.href.startsWith("+quote(s.url)+
			") && !!document.querySelector(\"form[action='/logout']\")")

		_, err := eval[bool](b, "(document.querySelector(\"form[action='/logout']\").requestSubmit(), true)")
		b.must(err)
		b.until(
			"the sign-in page again, by way of the provider",
			"location.href.startsWith("+quote(s.url+"/login")+") && !!document.querySelector('#sso')",
		)
		b.open(s.url + "/account")
		b.until("to be signed out", "location.pathname === '/login'")
	}
	agents, err := s.desk.Agents(t.Context())
	must(t, err)
	if len(agents) != 1 || agents[0].Role != models.RoleSupervisor {
		t.Errorf("the accounts are %+v", agents)
	}
}

// TestTheSignInPageWithSSOOnly shows passwords as what they are there: for emergencies.
func TestTheSignInPageWithSSOOnly(t *testing.T) {
	t.Parallel()
	p := newStrangeProvider(t)
	s := newSite(t, nil, func(s *site) {
		s.options = func(o *web.Options) {
			set := setup{}
			p.with(models.SSORules{OnlySSO: true, BreakGlass: []string{"alex@example.com"}})(&set)
			set.options(o)
		}
	})
	_, err := s.desk.AddAgent(t.Context(), admin, models.NewAgent{
		Email: "alex@example.com", Name: "Alex", Password: password, Role: models.RoleAdmin,
	})
	must(t, err)
	b := newBrowser(t)
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/login?lang=" + l.lang)
		b.sees("#sso")
		b.gone("#password")
		b.accessible("sign-in page with single sign-on only, " + l.name)
		b.looksLike("sso-only-" + l.name)
	}
	b.open(s.url + "/login?lang=en")
	b.click("summary")
	b.write("input[name=email]", "alex@example.com")
	b.write("input[name=password]", password)
	b.press("\r")
	b.until("the administrator to be in", "location.pathname.startsWith('/supervisor')")
}
