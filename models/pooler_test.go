package models_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"parley/models"
	"parley/models/testdb"
)

// startPgBouncer runs PgBouncer in front of a database and returns the address of the database through it.
func startPgBouncer(t *testing.T, databaseURL, mode string) string {
	t.Helper()
	program := os.Getenv("PARLEY_PGBOUNCER")
	if program == "" {
		var err error
		if program, err = exec.LookPath("pgbouncer"); err != nil {
			t.Fatal(`no PgBouncer: set PARLEY_PGBOUNCER="$(.ci/pgbouncer)"`)
		}
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	dir := t.TempDir()
	target := fmt.Sprintf("host=127.0.0.1 port=%d user=%s", forwardTo(t, databaseURL), u.User.Username())
	if password, has := u.User.Password(); has {
		target += " password=" + password
	}
	config := fmt.Sprintf(`[databases]
* = %s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = %s
logfile = %s
ignore_startup_parameters = timezone, statement_timeout, lock_timeout, idle_in_transaction_session_timeout, jit, plan_cache_mode, search_path
`, target, port, mode, filepath.Join(dir, "log"))
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil { //nolint:gosec // it is read as another user
		t.Fatal(err)
	}
	args := []string{file}
	if os.Getuid() == 0 { // it refuses to run as root
		args = append([]string{"-u", "nobody"}, args...)
		for _, path := range []string{filepath.Dir(dir), dir} {
			if err := os.Chmod(path, 0o777); err != nil { //nolint:gosec // as above
				t.Fatal(err)
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if log, err := os.ReadFile(filepath.Join(dir, "log")); err == nil && t.Failed() {
			t.Logf("PgBouncer wrote:\n%s", log)
		}
	})
	through := *u
	through.Host = fmt.Sprintf("127.0.0.1:%d", port)
	query := through.Query()
	query.Del("host")
	query.Del("port")
	query.Set("sslmode", "disable")
	through.RawQuery = query.Encode()
	for until := time.Now().Add(20 * time.Second); ; {
		c, err := net.DialTimeout("tcp", through.Host, time.Second)
		if err == nil {
			_ = c.Close()
			return through.String()
		}
		if time.Now().After(until) {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("PgBouncer does not answer: %v\n%s\n%s", err, out.String(), log)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// forwardTo returns a port of this machine that leads to the server of a database, whose socket PgBouncer may not be able to reach.
func forwardTo(t *testing.T, databaseURL string) int {
	t.Helper()
	config, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				continue
			}
			for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
				go func() {
					_, _ = io.Copy(way[0], way[1])
					_ = way[0].Close()
				}()
			}
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

// A pooler that loses prepared statements is named with the setting, and one that keeps them is not.
func TestAPoolerWithoutPreparedStatementsIsNamed(t *testing.T) {
	t.Parallel()
	direct := testdb.Postgres(t)
	check := func(databaseURL string) error {
		t.Helper()
		db, err := models.Open(t.Context(), databaseURL)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
		defer desk.Close()
		for range 3 { // nothing is left behind that a later check would find
			err = desk.CheckPooler(t.Context())
		}
		return err
	}
	if err := check(direct); err != nil {
		t.Errorf("without a pooler: %v", err)
	}
	if err := check(startPgBouncer(t, direct, "session")); err != nil {
		t.Errorf("in session mode: %v", err)
	}
	// Before 1.21 it has no max_prepared_statements, which is as if that were 0.
	err := check(startPgBouncer(t, direct, "transaction"))
	if !errors.Is(err, models.PoolerError{}) || !strings.Contains(err.Error(), "max_prepared_statements") {
		t.Errorf("in transaction mode: %v", err)
	}
}

// The rule for max_connections leaves room for one instance more, which a restart one by one needs.
func TestConnectionsAreCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ allowed, pool, instances int }{{97, 24, 3}, {97, 100, 0}, {100, 24, 4}, {497, 24, 19}} {
		if got := (models.Connections{Allowed: c.allowed, PoolSize: c.pool}).Instances(); got != c.instances {
			t.Errorf("%d connections with pools of %d are for %d instances, want %d", c.allowed, c.pool, got, c.instances)
		}
	}
	h := newTestDesk(t)
	if c, err := h.Connections(t.Context()); err != nil || c.Allowed < 10 || c.PoolSize != models.DefaultPoolSize {
		t.Errorf("%+v: %v", c, err)
	}
}
