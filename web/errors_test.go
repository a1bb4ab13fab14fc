package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"parley/web"
)

func TestACallerWhoLeftIsNoFailureOfOurs(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	h := startServer(t, func(s *setup) { s.options = func(o *web.Options) { o.Log = slog.New(slog.NewTextHandler(&said, nil)) } })
	_, token := h.guest()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, forUser+"/chats", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	answer := httptest.NewRecorder()
	h.server.Handler().ServeHTTP(answer, request)
	if answer.Code != 499 {
		t.Errorf("the log and the metrics have it as %d", answer.Code)
	}
	if bytes.Contains(said.Bytes(), []byte("level=ERROR")) {
		t.Errorf("it was logged as a failure: %s", said.Bytes())
	}
}

func TestPagesAreFoundWithASlashAtTheirEnd(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	for path, to := range map[string]string{"/demo/": "/demo", "/workbench/?lang=en": "/workbench?lang=en", "/login//": "/login"} {
		if got := h.ask("GET", path, "", nil).want(http.StatusPermanentRedirect).Header.Get("Location"); got != to {
			t.Errorf("%s leads to %q", path, got)
		}
	}
	for _, path := range []string{"//evil.example/", `/\evil.example/`, "/static/", forUser + "/chats/"} {
		if got := h.ask("GET", path, "", nil); got.Status != http.StatusNotFound {
			t.Errorf("%s: %d to %q", path, got.Status, got.Header.Get("Location"))
		}
	}
}
