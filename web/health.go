package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/models"
	"parley/models/redisclient"
	"parley/web/api"
	"parley/web/kit"
)

// healthz responds 200 as long as the process runs, regardless of PostgreSQL and Redis.
func (s *Server) healthz(c echo.Context) error {
	return s.Respond(c, kit.Result{JSON: struct {
		Status  string `json:"status"`
		Version string `json:"version"`
	}{"ok", s.opts.Version}})
}

type readiness struct {
	Status   string `json:"status"`
	Postgres string `json:"postgres"`
	// PostgresError says what is wrong with the way to PostgreSQL, where that is known.
	PostgresError string `json:"postgres_error,omitempty"`
	Writes        string `json:"writes"` // ok; stuck while no commit comes through
	Redis         string `json:"redis"`
	// RedisError is why Redis is unavailable, as far as that is known.
	RedisError redisclient.Reason `json:"redis_error,omitempty"`
	Mail       string             `json:"mail"` // off, ok or failing
}

// readyz responds 200 if this instance can serve requests, otherwise 503 with Retry-After: without PostgreSQL, while no commit comes
// through, as without a synchronous standby, and while it shuts down.
// Without Redis requests are served, only slower, so the response names that state and is still 200.
func (s *Server) readyz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	now := readiness{Status: "ok", Postgres: "ok", Writes: "ok", Redis: "ok", Mail: api.MailStateWord(s.Desk.CanMail(), false)}
	if !s.Hub.Connected() || s.Limits.Degraded() {
		now.Redis, now.RedisError = "unavailable", s.Redis.Reason()
	}
	if s.opts.Ready != nil {
		if err := s.opts.Ready(ctx); err != nil {
			s.Log.Warn("not ready", "error", err)
			now.Postgres, now.Writes, now.Status = "unavailable", "stuck", "unavailable"
			if pooler := (models.PoolerError{}); errors.As(err, &pooler) {
				now.PostgresError = pooler.Error()
			}
		} else if err := s.Desk.CheckWrites(ctx); err != nil {
			s.Log.Warn("not ready: PostgreSQL answers, but a write does not come through", "error", err)
			now.Writes, now.Status = "stuck", "unavailable"
		}
	}
	if s.Desk.CanMail() && now.Status == "ok" {
		// Chats work without mail, so this is for people and alerts.
		if figures, err := s.Desk.MailFigures(ctx); err == nil {
			now.Mail = api.MailStateWord(true, figures.IsFailing)
		}
	}
	if s.draining.Load() {
		now.Status = "stopping"
	}
	if now.Status != "ok" {
		c.Response().Header().Set("Retry-After", "2")
		return s.Respond(c, kit.Result{Status: http.StatusServiceUnavailable, JSON: now})
	}
	return s.Respond(c, kit.Result{JSON: now})
}

// requestMetrics counts requests by the path of their route, never by the requested path, so that clients cannot create time series.
func (s *Server) requestMetrics() echo.MiddlewareFunc {
	return echoprometheus.NewMiddlewareWithConfig(echoprometheus.MiddlewareConfig{
		Namespace: "parley", Subsystem: "http", Registerer: s.metrics, DoNotUseRequestPathFor404: true,
		LabelFuncs: map[string]echoprometheus.LabelValueFunc{"host": func(echo.Context, error) string { return "" }},
		Skipper:    func(c echo.Context) bool { return strings.HasSuffix(c.Path(), "/events") },
		StatusCodeResolver: func(c echo.Context, err error) int {
			if err != nil {
				return kit.ProblemOf(c.Request().Context(), err).Status
			}
			return c.Response().Status
		},
	})
}

func (s *Server) metricsPage(c echo.Context) error {
	if s.opts.MetricsApart {
		return echo.ErrNotFound
	}
	promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}).ServeHTTP(c.Response(), c.Request())
	return nil
}

// ServeMetrics serves /metrics at an address of its own until ctx ends.
func (s *Server) ServeMetrics(ctx context.Context, address string) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("METRICS_ADDR: %w", err)
	}
	return nil
}
