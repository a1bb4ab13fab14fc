package web_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"parley/web"
)

// A request keeps the ids that a trusted proxy gave it, so that it is found in the logs of both.
func TestARequestKeepsTheIDsOfATrustedProxy(t *testing.T) {
	t.Parallel()
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	for name, test := range map[string]struct {
		proxy             string
		id, parent        string
		keepsID, logTrace bool
	}{
		"trusted":            {"127.0.0.0/8", "edge-4711/a", "00-" + trace + "-00f067aa0ba902b7-01", true, true},
		"not trusted":        {"192.0.2.0/24", "edge-4711/a", "00-" + trace + "-00f067aa0ba902b7-01", false, false},
		"malformed":          {"127.0.0.0/8", "a b", "00-" + trace[:31] + "-00f067aa0ba902b7-01", false, false},
		"too long, all zero": {"127.0.0.0/8", strings.Repeat("x", 65), "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01", false, false},
		"none":               {"127.0.0.0/8", "", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			h := startServer(t, func(s *setup) {
				s.log = slog.New(slog.NewTextHandler(&log, nil))
				s.options = func(o *web.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(test.proxy)} }
			})
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/api/customer-service/check-availability", nil)
			must(t, err)
			req.Header.Set("X-Request-Id", test.id)
			req.Header.Set("Traceparent", test.parent)
			res, err := http.DefaultTransport.RoundTrip(req)
			must(t, err)
			must(t, res.Body.Close())
			id := res.Header.Get("X-Request-Id")
			if kept := id == test.id; kept != test.keepsID || id == "" {
				t.Errorf("the request id is %q, %q was sent", id, test.id)
			}
			h.until("the request is logged", func() bool { return strings.Contains(log.text(), "request_id="+id) })
			if logged := strings.Contains(log.text(), "trace_id="+trace); logged != test.logTrace {
				t.Errorf("the trace is logged: %v\n%s", logged, log.text())
			}
		})
	}
}

// With an address of their own the metrics are served there and nowhere else.
func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) {
		s.options = func(o *web.Options) { o.MetricsApart, o.Version = true, "1.2.3" }
	})
	h.ask("GET", "/metrics", "", nil).want(404)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := free.Addr().String()
	must(t, free.Close())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.server.ServeMetrics(ctx, address) }()
	get := func(path string) (status int, body string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		must(t, err)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return 0, ""
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		must(t, err)
		return res.StatusCode, string(text)
	}
	var body string
	h.until("the metrics are served", func() bool { _, body = get("/metrics"); return body != "" })
	for _, want := range []string{`parley_build_info{go="go1.`, `version="1.2.3"} 1`, "parley_database_up 1"} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if status, _ := get("/login"); status != 404 {
		t.Errorf("the address of the metrics answers %d for a page", status)
	}
	cancel()
	must(t, <-ended)
}

// Damage to the schema is not taken for an outage, which would pass by itself.
func TestDamageToTheSchemaIsToldApart(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.log = slog.New(slog.DiscardHandler) })
	_, token := h.guest()
	_, err := h.desk.DB().ExecContext(t.Context(), "ALTER TABLE chats RENAME COLUMN user_id TO person")
	must(t, err)
	got := h.ask("GET", forUser+"/chats", token, nil).refused(503, "database_schema_mismatch")
	if got.Header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	if text := string(got.Body); strings.Contains(text, "user_id") || strings.Contains(text, "42703") {
		t.Errorf("the answer quotes the driver: %s", text)
	}
}
