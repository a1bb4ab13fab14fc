package testdb

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestAServerIsResetForTheNextRun leaves a server as an interrupted test would, and starts with it again.
func TestAServerIsResetForTheNextRun(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := PostgresServer(t)
	conn, err := pgx.Connect(ctx, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`CREATE DATABASE "Left behind"`, "ALTER SYSTEM SET default_transaction_read_only = on",
		"SELECT pg_reload_conf()",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(ctx); err != nil {
		t.Fatal(err)
	}

	c, err := newCluster(ctx, withDatabase(server.URL, "parley"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.admin.Close(context.Background())
	var databases, changed int
	if err := c.admin.QueryRow(ctx, `SELECT count(*) FROM pg_database WHERE datname = 'Left behind'`).Scan(&databases); err != nil {
		t.Fatal(err)
	}
	if err := c.admin.QueryRow(ctx, `SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'`).Scan(&changed); err != nil {
		t.Fatal(err)
	}
	if databases != 0 || changed != 0 {
		t.Errorf("%d databases and %d settings of an earlier run are left", databases, changed)
	}
}
