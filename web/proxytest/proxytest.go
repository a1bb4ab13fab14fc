// Package proxytest runs a real nginx, Caddy or HAProxy for tests of Parley behind a proxy. Only tests may import it.
package proxytest

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

const (
	startTimeout = 20 * time.Second
	stopTimeout  = 10 * time.Second
)

// Server is a proxy that runs until its test ends.
type Server struct {
	// Dir is the folder of its files; a relative path in a configuration of nginx is below it.
	Dir string
}

// Nginx runs nginx with these directives in its http block and returns once address accepts connections. The test fails when there is no
// nginx or when it does not start. A failed test logs what nginx wrote to its error log.
func Nginx(t testing.TB, address, directives string) *Server {
	t.Helper()
	program, err := Find("nginx")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Dir: t.TempDir()}
	file := s.write(t, "nginx.conf", s.config(directives))
	// Until it has read the configuration, nginx would write errors to a file of the system.
	s.run(t, address, exec.CommandContext(context.WithoutCancel(t.Context()), program, "-p", s.Dir, "-c", file, "-e", s.errorLogFile()))
	return s
}

// Caddy runs Caddy with these sites and returns once address accepts connections. The test is skipped when there is no
// Caddy, and fails when it does not start. A failed test logs what Caddy wrote.
func Caddy(t testing.TB, address, sites string) *Server {
	t.Helper()
	program, err := Find("caddy")
	if err != nil {
		t.Skip(err)
	}
	s := &Server{Dir: t.TempDir()}
	file := s.write(t, "Caddyfile", "{\n\tadmin off\n\tgrace_period 200ms\n\tauto_https disable_redirects\n"+
		"\tservers {\n\t\tprotocols h1 h2\n\t}\n}\n"+sites)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "run", "--adapter", "caddyfile", "--config", file)
	cmd.Env = append(os.Environ(), "HOME="+s.Dir, "XDG_DATA_HOME="+s.Dir, "XDG_CONFIG_HOME="+s.Dir)
	s.run(t, address, cmd)
	return s
}

// HAProxy runs HAProxy with this configuration and returns once address accepts connections. The test is skipped when there is no HAProxy,
// and fails when it does not start. A failed test logs what HAProxy wrote.
func HAProxy(t testing.TB, address, config string) *Server {
	t.Helper()
	program, err := Find("haproxy")
	if err != nil {
		t.Skip(err)
	}
	s := &Server{Dir: t.TempDir()}
	file := s.write(t, "haproxy.cfg", config)
	s.run(t, address, exec.CommandContext(context.WithoutCancel(t.Context()), program, "-db", "-f", file))
	return s
}

func (s *Server) write(t testing.TB, name, content string) (file string) {
	t.Helper()
	file = filepath.Join(s.Dir, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// run starts a proxy, whose output is part of its error log, and stops it when the test ends.
func (s *Server) run(t testing.TB, address string, cmd *exec.Cmd) {
	t.Helper()
	output, err := os.OpenFile(s.errorLogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		_ = output.Close()
		close(ended)
	}()
	t.Cleanup(func() {
		stop(cmd, ended)
		if t.Failed() {
			t.Logf("%s wrote:\n%s", filepath.Base(cmd.Path), s.ErrorLog())
		}
	})
	if !accepts(t.Context(), address, ended) {
		t.Fatalf("%s does not answer at %s: %s", filepath.Base(cmd.Path), address, s.ErrorLog())
	}
}

// ErrorLog returns what the proxy has written to its error log and output.
func (s *Server) ErrorLog() string {
	raw, _ := os.ReadFile(s.errorLogFile())
	return string(raw)
}

func (s *Server) errorLogFile() string { return filepath.Join(s.Dir, "error.log") }

// config puts the directives into a whole configuration whose files are all in Dir.
func (s *Server) config(directives string) string {
	var c strings.Builder
	c.WriteString("daemon off;\nworker_processes 2;\npid nginx.pid;\nerror_log error.log warn;\n")
	if os.Geteuid() == 0 {
		c.WriteString("user root;\n") // the default user may not enter Dir
	}
	c.WriteString("events { worker_connections 4096; }\nhttp {\n")
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&c, "%s_temp_path %s;\n", kind, filepath.Join(s.Dir, kind))
	}
	c.WriteString(directives + "\n}\n")
	return c.String()
}

func stop(cmd *exec.Cmd, ended <-chan struct{}) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		_ = cmd.Process.Kill()
		<-ended
	}
}

func accepts(ctx context.Context, address string, ended <-chan struct{}) bool {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for ctx.Err() == nil {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			_ = c.Close()
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false
}

// Find returns the path of a proxy's program: that of PARLEY_NGINX, PARLEY_CADDY or PARLEY_HAPROXY, otherwise that of
// the system, otherwise the one that .ci/<name> fetched. The error says how to get it.
func Find(name string) (string, error) {
	variable := "PARLEY_" + strings.ToUpper(name)
	for _, candidate := range []string{os.Getenv(variable), name, "/usr/sbin/" + name, fetched(name)} {
		if path, err := exec.LookPath(candidate); candidate != "" && err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf(
		"there is no %[1]s: `make test` fetches one on Debian, and .ci/%[1]s does; else install %[1]s or set %[2]s",
		name,
		variable,
	)
}

// fetched returns where .ci/<name> puts a program, below the root of the repository.
func fetched(name string) string {
	dir, err := os.Getwd()
	for err == nil {
		if _, statErr := os.Stat(filepath.Join(dir, "go.mod")); statErr == nil {
			return filepath.Join(dir, ".tools", "bin", name)
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return ""
}
