package main

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/models/testdb"
)

// otherDatabase makes a database with options on the server of the tests and returns its address.
func otherDatabase(t *testing.T, name, options string) string {
	t.Helper()
	address := testdb.EmptyPostgres(t)
	admin, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context())
	for _, statement := range []string{`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`, `CREATE DATABASE ` + name + ` ` + options} {
		if _, err := admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Has("dbname") {
		q.Set("dbname", name)
		u.RawQuery = q.Encode()
	} else {
		u.Path = "/" + name
	}
	return u.String()
}

func TestADatabaseThatIsNotUTF8IsRefused(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"LATIN1", "SQL_ASCII"} {
		address := otherDatabase(t, "encoded_"+strings.ToLower(encoding), `ENCODING '`+encoding+`' LOCALE 'C' TEMPLATE template0`)
		for _, command := range [][]string{{"migrate", "up"}, {"migrate", "status"}, {"serve"}, {"run"}, {"demo"}, {"check"}, {"agent", "list"}, {"department", "list"}} {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			var stdout, stderr bytes.Buffer
			code := run(
				ctx,
				command,
				[]string{
					"DATABASE_URL=" + address,
					"REDIS_URL=redis://127.0.0.1:1",
					"LISTEN_ADDR=127.0.0.1:0",
					"PARLEY_DIR=" + t.TempDir(),
				},
				strings.NewReader(""),
				&stdout,
				&stderr,
			)
			cancel()
			if said := stderr.String(); code != exitFailed || !strings.Contains(said, "encoded in "+encoding) ||
				!strings.Contains(said, "ENCODING 'UTF8'") {
				t.Errorf("%s: parley %v ends with %d and says %q", encoding, command, code, said)
			}
		}
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		var tables int
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`).
			Scan(&tables); err != nil ||
			tables != 0 {
			t.Errorf("%s: %d tables were made, %v", encoding, tables, err)
		}
		_ = conn.Close(t.Context())
	}
}

// The encoding of the client is always UTF-8; the one in the address is ignored.
func TestTheEncodingOfTheClientIsUTF8(t *testing.T) {
	t.Parallel()
	address := testdb.Postgres(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("client_encoding", "LATIN1")
	u.RawQuery = q.Encode()
	environ := func(address string) []string {
		return []string{"DATABASE_URL=" + address, "PARLEY_DIR=" + t.TempDir()}
	}
	var out, stderr bytes.Buffer
	if code := run(
		t.Context(),
		[]string{"department", "add", "--slug", "zh", "--name", "张伟"},
		environ(u.String()),
		strings.NewReader(""),
		&out,
		&stderr,
	); code != 0 {
		t.Fatalf("adding ends with %d: %s", code, stderr.String())
	}
	out.Reset()
	if code := run(
		t.Context(),
		[]string{"department", "list"},
		environ(address),
		strings.NewReader(""),
		&out,
		&stderr,
	); code != 0 ||
		!strings.Contains(out.String(), "张伟") {
		t.Errorf("the list ends with %d: %s %s", code, out.String(), stderr.String())
	}
}
