package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/kit"
)

// observe gives each request an id and a line in the log, without its body, its query or its credentials. The audit log tells id and address too.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		id := strings.ToLower(rand.Text()[:16])
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		c.SetRequest(c.Request().WithContext(models.From(c.Request().Context(), c.RealIP(), id)))
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		level := slog.LevelInfo
		if strings.HasPrefix(c.Path(), "/static/") || c.Path() == "/healthz" || c.Path() == "/readyz" || c.Path() == "/metrics" {
			level = slog.LevelDebug
		}
		s.Log.LogAttrs(c.Request().Context(), level, "request",
			slog.String("method", c.Request().Method), slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status), slog.Duration("took", time.Since(began).Round(time.Microsecond)),
			slog.String("address", c.RealIP()), slog.String("request_id", id))
		return nil
	}
}

// recoverPanic answers 500 for a bug and keeps the process.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch broken := recover(); {
			case broken == nil:
			case broken == http.ErrAbortHandler: //nolint:errorlint // net/http itself compares it
				panic(broken)
			default:
				s.Log.Error("request panicked", "route", c.Path(), "panic", broken, "stack", string(debug.Stack()))
				err = errors.New("panic")
			}
		}()
		return next(c)
	}
}

// secure sets the headers that keep answers what they are. A page says for itself what it loads and who may frame it.
func (s *Server) secure(next echo.HandlerFunc) echo.HandlerFunc {
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
		h.Set("Cache-Control", "no-store") // whoever may be cached says so
		return next(c)
	}
}

// speak chooses the language: ?lang=, then the cookie, then what the browser prefers.
func (s *Server) speak(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		forced := c.QueryParam("lang")
		if forced == "" && strings.HasPrefix(r.URL.Path, "/widget/") { // the panel speaks as its page does
			forced = s.widget.VisitOf(c).Query.Get("lang")
		}
		if forced == "" {
			if cookie, err := r.Cookie(kit.LangCookie); err == nil {
				forced = cookie.Value
			}
		}
		lang := text.Match(r.Header.Get("Accept-Language"), forced)
		c.SetRequest(r.WithContext(text.With(r.Context(), lang)))
		c.Response().Header().Set("Content-Language", lang)
		c.Response().Header().Add(echo.HeaderVary, "Accept-Language, Cookie")
		return next(c)
	}
}

// bounded ends a request that takes too long or sends too much.
func bounded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		whole := c.Request()
		ctx, cancel := context.WithTimeout(whole.Context(), kit.RequestTime)
		defer cancel()
		r := whole.WithContext(ctx)
		r.Body = http.MaxBytesReader(c.Response(), r.Body, kit.BodyLimit)
		c.SetRequest(r)
		defer c.SetRequest(whole) // an error is answered after the time is over
		return next(c)
	}
}
