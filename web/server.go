// Package web is the HTTP server of Parley. Its route table (routes.go) lists every path with its audience, rate limit and handler; the
// handlers are in a package for each audience (web/widget, web/workbench, web/supervisor, web/admin, web/account) and in web/chat, which
// has the actions that they share. A handler binds the request, calls the desk and responds as JSON, as a page or as a fragment of one.
// The rules of chats are in models.
//
// The package itself has what belongs to no audience: middleware, health, metrics, static files and the OpenAPI document.
package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"parley/models"
	"parley/models/redisclient"
	"parley/views/paths"
	"parley/web/account"
	"parley/web/admin"
	"parley/web/assistant"
	"parley/web/auth"
	"parley/web/chat"
	"parley/web/files"
	"parley/web/kit"
	"parley/web/limit"
	"parley/web/live"
	"parley/web/mail"
	"parley/web/sso"
	"parley/web/supervisor"
	"parley/web/widget"
	"parley/web/workbench"
)

// Options of a Server.
type Options struct {
	Desk *models.Desk
	Hub  *live.Hub
	Log  *slog.Logger
	// Redis stores the counters of rate limits; without it each instance counts for itself.
	Redis *redisclient.Options
	// RedisPrefix is the installation's own prefix of every key; required with Redis.
	RedisPrefix string
	// PublicURL is the address of Parley for browsers, "" to take it from each request. It may have a path, as in https://example.com/chat.
	// With https cookies are secure.
	PublicURL string
	// MetricsApart is set where [Server.ServeMetrics] serves the metrics: then nothing else does.
	MetricsApart bool
	// TrustedProxies are the networks whose X-Forwarded-For, X-Request-Id and traceparent are believed.
	TrustedProxies []netip.Prefix
	// UserTokenSecret is shared with host sites that sign tokens for their users; without it no such token is accepted.
	UserTokenSecret []byte
	// UserTokenSecretPrevious is accepted too, so that the secret can be rotated; usually it is empty.
	UserTokenSecretPrevious []byte
	// Files stores uploads; without it they are refused. TempDir is a local folder for uploads that are being received, the system's
	// temporary folder if it is empty.
	Files   files.Store
	TempDir string
	// UploadTimeout is how long an upload may take, UploadIdleTimeout how long it may pause; 3 minutes and 20 s if UploadTimeout is zero.
	UploadTimeout, UploadIdleTimeout time.Duration
	// Mailbox has the mails that /demo/mailbox shows; nil where there is no such page.
	Mailbox *mail.Mailbox
	// FileKey signs links to files and must be the same for all instances; a random one if it is empty.
	FileKey []byte
	// Ready returns why requests cannot be served: PostgreSQL is unreachable, or its schema is out of date.
	Ready func(context.Context) error
	// Version is reported by /healthz.
	Version string
	// Metrics are served with those of the server.
	Metrics []prometheus.Collector
	// SSO is where agents sign in, nil for nowhere; SSOName is its name on the sign-in page.
	SSO     *sso.Provider
	SSOName string
	// Assistant helps agents to write; nil for none.
	Assistant *assistant.Assistant
	// Tracer makes a span of each request; nil for none.
	Tracer trace.Tracer
}

// Server is the HTTP server of one instance.
type Server struct {
	opts Options
	*kit.Kit
	*auth.Auth
	chat       *chat.Handlers
	admin      *admin.Handlers
	account    *account.Handlers
	supervisor *supervisor.Handlers
	workbench  *workbench.Handlers
	widget     *widget.Handlers
	userPaths  map[string]bool // whose responses users get, filled by mount
	loaders    widget.Loaders
	metrics    *prometheus.Registry
	echo       *echo.Echo
	draining   atomic.Bool

	cancelStreams context.CancelFunc // closes all streams at once
}

// New returns a Server. It returns an error if PublicURL is no address or if Redis comes without a prefix.
func New(opts Options) (*Server, error) {
	if opts.Redis != nil && opts.RedisPrefix == "" {
		return nil, errors.New("web: a server with Redis needs the prefix of its installation")
	}
	if len(opts.FileKey) == 0 {
		opts.FileKey = []byte(rand.Text())
	}
	s := &Server{opts: opts, userPaths: map[string]bool{}, Kit: &kit.Kit{
		Desk: opts.Desk, Hub: opts.Hub, Log: opts.Log, FileKey: opts.FileKey, Version: opts.Version,
		Assistant: opts.Assistant,
		Origins:   http.NewCrossOriginProtection(),
	}}
	if opts.Redis != nil {
		s.Redis = opts.Redis.Health
	}
	var err error
	if s.PublicURL, err = parsePublicURL(opts.PublicURL); err != nil {
		return nil, err
	}
	if s.PublicURL != nil {
		if err := s.Origins.AddTrustedOrigin(s.PublicURL.Scheme + "://" + s.PublicURL.Host); err != nil {
			return nil, fmt.Errorf("PUBLIC_URL is not an address such as https://chat.example.com: %w", err)
		}
	}
	s.StreamContext, s.cancelStreams = context.WithCancel(paths.With(context.Background(), s.BasePath()))
	s.Poller = live.NewPoller(s.Hub, s.StartStream)
	s.Limits = limit.New(limit.Options{
		Redis: opts.Redis, Prefix: opts.RedisPrefix + "limit:", PerMinute: s.perMinute, AloneFor: opts.Hub.AloneFor, Log: opts.Log,
	})
	s.Auth = auth.New(s.Kit, opts.UserTokenSecret, opts.UserTokenSecretPrevious)
	s.chat = chat.New(s.Kit, s.Auth, chat.Config{
		Files: opts.Files, TempDir: opts.TempDir, UploadTimeout: opts.UploadTimeout,
		UploadIdleTimeout: opts.UploadIdleTimeout,
	})
	s.widget = widget.New(s.Kit, s.Auth)
	s.workbench = workbench.New(s.Kit)
	s.supervisor = supervisor.New(s.Kit)
	s.account = account.New(s.Kit, s.Auth)
	s.account.SSO, s.account.SSOName = s.opts.SSO, s.opts.SSOName
	s.admin = admin.New(s.Kit)
	s.admin.SSO = s.opts.SSO
	s.metrics = s.newMetrics()
	s.echo = s.newEcho()
	return s, nil
}

// Handler returns the handler of all routes.
func (s *Server) Handler() http.Handler { return s.echo }

// HTTP returns a server for the handler with the timeouts that a public address needs. Its streams close as soon as it is shut down.
func (s *Server) HTTP() *http.Server {
	server := &http.Server{
		Handler:           s.echo,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second, // streams set a deadline for each write instead
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(s.Drain)
	return server
}

// AnnounceStop makes /readyz fail. Everything is still served, until proxies and orchestrators have noticed.
func (s *Server) AnnounceStop() { s.draining.Store(true) }

// Drain makes /readyz fail and closes the streams with a hint to reconnect elsewhere; requests are still answered.
func (s *Server) Drain() {
	s.draining.Store(true)
	s.Hub.Drain()
}

// Finish waits until all streams are closed and cancels them when ctx ends. Call it after the last request has been answered.
func (s *Server) Finish(ctx context.Context) {
	stop := context.AfterFunc(ctx, s.cancelStreams)
	defer stop()
	s.Streams.Wait()
}

// Close cancels the streams and closes the connections that the server has opened.
func (s *Server) Close() error {
	s.cancelStreams()
	return s.Limits.Close()
}

// perMinute returns the limit of an action as it is set now. The limits of sign-in by address and by account are multiples of the one that
// is set.
func (s *Server) perMinute(a limit.Action) int {
	now := s.Desk.Settings()
	switch a {
	case limit.Send, limit.Edit, limit.Page, limit.Profile, limit.Push:
		return now.RateSend
	case limit.End:
		return now.RateEnd
	case limit.Leave:
		return 3 * now.RateEnd // leaving the queue is cheap, but each time leaves a row
	case limit.Rate:
		return now.RateRate
	case limit.File, limit.Transcript:
		return now.RateFile
	case limit.Session:
		return now.RateSession
	case limit.SignIn:
		return now.RateLogin
	case limit.SSO: // a whole office may begin its shift at once
		return 30 * now.RateLogin
	case limit.SignInAddress:
		return 3 * now.RateLogin
	case limit.Wallboard:
		return 3 * now.RateLogin
	case limit.WallboardKey:
		return 1
	case limit.APIKey:
		return now.RateAPIKey
	case limit.SignInAccount:
		return 10 * now.RateLogin
	case limit.Introduce:
		return widget.MaxIntroductionsPerMinute
	case limit.Draft:
		return chat.MaxDraftsPerMinute
	case limit.Assistant:
		return now.RateAssistant
	case limit.Search:
		return workbench.MaxSearchesPerMinute
	case limit.Poll:
		return kit.PollsPerMinute
	}
	return 0
}

func (s *Server) newEcho() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.HandleError
	e.IPExtractor = clientAddress(s.opts.TrustedProxies)
	e.Pre(s.belowBase, s.closeWhileDraining, s.securityHeaders, kit.RedirectTrailingSlash)
	if s.opts.Tracer != nil {
		e.Use(s.traced)
	}
	e.Use(s.requestLog, s.requestMetrics(), s.recoverPanic, s.language)
	s.mount(e)
	return e
}

// ParseNetwork parses a network such as 10.0.0.0/8, or a single address.
func ParseNetwork(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	return netip.ParsePrefix(strings.TrimSpace(text))
}

// isTrustedProxy reports whether a request comes from one of the trusted proxies.
func (s *Server) isTrustedProxy(remote string) bool {
	from, err := netip.ParseAddrPort(remote)
	return err == nil && slices.ContainsFunc(s.opts.TrustedProxies, func(p netip.Prefix) bool {
		return p.Contains(from.Addr().Unmap())
	})
}

// clientAddress takes the address of a client from X-Forwarded-For as far as trusted proxies have written it, otherwise from the
// connection.
func clientAddress(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		trust = append(trust, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
