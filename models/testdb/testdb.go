// Package testdb provides every test with its own empty PostgreSQL database, which has the schema, and its own empty Redis database.
//
// One PostgreSQL and one Redis serve a test binary; they start with the first test that asks and end with the process.
// Their folders, in memory or below the system's temporary one, are used again by later runs. A test fails if the servers cannot be
// started; tests are never skipped.
package testdb

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"parley/models/embedded"
)

// redisDatabases is the number of Redis databases. Database 0 is not used, so that clients without a database number do not interfere.
const redisDatabases = 1023

var (
	postgresOnce = sync.OnceValues(func() (*cluster, error) {
		s, err := start(embedded.Options{Postgres: true})
		if err != nil {
			return nil, err
		}
		return newCluster(context.Background(), s.DatabaseURL)
	})
	redisOnce = sync.OnceValues(func() (*embedded.Services, error) {
		return start(embedded.Options{Redis: true})
	})
	redisTaken atomic.Int64
)

// Postgres returns the URL of a migrated database that is dropped when the test ends, even if clients are still connected.
func Postgres(t testing.TB) string {
	t.Helper()
	return database(t, (*cluster).clone)
}

// EmptyPostgres is Postgres without the schema, for the tests of the migrations.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	return database(t, (*cluster).empty)
}

func database(t testing.TB, create func(*cluster, context.Context) (string, error)) string {
	t.Helper()
	c, err := postgresOnce()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	name, err := create(c, t.Context())
	if err != nil {
		t.Fatalf("make a database: %v", err)
	}
	t.Cleanup(func() {
		if err := c.drop(context.Background(), name); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return withDatabase(c.url, name)
}

// Redis returns the URL of an empty database. Pub/sub channels are shared by all databases: parallel tests receive each other's messages
// unless they use channel names of their own.
func Redis(t testing.TB) string {
	t.Helper()
	s, err := redisOnce()
	if err != nil {
		t.Fatalf("Redis for tests: %v", err)
	}
	taken := redisTaken.Add(1)
	u, err := url.Parse(s.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = fmt.Sprintf("db=%d", (taken-1)%redisDatabases+1)
	if taken > redisDatabases {
		flush(t, u.String()) // an earlier test had it
	}
	return u.String()
}

func flush(t testing.TB, redisURL string) {
	t.Helper()
	opts, err := redis.ParseURL(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opts)
	defer client.Close()
	if err := client.FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

func start(opts embedded.Options) (*embedded.Services, error) {
	opts.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	parent := filepath.Join(folder(), fmt.Sprintf("parley-test-%d", os.Getuid()))
	return embedded.StartThrowaway(context.Background(), parent, opts)
}

// memoryFolder is kept in memory by Linux. Creating a database there takes about a tenth of the time: it consists of more than 700 files.
const memoryFolder = "/dev/shm"

// folder returns where the servers keep their data: in memory if 4 GiB are free there, else in the system's temporary folder.
func folder() string {
	var free syscall.Statfs_t
	if err := syscall.Statfs(memoryFolder, &free); err != nil || free.Bavail*uint64(free.Bsize) < 4<<30 {
		return os.TempDir()
	}
	return memoryFolder
}
