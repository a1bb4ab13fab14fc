package web_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/web/proxytest"
)

// proxy is a real nginx that serves one Parley below a path and answers 404 to everything else.
type proxy struct {
	address, path string
	nginx         *proxytest.Server
}

// freeAddress returns an address of this machine that nothing listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startProxy serves target at address below path, as in "/chat/". It takes the path off the requests if strip is true.
func startProxy(t *testing.T, address, path, target string, strip bool) *proxy {
	t.Helper()
	to := "http://" + target
	if strip {
		to += "/"
	}
	return &proxy{address, path, proxytest.Nginx(t, address, fmt.Sprintf(`log_format uri '$request_uri';
access_log access.log uri;
server {
	listen %s;
	client_max_body_size 0;
	location %s {
		proxy_pass %s;
		proxy_http_version 1.1;
		proxy_set_header Host $http_host;
		proxy_set_header Connection "";
		proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		proxy_buffering off;
		proxy_request_buffering off;
		proxy_read_timeout 60s;
	}
	location / { return 404; }
}`, address, path, to))}
}

// outside returns the addresses outside of the path that browsers have requested.
func (p *proxy) outside(t *testing.T) []string {
	t.Helper()
	requested, err := os.ReadFile(filepath.Join(p.nginx.Dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(requested)) {
		if !strings.HasPrefix(line, p.path) && strings.TrimSpace(line) != strings.TrimSuffix(p.path, "/") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}
