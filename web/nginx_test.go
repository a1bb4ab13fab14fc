package web_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// proxy is a real nginx that serves one Parley below a path and answers 404 to everything else.
type proxy struct {
	address, path, dir string
}

// freeAddress is an address of this machine that nothing listens at.
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
	dir := t.TempDir()
	config := "daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log error.log warn;\n"
	if os.Geteuid() == 0 {
		config += "user root;\n" // else its workers are nobody, who may not enter dir
	}
	config += "events {}\nhttp {\nlog_format uri '$request_uri';\naccess_log access.log uri;\n"
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		config += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	config += fmt.Sprintf(`server {
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
}
}
`, address, path, to)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(findNginx(t), "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	go func() { _ = cmd.Wait(); close(end) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		select {
		case <-end:
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			<-end
		}
	})
	p := &proxy{address, path, dir}
	deadline, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		if c, err := (&net.Dialer{}).DialContext(deadline, "tcp", address); err == nil {
			_ = c.Close()
			return p
		}
		if deadline.Err() != nil {
			said, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Fatalf("nginx does not answer: %s", said)
		}
	}
}

// outside are the addresses outside of the path that browsers have asked for.
func (p *proxy) outside(t *testing.T) []string {
	t.Helper()
	asked, err := os.ReadFile(filepath.Join(p.dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(asked)) {
		if !strings.HasPrefix(line, p.path) && strings.TrimSpace(line) != strings.TrimSuffix(p.path, "/") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

// findNginx is PARLEY_NGINX, else the one of the system, else the one that was fetched.
func findNginx(t *testing.T) string {
	t.Helper()
	fetched, _ := filepath.Abs("../.tools/bin/nginx")
	for _, name := range []string{os.Getenv("PARLEY_NGINX"), "nginx", "/usr/sbin/nginx", fetched} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Fatal("there is no nginx: `make test` fetches one on Debian, and .ci/nginx does; else install nginx or set PARLEY_NGINX")
	return ""
}
