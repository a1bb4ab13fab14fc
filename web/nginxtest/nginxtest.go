// Package nginxtest runs a real nginx for tests of Parley behind a proxy. Only tests may import it.
package nginxtest

import (
	"context"
	"errors"
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

// Server is an nginx that runs until its test ends.
type Server struct {
	// Dir is the folder of its files; a relative path in the configuration is below it.
	Dir string
}

// Start runs nginx with these directives in its http block and returns once address accepts connections. The test fails when there is no
// nginx or when it does not start. A failed test logs what nginx wrote to its error log.
func Start(t testing.TB, address, directives string) *Server {
	t.Helper()
	program, err := find()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Dir: t.TempDir()}
	file := filepath.Join(s.Dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(s.config(directives)), 0o600); err != nil {
		t.Fatal(err)
	}
	// Until it has read the configuration, nginx would write errors to a file of the system.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-p", s.Dir, "-c", file, "-e", s.errorLogFile())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		stop(cmd, ended)
		if t.Failed() {
			t.Logf("nginx wrote:\n%s", s.ErrorLog())
		}
	})
	if !accepts(t.Context(), address) {
		t.Fatalf("nginx does not answer at %s: %s", address, s.ErrorLog())
	}
	return s
}

// ErrorLog returns what nginx has written to its error log.
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

func accepts(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for ctx.Err() == nil {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			_ = c.Close()
			return true
		}
	}
	return false
}

// find returns the nginx to run: PARLEY_NGINX, otherwise that of the system, otherwise the one that .ci/nginx fetched.
func find() (string, error) {
	for _, name := range []string{os.Getenv("PARLEY_NGINX"), "nginx", "/usr/sbin/nginx", fetched()} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no nginx: `make test` fetches one on Debian, and .ci/nginx does; else install nginx or set PARLEY_NGINX")
}

// fetched returns where .ci/nginx puts its nginx, below the root of the repository.
func fetched() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, statErr := os.Stat(filepath.Join(dir, "go.mod")); statErr == nil {
			return filepath.Join(dir, ".tools", "bin", "nginx")
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return ""
}
