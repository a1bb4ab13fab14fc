package testdb_test

import (
	"context"
	"errors"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"parley/models/testdb"
)

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	first, second := connect(t, testdb.Postgres(t)), connect(t, testdb.Postgres(t))
	if _, err := first.Exec(t.Context(), "CREATE TABLE only_here ()"); err != nil {
		t.Fatal(err)
	}
	const count = "SELECT count(*) FROM pg_tables WHERE tablename = $1"
	var foreign, migrated int
	if err := second.QueryRow(t.Context(), count, "only_here").Scan(&foreign); err != nil {
		t.Fatal(err)
	}
	if err := second.QueryRow(t.Context(), count, "schema_migrations").Scan(&migrated); err != nil {
		t.Fatal(err)
	}
	if foreign != 0 || migrated != 1 {
		t.Fatalf("the second database has %d tables of the first and %d of the schema", foreign, migrated)
	}
}

func TestRedisDatabasesAreApart(t *testing.T) {
	t.Parallel()
	first, second := client(t, testdb.Redis(t)), client(t, testdb.Redis(t))
	if err := first.Set(t.Context(), "key", "mine", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := second.Get(t.Context(), "key").Err(); !errors.Is(err, redis.Nil) {
		t.Fatalf("the second database answers %v, want %v", err, redis.Nil)
	}
}

func TestAServerCanFailAndComeBack(t *testing.T) {
	t.Parallel()
	server := testdb.PostgresServer(t)
	conn := connect(t, server.URL)

	must(t, server.Pause())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := conn.Exec(ctx, "SELECT 1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a paused server answers %v", err)
	}
	must(t, server.Resume())

	must(t, server.Stop())
	if _, err := pgx.Connect(t.Context(), server.URL); err == nil {
		t.Fatal("a stopped server answers")
	}
	must(t, server.Start(t.Context()))
	if _, err := connect(t, server.URL).Exec(t.Context(), "TABLE schema_migrations"); err != nil {
		t.Fatal(err)
	}
}

// TestAPausedServerLeavesNoProcess kills a server whose processes are stopped, as a test does that fails in between.
func TestAPausedServerLeavesNoProcess(t *testing.T) {
	t.Parallel()
	server := testdb.PostgresServer(t)
	conn := connect(t, server.URL)
	var session int
	if err := conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&session); err != nil {
		t.Fatal(err)
	}
	must(t, server.Pause())
	must(t, server.Kill())
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(session, 0) == nil; {
		if time.Now().After(deadline) {
			t.Fatalf("process %d of the killed server is still there", session)
		}
		runtime.Gosched()
	}
}

func connect(t *testing.T, databaseURL string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func client(t *testing.T, redisURL string) *redis.Client {
	t.Helper()
	opts, err := redis.ParseURL(redisURL)
	must(t, err)
	c := redis.NewClient(opts)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
