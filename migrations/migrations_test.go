package migrations_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	_ "github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/sync/errgroup"

	"parley/migrations"
	"parley/models/testdb"
)

func steps(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 3 {
		fsys[pairs[i]+".tx.up.sql"] = &fstest.MapFile{Data: []byte(pairs[i+1])}
		fsys[pairs[i]+".tx.down.sql"] = &fstest.MapFile{Data: []byte(pairs[i+2])}
	}
	return fsys
}

var twoTables = steps(
	"1_first", "CREATE TABLE first ()", "DROP TABLE first",
	"2_second", "CREATE TABLE second (); CREATE INDEX ON second ((1))", "DROP TABLE second",
)

func TestTheSchemaGoesUpAndDown(t *testing.T) {
	t.Parallel()
	db := open(t)
	must(t, migrations.Up(t.Context(), db, io.Discard))
	applied, pending, err := migrations.Status(t.Context(), db)
	must(t, err)
	if len(applied) == 0 || len(pending) != 0 {
		t.Fatalf("after up: applied %v, pending %v", applied, pending)
	}
	must(t, migrations.Down(t.Context(), db, true, io.Discard))
	var left []string
	rows, err := db.QueryContext(
		t.Context(),
		`SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v', 'm')
		UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
		UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
	)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		left = append(left, name)
	}
	must(t, rows.Err())
	if !slices.Equal(left, []string{"schema_migrations"}) {
		t.Fatalf("going all the way down leaves %v", left)
	}
	must(t, migrations.Up(t.Context(), db, io.Discard))
}

func TestDownTakesBackOneStep(t *testing.T) {
	t.Parallel()
	db := open(t)
	must(t, migrations.UpFrom(t.Context(), db, twoTables, io.Discard))
	must(t, migrations.DownFrom(t.Context(), db, twoTables, false, io.Discard))
	wantStatus(t, db, twoTables, []string{"1_first"}, []string{"2_second"})
	if exists(t, db, "second") || !exists(t, db, "first") {
		t.Fatal("the wrong table is gone")
	}
}

func TestStatusChangesNothing(t *testing.T) {
	t.Parallel()
	db := open(t)
	wantStatus(t, db, twoTables, nil, []string{"1_first", "2_second"})
	if exists(t, db, "schema_migrations") {
		t.Fatal("asking for the status has made a table")
	}
}

func TestAFailingStepLeavesNothing(t *testing.T) {
	t.Parallel()
	db := open(t)
	broken := steps(
		"1_first", "CREATE TABLE first ()", "DROP TABLE first",
		"2_broken", "CREATE TABLE half ();\nCREATE TABEL rest ()", "DROP TABLE half",
		"3_third", "CREATE TABLE third ()", "DROP TABLE third",
	)
	err := migrations.UpFrom(t.Context(), db, broken, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "2_broken, line 2") {
		t.Fatalf("the error is %v; it should name the step and the line", err)
	}
	wantStatus(t, db, broken, []string{"1_first"}, []string{"2_broken", "3_third"})
	if exists(t, db, "half") {
		t.Fatal("half of the broken step is there")
	}
	broken["2_broken.tx.up.sql"].Data = []byte("CREATE TABLE half ()")
	must(t, migrations.UpFrom(t.Context(), db, broken, io.Discard))
}

// Two machines migrate at the same time: one applies the steps, the other waits and finds nothing to do.
func TestTwoAtOnceApplyEachStepOnce(t *testing.T) {
	t.Parallel()
	url := testdb.EmptyPostgres(t)
	gate := openAt(t, url)
	gate.SetMaxOpenConns(1) // the lock belongs to the connection
	_, err := gate.ExecContext(t.Context(), "SELECT pg_advisory_lock(42)")
	must(t, err)
	gated := steps("1_gated", "SELECT pg_advisory_xact_lock(42); CREATE TABLE gated ()", "DROP TABLE gated")

	var outputs [2]bytes.Buffer
	var both errgroup.Group
	for i := range outputs {
		db := openAt(t, url)
		both.Go(func() error { return migrations.UpFrom(t.Context(), db, gated, &outputs[i]) })
	}
	// One waits at the gate, the other for the first.
	for waiting := 0; waiting < 2; {
		must(t, gate.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting))
	}
	_, err = gate.ExecContext(t.Context(), "SELECT pg_advisory_unlock(42)")
	must(t, err)
	must(t, both.Wait())
	said := outputs[0].String() + outputs[1].String()
	if strings.Count(said, "applied 1_gated") != 1 || strings.Count(said, "waiting for another parley") != 1 {
		t.Fatalf("the two say:\n%s", said)
	}
}

func TestAnUnknownNewerStepIsNotTakenBack(t *testing.T) {
	t.Parallel()
	db := open(t)
	must(t, migrations.UpFrom(t.Context(), db, twoTables, io.Discard))
	older := steps("1_first", "CREATE TABLE first ()", "DROP TABLE first")
	if err := migrations.DownFrom(t.Context(), db, older, true, io.Discard); err == nil || !exists(t, db, "first") {
		t.Fatalf("an older program took back what it does not know: %v", err)
	}
}

func TestAStepNeedsAWayBack(t *testing.T) {
	t.Parallel()
	oneWay := steps("1_first", "CREATE TABLE first ()", "")
	if err := migrations.UpFrom(t.Context(), open(t), oneWay, io.Discard); err == nil {
		t.Fatal("a step without a way back was applied")
	}
}

// The timeouts of the session are meant for requests. They must not interrupt a migration, and must be in place again for the next user of
// the connection.
func TestTimeoutsOfTheSessionDoNotCount(t *testing.T) {
	t.Parallel()
	db := openAt(t, testdb.EmptyPostgres(t)+"&statement_timeout=50")
	db.SetMaxOpenConns(1)
	slow := steps("1_slow", "SELECT pg_sleep(0.15)", "SELECT 1")
	must(t, migrations.UpFrom(t.Context(), db, slow, io.Discard))
	var timeout string
	must(t, db.QueryRowContext(t.Context(), "SHOW statement_timeout").Scan(&timeout))
	if timeout != "50ms" {
		t.Fatalf("the timeout afterwards is %s", timeout)
	}
}

func open(t *testing.T) *sql.DB {
	t.Helper()
	return openAt(t, testdb.EmptyPostgres(t))
}

func openAt(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func wantStatus(t *testing.T, db *sql.DB, fsys fstest.MapFS, wantApplied, wantPending []string) {
	t.Helper()
	applied, pending, err := migrations.StatusFrom(t.Context(), db, fsys)
	must(t, err)
	if !slices.Equal(applied, wantApplied) || !slices.Equal(pending, wantPending) {
		t.Fatalf("applied %v, pending %v; want %v and %v", applied, pending, wantApplied, wantPending)
	}
}

func exists(t *testing.T, db *sql.DB, table string) (is bool) {
	t.Helper()
	must(t, db.QueryRowContext(context.Background(), "SELECT to_regclass($1) IS NOT NULL", table).Scan(&is))
	return is
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
