package cli_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/jobs/cli"
	"parley/models"
	"parley/models/testdb"
)

func move(t *testing.T, to string, environ ...string) (string, error) {
	t.Helper()
	p := newProgram(t, environ...)
	var out bytes.Buffer
	p.Stdout = &out
	m := cli.Move{To: to}
	err := m.Run(t.Context(), p)
	p.Close()
	return out.String(), err
}

func wantRefusal(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %v, want %q in it", err, part)
		}
	}
}

// TestADatabaseIsMoved moves a database to a server of its own.
func TestADatabaseIsMoved(t *testing.T) {
	t.Parallel()
	from := testdb.Postgres(t)
	target := testdb.PostgresServer(t)
	desk := newProgram(t, "DATABASE_URL="+from)
	d, err := desk.ReadyDesk(t.Context())
	must(t, err)
	_, err = d.EnsureUser(t.Context(), models.Identity{ID: "42", Name: "Maria"})
	must(t, err)
	_, err = d.Assign(t.Context(), "42", models.AssignRequest{Message: "hello"})
	must(t, err)

	_, err = move(t, target.URL, "DATABASE_URL="+from)
	wantRefusal(t, err, "the database of DATABASE_URL is used by another parley", "Stop every instance")
	desk.Close()
	until(t, from, `SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'parley'`)

	out, err := move(t, target.URL, "DATABASE_URL="+from)
	must(t, err)
	for _, want := range []string{"copied messages: 1 rows", "DATABASE_URL       the address of --to"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	moved := newProgram(t, "DATABASE_URL="+target.URL)
	after, err := moved.ReadyDesk(t.Context())
	must(t, err)
	checked, err := after.Check(t.Context())
	must(t, err)
	for _, c := range checked {
		if len(c.Findings) > 0 {
			t.Errorf("%s: %v", c.Invariant, c.Findings)
		}
	}
	moved.Close()
	until(t, target.URL, `SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'parley'`)
	_, err = move(t, target.URL, "DATABASE_URL="+from)
	wantRefusal(t, err, "the database of --to: it is not empty")
}

// until waits until a query answers true.
func until(t *testing.T, url, query string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(t.Context())
	for done := false; !done; {
		must(t, conn.QueryRow(t.Context(), query).Scan(&done))
	}
}

func TestAMoveSaysWhatToDo(t *testing.T) {
	t.Parallel()
	from := testdb.Postgres(t)
	run := func(statements ...string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), from)
		must(t, err)
		defer conn.Close(t.Context())
		for _, statement := range statements {
			_, err := conn.Exec(t.Context(), statement)
			must(t, err)
		}
	}
	for to, want := range map[string]string{
		"postgres://parley:hunter22@127.0.0.1:1/parley": "cannot be reached",
		"postgres://parley:hunter22@[::1/parley":        "--to is not a PostgreSQL address",
		strings.Replace(from, "/test_", "/no_such_", 1): "the database does not exist; make it with CREATE DATABASE",
		from: "DATABASE_URL and --to lead to the same database",
		testdb.EmptyPostgres(t) + "&options=-cdefault_transaction_read_only%3Don": "it takes no writes",
	} {
		_, err := move(t, to, "DATABASE_URL="+from)
		wantRefusal(t, err, want)
		if err != nil && strings.Contains(err.Error(), "hunter22") {
			t.Error("it shows the password")
		}
	}

	_, err := move(t, testdb.EmptyPostgres(t), "DATABASE_URL="+testdb.EmptyPostgres(t))
	wantRefusal(t, err, "the database schema is behind")

	run(`DO $$ BEGIN CREATE ROLE may_not_create LOGIN; EXCEPTION WHEN duplicate_object THEN END $$`)
	limited := strings.Replace(testdb.EmptyPostgres(t), "parley@", "may_not_create@", 1)
	_, err = move(t, limited, "DATABASE_URL="+from)
	wantRefusal(t, err, "the user may not do that; make it the owner of the database")
}
