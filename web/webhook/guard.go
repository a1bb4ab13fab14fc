package webhook

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// errRefusedAddress is the refusal of an address that is neither public nor listed.
var errRefusedAddress = errors.New("the address is not a public one, and not in WEBHOOK_NETWORKS")

// alsoDenied are addresses of metadata and platform services that are public by their number.
var alsoDenied = []netip.Prefix{netip.MustParsePrefix("168.63.129.16/32")}

// mayConnect refuses an address: with https, one that is neither public nor in the networks; without, every one that is not in the
// networks. Addresses of IPv4 in IPv6 count as those of IPv4; those that translate to IPv4, such as 64:ff9b::/96, are not public.
func mayConnect(to netip.Addr, networks []netip.Prefix, isHTTPS bool) error {
	if to.Zone() != "" {
		return errRefusedAddress
	}
	to = to.Unmap()
	if slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(to) }) {
		return nil
	}
	if !isHTTPS {
		return errRefusedAddress
	}
	if err := ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(alsoDenied...)).SafeAddr(to); err != nil {
		return errRefusedAddress
	}
	return nil
}

// transport returns connections to the addresses that may be connected to. networks returns those that are listed now. A proxy resolves
// and connects itself, so with one its rules decide.
func transport(networks func() []netip.Prefix, proxy *url.URL) http.RoundTripper {
	guarded := func(isHTTPS bool) *http.Transport {
		t := newTransport(func(_, address string, _ syscall.RawConn) error {
			// The address is the one that is connected to, so a name cannot resolve to another one in the meantime.
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return errRefusedAddress
			}
			return mayConnect(to.Addr(), networks(), isHTTPS)
		})
		return t
	}
	secure, plain := guarded(true), guarded(false)
	if proxy != nil {
		secure, plain = newTransport(nil), newTransport(nil)
		secure.Proxy, plain.Proxy = http.ProxyURL(proxy), http.ProxyURL(proxy)
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme == "https" {
			return secure.RoundTrip(r)
		}
		return plain.RoundTrip(r)
	})
}

func newTransport(control func(network, address string, c syscall.RawConn) error) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: control}
	return &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 32 << 10,
		MaxIdleConns: 100, MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true, DisableCompression: true,
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
