package testdb

import (
	"context"
	"testing"

	"parley/models/embedded"
)

// Server is a server of one test's own, which may Stop, Start, Kill, Pause and Resume it without hurting others. A killed or
// stopped server comes back only by Start.
type Server struct {
	*embedded.Server
	URL string
}

// PostgresServer returns a server with one migrated database, at URL.
func PostgresServer(t testing.TB) *Server {
	t.Helper()
	return postgresServer(t, (*cluster).clone)
}

// EmptyPostgresServer is PostgresServer without the schema.
func EmptyPostgresServer(t testing.TB) *Server {
	t.Helper()
	return postgresServer(t, (*cluster).empty)
}

func postgresServer(t testing.TB, create func(*cluster, context.Context) (string, error)) *Server {
	t.Helper()
	s := own(t, embedded.Options{Postgres: true})
	c, err := newCluster(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	name, err := create(c, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.admin.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &Server{Server: s.Postgres, URL: withDatabase(s.DatabaseURL, name)}
}

// RedisServer returns a server that is empty, also again after a Stop.
func RedisServer(t testing.TB) *Server {
	t.Helper()
	s := own(t, embedded.Options{Redis: true})
	return &Server{Server: s.Redis, URL: s.RedisURL}
}

func own(t testing.TB, opts embedded.Options) *embedded.Services {
	t.Helper()
	s, err := start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
