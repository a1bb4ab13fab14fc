package sso

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// requestTimeout is how long one request to the provider may take. Two of them take less than a request of a browser may.
	requestTimeout = 3 * time.Second
	// maxResponse is how much of an answer of the provider is read, in bytes.
	maxResponse = 1 << 20
	// discoveryAge is how long what the provider says about itself is used. Its keys are read again whenever a token has an unknown one.
	discoveryAge = 5 * time.Minute
	// retryAfter is how long a provider that did not answer is not asked again.
	retryAfter = 5 * time.Second
)

// Options are the settings of single sign-on.
type Options struct {
	Issuer, ClientID, ClientSecret string
	Scopes                         []string // openid is added
	GroupsClaim                    string   // with the groups, also in an object: realm_access.roles
	EmailVerifiedClaim             string
	Log                            *slog.Logger
}

// Provider is the OpenID Connect provider of the company. It is asked when it is needed first, so that it may be away when Parley starts.
type Provider struct {
	o      Options
	client *http.Client

	mu      sync.Mutex // held while the provider is asked, so that all who need it share one answer
	found   *discovered
	foundAt time.Time
	err     error // of the latest attempt, nil if that succeeded
	errAt   time.Time
}

// discovered is what the provider says about itself.
type discovered struct {
	provider    *oidc.Provider
	verifier    *oidc.IDTokenVerifier
	endpoint    oauth2.Endpoint
	endSession  string // "" without
	sendsIssuer bool   // in every answer to the browser
}

// ErrAway is the error while the provider does not answer, or answers what it may not.
var ErrAway = errors.New("the sign-in service cannot be reached")

// New returns the provider of these settings. The error names the setting at fault.
func New(o Options) (*Provider, error) {
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil ||
		u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return nil, errors.New("OIDC_ISSUER must be the https:// address of the provider, exactly as it names itself, " +
			"such as https://sso.example.com/realms/company")
	}
	if o.ClientID == "" {
		return nil, errors.New("OIDC_ISSUER needs OIDC_CLIENT_ID")
	}
	if !slices.Contains(o.Scopes, oidc.ScopeOpenID) {
		o.Scopes = append([]string{oidc.ScopeOpenID}, o.Scopes...)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	return &Provider{o: o, client: &http.Client{
		Timeout:   requestTimeout,
		Transport: limitedTransport{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // what the provider names is asked, nothing else
		},
	}}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// limitedTransport ends an answer that is larger than maxResponse.
type limitedTransport struct{ http.RoundTripper }

func (t limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxResponse), response.Body}
	}
	return response, err
}

// Issuer returns the address of the provider.
func (p *Provider) Issuer() string { return p.o.Issuer }

// Check asks the provider about itself and returns why it cannot be used.
func (p *Provider) Check(ctx context.Context) error {
	_, err := p.discover(ctx)
	return err
}

// discover returns what the provider says about itself, which is at most five minutes old. If the provider does not answer, an older
// answer is used; without one the error is ErrAway.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil && time.Since(p.foundAt) < discoveryAge {
		return p.found, nil
	}
	if p.err == nil || time.Since(p.errAt) > retryAfter {
		// The answer is shared, so someone who gives up must not fail it for the others.
		asking, cancel := context.WithTimeout(p.context(context.WithoutCancel(ctx)), requestTimeout)
		found, err := p.ask(asking)
		cancel()
		p.err, p.errAt = err, time.Now()
		if err == nil {
			p.found, p.foundAt = found, time.Now()
		} else {
			p.o.Log.Warn("the provider of single sign-on cannot be used", "error", err)
		}
	}
	if p.found != nil {
		return p.found, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrAway, p.err)
}

func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	provider, err := oidc.NewProvider(ctx, p.o.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSession  string   `json:"end_session_endpoint"`
		SendsIssuer bool     `json:"authorization_response_iss_parameter_supported"`
		Challenges  []string `json:"code_challenge_methods_supported"`
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	if len(more.Challenges) > 0 && !slices.Contains(more.Challenges, "S256") {
		return nil, errors.New("it does not support PKCE with S256")
	}
	if u, err := url.Parse(more.EndSession); err != nil || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		more.EndSession = ""
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // the default of the standard
	if p.o.ClientSecret == "" || len(more.AuthMethods) > 0 && !slices.Contains(more.AuthMethods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	// The keys are read with the client of the context, which outlives this request.
	return &discovered{
		provider: provider, endpoint: endpoint, endSession: more.EndSession, sendsIssuer: more.SendsIssuer,
		verifier: provider.VerifierContext(p.context(context.Background()), &oidc.Config{ClientID: p.o.ClientID}),
	}, nil
}

// context returns a context with which the libraries use the client of the provider.
func (p *Provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

func (d *discovered) config(o *Options, redirectURI string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret, Endpoint: d.endpoint, RedirectURL: redirectURI, Scopes: o.Scopes,
	}
}

// IsReachable reports whether the provider answered the last time that it was asked, and asks it if that was never.
func (p *Provider) IsReachable(ctx context.Context) bool {
	if _, err := p.discover(ctx); err != nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err == nil
}

// EndSessionURL returns where a browser signs out at the provider, "" if the provider has no such page or is away. Afterwards the provider
// sends it to next, if that is registered there.
func (p *Provider) EndSessionURL(ctx context.Context, idToken, next string) string {
	d, err := p.discover(ctx)
	if err != nil || d.endSession == "" {
		return ""
	}
	u, err := url.Parse(d.endSession)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("client_id", p.o.ClientID)
	if idToken != "" {
		q.Set("id_token_hint", idToken)
	}
	q.Set("post_logout_redirect_uri", next)
	u.RawQuery = q.Encode()
	return u.String()
}

// cleanError returns the reason of a failed request without what the provider wrote, which could be anything.
func cleanError(err error) error {
	var retrieve *oauth2.RetrieveError
	if errors.As(err, &retrieve) {
		code := retrieve.ErrorCode
		if len(code) > 60 || strings.ContainsFunc(code, func(r rune) bool { return r < '!' || r > '~' }) {
			code = "an unknown error"
		}
		if retrieve.Response != nil {
			return fmt.Errorf("the provider answered %d %s", retrieve.Response.StatusCode, code)
		}
		return fmt.Errorf("the provider answered %s", code)
	}
	return err
}
