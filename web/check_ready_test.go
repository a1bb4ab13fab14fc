package web_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/web"
)

func TestHealthCheckAsksTheProgramOnThisMachine(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("it asks for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"status":"state"}`))
	}))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	for _, listens := range []string{":" + port, "0.0.0.0:" + port, "127.0.0.1:" + port} {
		var out bytes.Buffer
		status = http.StatusOK
		must(t, web.CheckReady(t.Context(), listens, &out))
		status = http.StatusServiceUnavailable
		if err := web.CheckReady(t.Context(), listens, &out); err == nil {
			t.Errorf("%s: an instance that is not ready passes", listens)
		}
		if !strings.Contains(out.String(), `"status":"state"`) {
			t.Errorf("it does not print the answer: %q", out.String())
		}
	}
	server.Close()
	if err := web.CheckReady(t.Context(), ":"+port, io.Discard); err == nil {
		t.Error("nothing listens, and the check passes")
	}
}
