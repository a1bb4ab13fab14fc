package push

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// refusedAddressError is the refusal of an address that push services do not have.
type refusedAddressError struct{ reason string }

func (e refusedAddressError) Error() string { return e.reason }

var (
	errNotHTTPS   = refusedAddressError{"the endpoint is not an https address"}
	errNotPublic  = refusedAddressError{"the endpoint does not have a public address"}
	errOtherPort  = refusedAddressError{"the endpoint does not have the standard port of https"}
	errNoEndpoint = refusedAddressError{"the endpoint is not an address"}
)

// guard decides which push services are asked.
type guard struct{ allowed map[string]bool }

func newGuard(hosts []string) guard {
	g := guard{map[string]bool{}}
	for _, host := range hosts {
		if host = strings.ToLower(strings.TrimSpace(host)); host != "" {
			g.allowed[host] = true
		}
	}
	return g
}

func (g guard) allows(u *url.URL) bool {
	return g.allowed[strings.ToLower(u.Host)] || g.allowed[strings.ToLower(u.Hostname())]
}

// checkEndpoint refuses an endpoint whose address alone shows that it is no push service.
func (g guard) checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil:
		return errNoEndpoint
	case u.Scheme != "https":
		return errNotHTTPS
	case g.allows(u):
		return nil
	case u.Port() != "" && u.Port() != "443":
		return errOtherPort
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !isPublic(ip) || isLocalName(u.Hostname()) {
		return errNotPublic
	}
	return nil
}

// isLocalName reports whether a name is never one of the public internet.
func isLocalName(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	if !strings.Contains(host, ".") {
		return true
	}
	for _, end := range []string{".localhost", ".local", ".internal", ".home.arpa"} {
		if strings.HasSuffix(host, end) {
			return true
		}
	}
	return false
}

// notPublic are networks that netip has no method for: of the provider, for documentation and benchmarks, reserved ones, and
// those that translate or tunnel to any IPv4 address.
var notPublic = func() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
		"3fff::/20", "fec0::/10",
	} {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}()

// isPublic reports whether an address is one of the public internet.
func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.Zone() != "" {
		return false
	}
	for _, network := range notPublic {
		if network.Contains(ip) {
			return false
		}
	}
	return true
}

// transport connects to public addresses and to allowed hosts. It uses no proxy, which would resolve names itself.
func (g guard) transport() http.RoundTripper {
	open := newTransport(nil)
	guarded := newTransport(func(_, address string, _ syscall.RawConn) error {
		// The address is the one that is connected to, so a name cannot resolve to another one in the meantime.
		to, err := netip.ParseAddrPort(address)
		if err != nil || !isPublic(to.Addr()) || to.Port() != 443 {
			return errNotPublic
		}
		return nil
	})
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		switch {
		case r.URL.Scheme != "https":
			return nil, errNotHTTPS
		case g.allows(r.URL):
			return open.RoundTrip(r)
		}
		return guarded.RoundTrip(r)
	})
}

func newTransport(control func(network, address string, c syscall.RawConn) error) *http.Transport {
	dialer := &net.Dialer{Timeout: 3 * time.Second, Control: control}
	return &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: 3 * time.Second, ResponseHeaderTimeout: 5 * time.Second,
		MaxResponseHeaderBytes: 16 << 10, MaxIdleConns: 20, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		DisableCompression: true,
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// ParseHosts returns the hosts of a list, or an error that names the one that is none.
func ParseHosts(list []string) ([]string, error) {
	var hosts []string
	for _, host := range list {
		host = strings.TrimSpace(host)
		if host == "" {
			continue
		}
		u, err := url.Parse("https://" + host)
		if err != nil || u.Host != host || u.Hostname() == "" {
			return nil, errors.New("PUSH_HOSTS: " + strings.ToValidUTF8(host, "?") + " is not a host such as push.example.internal:8443")
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}
