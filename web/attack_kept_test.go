package web_test

import (
	"maps"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// sumQuery returns the query for kept. It ignores heartbeats, which open streams keep, what deliveries to
// webhooks write, and columns that change with time alone.
func (s *stage) sumQuery() {
	s.t.Helper()
	rows, err := s.db.QueryContext(
		s.t.Context(),
		`SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
		AND relname NOT IN ('pulse', 'minute_samples', 'minute_buckets', 'chat_watches', 'webhook_deliveries') AND relname NOT LIKE 'schema_migrations%' ORDER BY 1`,
	)
	s.must(err)
	defer rows.Close()
	var sums []string
	for rows.Next() {
		var table string
		s.must(rows.Scan(&table))
		sums = append(
			sums,
			strings.ReplaceAll(`SELECT '%t' AS name, coalesce(string_agg(md5(row::text), '' ORDER BY md5(row::text)), '') AS sum
			FROM (SELECT to_jsonb(t) - CASE '%t' WHEN 'webhooks' THEN '{failing_since,failures,blocked_until,delivered_at,lease_owner,lease_until}'
				ELSE '{seen_at,lost_at,user_seen_at,input_at,last_used_at}' END::text[] AS row FROM %t t) %t`, "%t", table),
		)
	}
	s.must(rows.Err())
	if s.sums = "SELECT name, md5(sum) FROM (" + strings.Join(sums, " UNION ALL ") + ") all_of_them"; len(sums) < 10 {
		s.t.Fatalf("only %d tables", len(sums))
	}
}

// kept returns a checksum of each table.
func (s *stage) kept() map[string]string {
	s.t.Helper()
	rows, err := s.db.QueryContext(s.t.Context(), s.sums)
	s.must(err)
	defer rows.Close()
	kept := map[string]string{}
	for rows.Next() {
		var table, sum string
		s.must(rows.Scan(&table, &sum))
		kept[table] = sum
	}
	s.must(rows.Err())
	return kept
}

// unchanged fails if the stored data differs from before.
func (s *stage) unchanged(before map[string]string, what string) {
	s.t.Helper()
	after := s.kept()
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if before[table] != after[table] {
			s.t.Errorf("%s changed the table %s", what, table)
		}
	}
}

// tales match internals that a response must not contain: of the driver and its SQL, of Go, of the machine, and secrets.
var tales = []string{
	"SQLSTATE",
	"pgconn",
	"pgx/",
	"bun:",
	"pq:",
	"INSERT INTO",
	"UPDATE agents",
	"UPDATE chats",
	"DELETE FROM",
	"SELECT *",
	"LEFT JOIN",
	"RETURNING",
	"violates",
	"constraint \"",
	"relation \"",
	"syntax error at",
	"redis:",
	"dial tcp",
	"dial unix",
	"connection refused",
	"context deadline",
	"i/o timeout",
	"unexpected EOF",
	"goroutine ",
	"runtime error",
	"panic",
	"nil pointer",
	".go:",
	"parley/models",
	"parley/web",
	"jsontext",
	"json: ",
	"strconv.",
	"template:",
	here(),
	"/root/",
	"/home/",
	"/tmp/",
	"/usr/",
	".s.PGSQL",
	"$argon2id",
	secret,
	password,
}

// here is the folder of the build, as it appears in a stack trace.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(file)) + "/"
}

// checkDiscretion checks every response of every test: it is no internal error and contains no internals.
func checkDiscretion(t *testing.T, r *http.Request, got *http.Response, body []byte) {
	t.Helper()
	if got.StatusCode == http.StatusInternalServerError {
		t.Errorf("%s %s went wrong inside: %s", r.Method, r.URL, body)
	}
	if r.URL.Path == "/metrics" || strings.HasPrefix(r.URL.Path, "/static/") || r.URL.Path == "/widget.js" {
		return // the metrics of Go contain names of Go, and scripts contain such words
	}
	text := string(body)
	for name, values := range got.Header {
		text += "\n" + name + ": " + strings.Join(values, ", ")
	}
	for _, tale := range tales {
		if strings.Contains(text, tale) {
			t.Errorf("%s %s tells %q: %.2000s", r.Method, r.URL, tale, text)
		}
	}
}
