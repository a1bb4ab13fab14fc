package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/trace"

	"parley/models"
	"parley/views/text"
	"parley/web/kit"
)

// requestLog assigns each request an id and writes one log line for it, without body, query or credentials. Id and
// address also go into the context, from which the audit log takes them.
func (s *Server) requestLog(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		id, trace := s.requestIDs(c)
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		c.SetRequest(c.Request().WithContext(models.From(c.Request().Context(), c.RealIP(), id)))
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		level := slog.LevelInfo
		if isBackground(c.Path()) {
			level = slog.LevelDebug
		}
		s.Log.LogAttrs(c.Request().Context(), level, "request",
			slog.String("method", c.Request().Method), slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status), slog.Duration("took", time.Since(start).Round(time.Microsecond)),
			slog.String("address", c.RealIP()), slog.String("request_id", id), trace)
		return nil
	}
}

// isBackground reports whether a route is of no interest to people: static files, and what monitoring asks.
func isBackground(route string) bool {
	return strings.HasPrefix(route, "/static/") || route == "/healthz" || route == "/readyz" || route == "/metrics"
}

var (
	requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._=+/-]{1,64}$`)
	// traceParentForm is that of https://www.w3.org/TR/trace-context/; the group is the id of the trace.
	traceParentForm = regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)`)
)

// requestIDs returns the id of a request and, for the log, that of its trace, which is empty without one. Both are taken from
// the headers X-Request-Id and traceparent where a trusted proxy sent them; without such a header the request gets a new id. The span of
// the request, if there is one, knows its trace.
func (s *Server) requestIDs(c echo.Context) (id string, traceID slog.Attr) {
	h := c.Request().Header
	isTrusted := s.isTrustedProxy(c.Request().RemoteAddr)
	if id = h.Get(echo.HeaderXRequestID); !isTrusted || !requestIDForm.MatchString(id) {
		id = strings.ToLower(rand.Text()[:16])
	}
	if span := trace.SpanContextFromContext(c.Request().Context()); span.IsValid() {
		return id, slog.String("trace_id", span.TraceID().String())
	}
	found := traceParentForm.FindStringSubmatch(h.Get("Traceparent"))
	if !isTrusted || found == nil || strings.Trim(found[1], "0") == "" {
		return id, slog.Attr{}
	}
	return id, slog.String("trace_id", found[1])
}

// recoverPanic turns a panic into 500 and keeps the process running.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch panicked := recover(); {
			case panicked == nil:
			case panicked == http.ErrAbortHandler: //nolint:errorlint // net/http compares it the same way
				panic(panicked)
			default:
				s.Log.Error("request panicked", "route", c.Path(), "panic", panicked, "stack", string(debug.Stack()))
				err = errors.New("panic")
			}
		}()
		return next(c)
	}
}

// closeWhileDraining ends the connection with each response once a stop is announced. Otherwise a proxy could send the
// next request through it at the moment at which the stopping server closes it, and would not know whether it was
// received.
func (s *Server) closeWhileDraining(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.draining.Load() {
			c.Response().Header().Set("Connection", "close")
		}
		return next(c)
	}
}

// securityHeaders sets the strictest headers for every response. Pages, built files and downloads replace those that they need otherwise.
func (s *Server) securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", kit.ClosedPolicy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if s.OverTLS(c) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		h.Set("Cache-Control", "no-store") // what may be cached replaces it
		return next(c)
	}
}

// language chooses the language of the response: ?lang=, then the cookie, then Accept-Language. Pages of the staff have fewer languages
// than those of users. Texts that the company has written for the site of the request take the place of the catalogue's.
func (s *Server) language(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		forced, match := c.QueryParam("lang"), text.MatchStaff
		if s.isForUsers(c) {
			match = text.Match
		}
		if forced == "" && strings.HasPrefix(r.URL.Path, "/widget/") { // actions of the panel use the language of its page
			forced = s.widget.EmbedOptionsOf(c).Query.Get("lang")
		}
		if forced == "" {
			if cookie, err := r.Cookie(kit.LangCookie); err == nil {
				forced = cookie.Value
			}
		}
		lang := match(r.Header.Get("Accept-Language"), forced)
		ctx := text.With(r.Context(), lang)
		if s.isForUsers(c) {
			site := s.siteOf(c)
			ctx = text.WithOverrides(ctx, func() *text.Overrides { return s.Texts.Of(s.Desk, site) })
		}
		c.SetRequest(r.WithContext(ctx))
		c.Response().Header().Set("Content-Language", lang)
		c.Response().Header().Add(echo.HeaderVary, "Accept-Language, Cookie")
		return next(c)
	}
}

// siteOf returns the origin of the site whose texts a response uses, "" for none: of the page around the panel, or of the page that calls
// the interface.
func (s *Server) siteOf(c echo.Context) string {
	r := c.Request()
	if kit.IsAPI(r.URL.Path) {
		if origin := r.Header.Get(echo.HeaderOrigin); slices.Contains(s.Desk.AllowedOrigins(), origin) {
			return origin
		}
		return ""
	}
	return s.widget.EmbedOptionsOf(c).Origin()
}

// isForUsers reports whether users get the response: pages of the widget, of a continued chat, files, the interface for users, and the
// error page of an address that does not exist.
func (s *Server) isForUsers(c echo.Context) bool {
	path := c.Path()
	return path == "" || s.userPaths[path] || path == "/widget" || strings.HasPrefix(path, "/widget/") ||
		strings.HasPrefix(path, "/continue/") ||
		strings.HasPrefix(path, "/files/")
}

// requestLimits bounds the time of a request and the size of its body.
func requestLimits(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		original := c.Request()
		ctx, cancel := context.WithTimeout(original.Context(), kit.RequestTimeout)
		defer cancel()
		r := original.WithContext(ctx)
		r.Body = http.MaxBytesReader(c.Response(), r.Body, kit.BodyLimit)
		c.SetRequest(r)
		defer c.SetRequest(original) // an error is still answered after the timeout
		return next(c)
	}
}

// rateLimited applies the rate limit of a route, per caller.
func (s *Server) rateLimited(r *route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if r.limit == "" {
			return next
		}
		return func(c echo.Context) error {
			return s.RateLimited(c, r.limit, func() error { return next(c) })
		}
	}
}
