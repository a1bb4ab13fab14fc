// Package web is the way in over HTTP: it binds a request, calls the desk once and answers as JSON, as a page or as a
// fragment of one. Rules are in models; what the outside can do at all is the table in routes.go.
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
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"parley/models"
	"parley/views/paths"
	"parley/web/account"
	"parley/web/admin"
	"parley/web/auth"
	"parley/web/chat"
	"parley/web/files"
	"parley/web/kit"
	"parley/web/limit"
	"parley/web/live"
	"parley/web/supervisor"
	"parley/web/widget"
	"parley/web/workbench"
)

// Options of a Server.
type Options struct {
	Desk *models.Desk
	Hub  *live.Hub
	Log  *slog.Logger
	// Redis counts the rate limits; without it each instance counts for itself.
	Redis *redis.Options
	// RedisPrefix is put before every key, the installation's own; required with Redis.
	RedisPrefix string
	// PublicURL is where people reach Parley, "" where requests tell. It may have a path, as in https://example.com/chat. https makes cookies secure.
	PublicURL string
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// UserTokenSecret is shared with host sites that sign their users' tokens; without it there are none.
	UserTokenSecret []byte
	// UserTokenSecretPrevious is as good, so that the other can be changed without refusing anybody; usually there is none.
	UserTokenSecretPrevious []byte
	// Files keeps what is sent, and Spool is a folder of this machine for what is on its way there; nothing can be sent without the first,
	// the system's temporary folder is the second if it is empty.
	Files files.Store
	Spool string
	// UploadTime is how long a file may take to come, UploadIdle how long without a byte; 3 minutes and 20 s if they are zero.
	UploadTime, UploadIdle time.Duration
	// FileKey signs the addresses of files, the same for all instances; one of this instance's own if it is empty.
	FileKey []byte
	// Ready tells why requests cannot be served: PostgreSQL is away, or its schema is behind.
	Ready func(context.Context) error
	// Version is told by /healthz.
	Version string
}

// Server answers HTTP.
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
	metrics    *prometheus.Registry
	echo       *echo.Echo
	stopping   atomic.Bool

	cut context.CancelFunc // ends the streams
}

// New makes a Server. It is refused when PublicURL is not an address.
func New(opts Options) (*Server, error) {
	if opts.Redis != nil && opts.RedisPrefix == "" {
		return nil, errors.New("web: a server with Redis needs the prefix of its installation")
	}
	if len(opts.FileKey) == 0 {
		opts.FileKey = []byte(rand.Text())
	}
	s := &Server{opts: opts, Kit: &kit.Kit{Desk: opts.Desk, Hub: opts.Hub, Log: opts.Log, FileKey: opts.FileKey, Origins: http.NewCrossOriginProtection()}}
	var err error
	if s.PublicURL, err = parsePublicURL(opts.PublicURL); err != nil {
		return nil, err
	}
	if s.PublicURL != nil {
		if err := s.Origins.AddTrustedOrigin(s.PublicURL.Scheme + "://" + s.PublicURL.Host); err != nil {
			return nil, fmt.Errorf("PUBLIC_URL is not an address such as https://chat.example.com: %w", err)
		}
	}
	s.StreamLife, s.cut = context.WithCancel(paths.With(context.Background(), s.Base()))
	s.Poller = live.NewPoller(s.Hub, s.StartStream)
	s.Limits = limit.New(limit.Options{Redis: opts.Redis, Prefix: opts.RedisPrefix + "limit:", PerMinute: s.perMinute, Log: opts.Log})
	s.Auth = auth.New(s.Kit, opts.UserTokenSecret, opts.UserTokenSecretPrevious)
	s.chat = chat.New(s.Kit, s.Auth, chat.Config{Files: opts.Files, Spool: opts.Spool, UploadTime: opts.UploadTime, UploadIdle: opts.UploadIdle})
	s.widget = widget.New(s.Kit, s.Auth)
	s.workbench = workbench.New(s.Kit)
	s.supervisor = supervisor.New(s.Kit)
	s.account = account.New(s.Kit, s.Auth)
	s.admin = admin.New(s.Kit)
	s.metrics = s.newMetrics()
	s.echo = s.newEcho()
	return s, nil
}

// Handler answers everything in the table.
func (s *Server) Handler() http.Handler { return s.echo }

// HTTP returns a server for the handler, with the limits that a public address needs. Its streams end as soon as it is shut down.
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

// Drain makes the server not ready and ends its streams; requests are still answered.
func (s *Server) Drain() {
	s.stopping.Store(true)
	s.Hub.Drain()
}

// Finish waits until the streams have said farewell, as long as ctx allows, and then cuts them off. No request may be left when it is called.
func (s *Server) Finish(ctx context.Context) {
	stop := context.AfterFunc(ctx, s.cut)
	defer stop()
	s.Streams.Wait()
}

// Close ends the connections that the server itself opened, and its streams.
func (s *Server) Close() error {
	s.cut()
	return s.Limits.Close()
}

// perMinute tells the limits in force. Those of sign-in keep their proportion to the one that is set.
func (s *Server) perMinute(a limit.Action) int {
	now := s.Desk.Settings()
	switch a {
	case limit.Send, limit.Page:
		return now.RateSend
	case limit.End:
		return now.RateEnd
	case limit.Leave:
		return 3 * now.RateEnd // to change one's mind is cheap, but each time leaves a chat
	case limit.Rate:
		return now.RateRate
	case limit.File:
		return now.RateFile
	case limit.Session:
		return now.RateSession
	case limit.SignIn:
		return now.RateLogin
	case limit.SignInAddress:
		return 3 * now.RateLogin
	case limit.SignInAccount:
		return 10 * now.RateLogin
	case limit.Introduce:
		return widget.IntroductionsPerMinute
	case limit.Poll:
		return kit.PollsPerMinute
	}
	return 0
}

func (s *Server) newEcho() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.HandleError
	e.IPExtractor = addressOf(s.opts.TrustedProxies)
	e.Pre(s.belowBase, s.secure, kit.WithoutSlash)
	e.Use(s.observe, s.measured(), s.recoverPanic, s.speak)
	s.mount(e)
	return e
}

// ParseNetwork reads a network such as 10.0.0.0/8, or a single address.
func ParseNetwork(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	return netip.ParsePrefix(strings.TrimSpace(text))
}

// addressOf believes X-Forwarded-For as far as the trusted proxies go, and nobody else.
func addressOf(trusted []netip.Prefix) echo.IPExtractor {
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
