package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// maxReadiness is how much of the answer of /readyz is printed, in bytes.
const maxReadiness = 4096

// CheckReady asks the Parley that listens on an address of this machine whether it is ready, and writes its answer to out. The error says
// that it is not.
func CheckReady(ctx context.Context, listens string, out io.Writer) error {
	address, err := localAddress(listens)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("no answer from %s: %w", address, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxReadiness))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, strings.TrimSpace(string(body)))
	if res.StatusCode != http.StatusOK {
		return errors.New("not ready")
	}
	return nil
}

// localAddress returns the address at which a program that listens on an address is reached from this machine.
func localAddress(listens string) (string, error) {
	host, port, err := net.SplitHostPort(listens)
	if err != nil {
		return "", fmt.Errorf("LISTEN_ADDR: %q is not an address such as :8080", listens)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}
