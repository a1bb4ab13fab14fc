package web_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/web"
)

func TestProfilesStayOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, address := range []string{":6060", "0.0.0.0:0", "192.0.2.1:6060", "localhost:6060", "127.0.0.1", "[::]:6060"} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := web.ServeProfiles(ctx, address); err == nil || !strings.Contains(err.Error(), "PPROF_ADDR must be a loopback address") {
			t.Errorf("%s: %v", address, err)
		}
		cancel()
	}
}

func TestProfilesAreServed(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- web.ServeProfiles(ctx, address) }()
	var text []byte
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(string(text), "goroutine profile") && time.Now().Before(deadline); {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/debug/pprof/goroutine?debug=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
			text, _ = io.ReadAll(res.Body)
			_ = res.Body.Close()
		}
	}
	if !strings.Contains(string(text), "goroutine profile") {
		t.Errorf("no profile came: %.200s", text)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
