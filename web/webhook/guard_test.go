package webhook

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"testing"
	"time"

	"parley/models"
	"parley/web/api"
)

// What an address is, and whether it is connected to without and with the networks of the test.
func TestOnlyPublicAndListedAddressesAreConnectedTo(t *testing.T) {
	t.Parallel()
	listed := []netip.Prefix{
		netip.MustParsePrefix("10.7.0.0/16"),
		netip.MustParsePrefix("fd12::/16"),
		netip.MustParsePrefix("169.254.7.0/24"),
	}
	for _, c := range []struct {
		address                    string
		https, httpsListed, isHTTP bool
	}{
		{"93.184.216.34", true, true, false},
		{"2606:2800:220:1::1", true, true, false},
		{"::ffff:93.184.216.34", true, true, false},
		{"10.7.1.2", false, true, true},
		{"::ffff:10.7.1.2", false, true, true},
		{"10.8.1.2", false, false, false},
		{"fd12::1", false, true, true},
		{"fd13::1", false, false, false},
		{"127.0.0.1", false, false, false},
		{"127.255.255.254", false, false, false},
		{"::1", false, false, false},
		{"::ffff:127.0.0.1", false, false, false},
		{"::127.0.0.1", false, false, false}, // IPv4-compatible
		{"::", false, false, false},
		{"0.0.0.0", false, false, false},
		{"0.1.2.3", false, false, false},
		{"172.16.0.1", false, false, false},
		{"172.31.255.255", false, false, false},
		{"192.168.1.1", false, false, false},
		{"100.64.0.1", false, false, false},      // CGNAT
		{"100.100.100.200", false, false, false}, // metadata of Alibaba
		{"169.254.169.254", false, false, false}, // metadata of most clouds
		{"169.254.7.1", false, true, true},
		{"::ffff:169.254.169.254", false, false, false},
		{"fd00:ec2::254", false, false, false}, // metadata of AWS
		{"168.63.129.16", false, false, false}, // platform service of Azure
		{"192.0.0.192", false, false, false},   // metadata of Oracle
		{"192.0.2.1", false, false, false},
		{"198.18.0.1", false, false, false},
		{"198.51.100.7", false, false, false},
		{"203.0.113.7", false, false, false},
		{"224.0.0.1", false, false, false},
		{"239.255.255.250", false, false, false},
		{"240.0.0.1", false, false, false},
		{"255.255.255.255", false, false, false},
		{"64:ff9b::a9fe:a9fe", false, false, false}, // NAT64 of 169.254.169.254
		{"64:ff9b::5db8:d822", false, false, false},
		{"64:ff9b:1::a00:1", false, false, false},
		{"2002:a9fe:a9fe::1", false, false, false}, // 6to4
		{"2001::1", false, false, false},           // Teredo
		{"2001:db8::1", false, false, false},
		{"fe80::1", false, false, false},
		{"fe80::1%eth0", false, false, false},
		{"2606:2800:220:1::1%eth0", false, false, false},
		{"fec0::1", false, false, false},
		{"ff02::1", false, false, false},
		{"100::1", false, false, false},
	} {
		to := netip.MustParseAddr(c.address)
		if got := mayConnect(to, nil, true) == nil; got != c.https {
			t.Errorf("%s by https: %v", c.address, got)
		}
		if got := mayConnect(to, listed, true) == nil; got != c.httpsListed {
			t.Errorf("%s by https with networks: %v", c.address, got)
		}
		if mayConnect(to, nil, false) == nil {
			t.Errorf("%s by http without networks", c.address)
		}
		if got := mayConnect(to, listed, false) == nil; got != c.isHTTP {
			t.Errorf("%s by http with networks: %v", c.address, got)
		}
	}
}

func newSender(networks string) *Sender {
	return New(Options{
		Version: "test", Links: api.FileLinks{Key: []byte("key")},
		Networks: func() []netip.Prefix { return models.ParseWebhookNetworks(networks) },
	})
}

func attempt(t *testing.T, s *Sender, address string) *models.WebhookAnswer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	return s.Send(ctx, &models.WebhookRequest{
		URL: address, Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		Event: &models.WebhookEvent{ID: "evt_1", Type: models.WebhookTest},
	})
}

// However a name of this machine is written, nothing reaches the server on it, and a redirect to it is not followed.
func TestTheOwnMachineIsNotReached(t *testing.T) {
	t.Parallel()
	hits := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	defer inside.Close()
	_, port, _ := net.SplitHostPort(inside.Listener.Addr().String())
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "[::]", "127.1", "2130706433", "0x7f.1", "0177.0.0.1",
	} {
		for _, scheme := range []string{"http", "https"} {
			if a := attempt(t, newSender(""), scheme+"://"+host+":"+port+"/"); a.Error == "" || a.Status != 0 {
				t.Errorf("%s://%s is answered: %+v", scheme, host, a)
			}
		}
	}
	if a := attempt(t, newSender(""), "http://127.0.0.1:"+port); a.Error != models.WebhookRefusedAddress {
		t.Errorf("the reason is %q", a.Error)
	}
	if hits != 0 {
		t.Fatalf("%d requests arrived", hits)
	}
	outside := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusTemporaryRedirect))
	defer outside.Close()
	if a := attempt(t, newSender("127.0.0.0/8, ::1"), outside.URL); a.Error != models.WebhookRedirected || a.Status != 307 || hits != 0 {
		t.Errorf("a redirect is %+v, and %d requests arrived", a, hits)
	}
	if a := attempt(t, newSender("127.0.0.0/8"), inside.URL); a.Error != "" || hits != 1 {
		t.Errorf("listed, it is %+v, and %d requests arrived", a, hits)
	}
}

// The proxies of the environment are not used; one that is set is.
func TestOnlyTheProxyOfWebhooksIsUsed(t *testing.T) {
	hits := 0
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	attempt(t, newSender("10.0.0.0/8"), "http://10.255.255.1:9/")
	if hits != 0 {
		t.Fatal("the proxy of the environment was used")
	}
	u, _ := url.Parse(proxy.URL)
	s := New(Options{Networks: func() []netip.Prefix { return nil }, Proxy: u})
	if a := attempt(t, s, "http://10.255.255.1:9/"); a.Error != "" || hits != 1 {
		t.Errorf("with a proxy: %+v, %d requests", a, hits)
	}
	if _, err := ParseProxy("socks://x"); err == nil {
		t.Error("a proxy that is none is accepted")
	}
}

// Each failure has its reason, and the log gets what was answered, in bounds.
func TestAnAnswerIsKeptInBounds(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		answer http.HandlerFunc
		error  models.WebhookError
		status int
		body   int
	}{
		"created": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }, "", 201, 0},
		"long": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			for range 20 {
				_, _ = w.Write(make([]byte, 10_000))
			}
		}, models.WebhookBadStatus, 500, maxAnswer * len("�")},
		"gone": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, models.WebhookGone, 410, 0},
		"broken": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, models.WebhookInterrupted, 0, 0},
		"silent": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, models.WebhookTimedOut, 0, 0},
	} {
		server := httptest.NewServer(c.answer)
		a := attempt(t, newSender("127.0.0.0/8"), server.URL+"/?password=secret")
		server.Close()
		if a.Error != c.error || a.Status != c.status || len(a.Body) != c.body {
			t.Errorf("%s: %q, %d, %d bytes", what, a.Error, a.Status, len(a.Body))
		}
		if a.Cause != nil && errors.Is(a.Cause, &url.Error{}) {
			t.Errorf("%s: the cause quotes the address: %v", what, a.Cause)
		}
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	for address, want := range map[string]models.WebhookError{
		closed.URL:                        models.WebhookUnreachable,
		"https://nowhere.invalid/":        models.WebhookUnresolved,
		"https://127.0.0.1:" + tlsPort(t): models.WebhookTLSFailed,
	} {
		if a := attempt(t, newSender("127.0.0.0/8"), address); a.Error != want {
			t.Errorf("%s: %q, want %q (%v)", address, a.Error, want, a.Cause)
		}
	}
	later := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer later.Close()
	if a := attempt(t, newSender("127.0.0.0/8"), later.URL); a.RetryAfter != 2*time.Minute {
		t.Errorf("asked to wait %s", a.RetryAfter)
	}
}

// tlsPort returns the port of a server whose certificate no one trusts.
func tlsPort(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	return strconv.Itoa(server.Listener.Addr().(*net.TCPAddr).Port)
}
