package embedded_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"parley/models/embedded"
)

// ownerDir, when set, makes this test binary an owner that runs the servers until it is killed.
const ownerDir = "PARLEY_EMBEDDED_OWNER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerDir); dir != "" {
		if _, err := embedded.Start(context.Background(), both(dir)); err != nil {
			println(err.Error())
			os.Exit(1)
		}
		println("ready")
		select {}
	}
	os.Exit(m.Run())
}

func TestDataOutlivesTheServers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	remember(t, s, "the first run")
	mustClose(t, s)

	s = start(t, dir)
	defer mustClose(t, s)
	if got := recall(t, s); got != "the first run" {
		t.Fatalf("after a restart the servers hold %q", got)
	}
}

func TestASecondProcessUsesTheServersOfTheFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	owner := start(t, dir)
	defer mustClose(t, owner)
	remember(t, owner, "the owner's")

	guest := start(t, dir)
	if guest.Postgres != nil || guest.Redis != nil {
		t.Fatal("the second one thinks that it runs the servers")
	}
	if got := recall(t, guest); got != "the owner's" {
		t.Fatalf("the second one reads %q", got)
	}
	mustClose(t, guest)
	if got := recall(t, owner); got != "the owner's" {
		t.Fatalf("after the guest has left the owner reads %q", got)
	}
}

func TestAKilledOwnerIsFollowedAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 3 {
		kill := startOwner(t, dir)
		kill()
		s := start(t, dir)
		if s.Postgres == nil || s.Redis == nil {
			t.Fatal("the servers of the dead owner were taken for living ones")
		}
		remember(t, s, "after the crash")
		if got := recall(t, s); got != "after the crash" {
			t.Fatalf("read %q", got)
		}
		mustClose(t, s)
	}
}

func TestADeadServerIsStartedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	defer mustClose(t, s)
	remember(t, s, "before")
	for _, pidFile := range []string{"postgres.pid", "redis.pid"} {
		text, err := os.ReadFile(filepath.Join(dir, pidFile))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for !answers(t.Context(), s) {
		if time.Now().After(deadline) {
			t.Fatal("the servers did not come back")
		}
	}
	if got := recall(t, s); got != "before" {
		t.Fatalf("after its death the server holds %q", got)
	}
}

func TestALongPathHasShortSockets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/" + strings.Repeat("a-long-name/", 8)
	s := startUnsynced(t, dir)
	remember(t, s, "far down")
	if got := recall(t, s); got != "far down" {
		t.Fatalf("read %q", got)
	}
	mustClose(t, s)
}

func both(dir string) embedded.Options {
	return embedded.Options{Dir: dir, Postgres: true, Redis: true}
}

func start(t *testing.T, dir string) *embedded.Services {
	t.Helper()
	s, err := embedded.Start(t.Context(), both(dir))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// startUnsynced starts servers without fsync, for tests that do not use the data afterwards. This makes them faster.
func startUnsynced(t *testing.T, dir string) *embedded.Services {
	t.Helper()
	opts := both(dir)
	opts.Throwaway = true
	s, err := embedded.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustClose(t *testing.T, s *embedded.Services) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// startOwner runs the servers in a process of their own and returns how to kill it.
func startOwner(t *testing.T, dir string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), ownerDir+"="+dir)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the owner says %q", line)
	}
	return func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
}

func remember(t *testing.T, s *embedded.Services, what string) {
	t.Helper()
	conn := connect(t, s)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS notes (note text); TRUNCATE notes"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO notes VALUES ($1)", what); err != nil {
		t.Fatal(err)
	}
	if err := client(t, s).Set(t.Context(), "note", what, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

// recall returns the value stored in both servers and fails if they differ.
func recall(t *testing.T, s *embedded.Services) string {
	t.Helper()
	var row string
	if err := connect(t, s).QueryRow(t.Context(), "SELECT note FROM notes").Scan(&row); err != nil {
		t.Fatal(err)
	}
	if key := client(t, s).Get(t.Context(), "note").Val(); key != row {
		t.Fatalf("PostgreSQL holds %q, Redis %q", row, key)
	}
	return row
}

func connect(t *testing.T, s *embedded.Services) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func client(t *testing.T, s *embedded.Services) *redis.Client {
	t.Helper()
	opts, err := redis.ParseURL(s.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(opts)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// answers reports whether both servers respond. Errors during their start do not matter.
func answers(ctx context.Context, s *embedded.Services) bool {
	conn, err := pgx.Connect(ctx, s.DatabaseURL)
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	opts, err := redis.ParseURL(s.RedisURL)
	if err != nil {
		return false
	}
	c := redis.NewClient(opts)
	defer c.Close()
	return c.Ping(ctx).Err() == nil
}

func TestThrowawayServersAreNotShared(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	first := startThrowaway(t, parent)
	runtime.GC() // would release a lock without references
	runtime.GC()
	second := startThrowaway(t, parent)
	if first == second {
		t.Fatalf("both use %s", first)
	}
}

// startThrowaway keeps nothing but the URL, as testdb does.
func startThrowaway(t *testing.T, parent string) (redisURL string) {
	t.Helper()
	s, err := embedded.StartThrowaway(t.Context(), parent, embedded.Options{Redis: true})
	if err != nil {
		t.Fatal(err)
	}
	server := s.Redis
	t.Cleanup(func() { _ = server.Stop() })
	return s.RedisURL
}
