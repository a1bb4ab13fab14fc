package migrations_test

import (
	"context"
	"database/sql"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

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
	state, err := migrations.Status(t.Context(), db)
	must(t, err)
	if len(state.Applied) == 0 || len(state.Pending) != 0 {
		t.Fatalf("after up: %+v", state)
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

	said := make(lines, 20)
	var both errgroup.Group
	for range 2 {
		db := openAt(t, url)
		both.Go(func() error { return migrations.UpFrom(t.Context(), db, gated, said) })
	}
	// One waits at the gate, the other for the first.
	var all strings.Builder
	for !strings.Contains(all.String(), "waiting for another parley") {
		all.WriteString(<-said)
	}
	_, err = gate.ExecContext(t.Context(), "SELECT pg_advisory_unlock(42)")
	must(t, err)
	must(t, both.Wait())
	close(said)
	for line := range said {
		all.WriteString(line)
	}
	if strings.Count(all.String(), "applied 1_gated") != 1 || strings.Count(all.String(), "waiting for another parley") != 1 {
		t.Fatalf("the two say:\n%s", all.String())
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

// A program runs on a schema that is ahead of it, until a step ends what it needs.
func TestASchemaThatIsAhead(t *testing.T) {
	t.Parallel()
	db := open(t)
	newer := steps(
		"1_first", "CREATE TABLE first ()", "DROP TABLE first",
		"2_added", "CREATE TABLE added ()", "DROP TABLE added",
	)
	older := steps("1_first", "CREATE TABLE first ()", "DROP TABLE first")
	must(t, migrations.UpFrom(t.Context(), db, newer, io.Discard))
	state, err := migrations.StatusFrom(t.Context(), db, older)
	must(t, err)
	if !slices.Equal(state.Ahead, []string{"2_added"}) || state.TooNew != "" {
		t.Fatalf("after a step that adds: %+v", state)
	}

	newer["3_dropped.tx.up.sql"] = &fstest.MapFile{Data: []byte("-- requires: 2_added\nDROP TABLE first")}
	newer["3_dropped.tx.down.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE first ()")}
	must(t, migrations.UpFrom(t.Context(), db, newer, io.Discard))
	for name, test := range map[string]struct {
		program fstest.MapFS
		want    string
	}{
		"the oldest": {older, "3_dropped"},
		"one that knows the required step": {
			steps("1_first", "CREATE TABLE first ()", "DROP TABLE first", "2_added", "CREATE TABLE added ()", "DROP TABLE added"), "",
		},
		"the newest": {newer, ""},
	} {
		if state, err = migrations.StatusFrom(t.Context(), db, test.program); err != nil || state.TooNew != test.want {
			t.Errorf("%s: %+v, %v; want %q", name, state, err, test.want)
		}
	}
}

// An earlier release made the table of steps without what a newer one records there.
func TestATableOfStepsFromAnEarlierRelease(t *testing.T) {
	t.Parallel()
	db := open(t)
	_, err := db.ExecContext(
		t.Context(),
		`CREATE TABLE schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
		INSERT INTO schema_migrations (name) VALUES ('1_first')`,
	)
	must(t, err)
	wantStatus(t, db, twoTables, []string{"1_first"}, []string{"2_second"})
	must(t, migrations.UpFrom(t.Context(), db, twoTables, io.Discard))
	wantStatus(t, db, twoTables, []string{"1_first", "2_second"}, nil)
}

// A step that needs a table which a long read holds must not make every later reader wait behind it.
func TestAStepDoesNotQueueBehindALongRead(t *testing.T) {
	t.Parallel()
	url := testdb.EmptyPostgres(t)
	db := openAt(t, url)
	must(t, migrations.UpFrom(t.Context(), db, twoTables, io.Discard))
	reader, err := openAt(t, url).BeginTx(t.Context(), nil)
	must(t, err)
	_, err = reader.ExecContext(t.Context(), "SELECT * FROM first")
	must(t, err)

	more := maps.Clone(twoTables)
	maps.Copy(more, steps("3_column", "ALTER TABLE first ADD COLUMN more text", "ALTER TABLE first DROP COLUMN more"))
	said := make(lines, 10)
	done := make(chan error, 1)
	go func() { done <- migrations.UpFrom(t.Context(), db, more, said) }()
	if got := <-said; !strings.Contains(got, "3_column waits for other transactions") {
		t.Fatalf("it said %q", got)
	}
	// It has let go of the queue, so others can read.
	other := openAt(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = other.ExecContext(ctx, "SELECT * FROM first")
	must(t, err)
	must(t, reader.Rollback())
	must(t, <-done)
	wantStatus(t, db, more, []string{"1_first", "2_second", "3_column"}, nil)
}

// A step and a request that wait for each other's locks are a deadlock. The step gives way, and the request does not fail.
func TestAStepGivesWayToARequest(t *testing.T) {
	t.Parallel()
	url := testdb.EmptyPostgres(t)
	db := openAt(t, url)
	must(t, migrations.UpFrom(t.Context(), db, twoTables, io.Discard))
	request, err := openAt(t, url).BeginTx(t.Context(), nil)
	must(t, err)
	_, err = request.ExecContext(t.Context(), "SELECT FROM second")
	must(t, err)

	more := maps.Clone(twoTables)
	maps.Copy(more, steps("3_both", "ALTER TABLE first ADD n int; ALTER TABLE second ADD n int", "SELECT"))
	said := make(lines, 10)
	done := make(chan error, 1)
	go func() { done <- migrations.UpFrom(t.Context(), db, more, said) }()
	for waits := false; !waits; {
		const query = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'second'::regclass)"
		must(t, db.QueryRowContext(t.Context(), query).Scan(&waits))
	}
	if _, err := request.ExecContext(t.Context(), "SELECT FROM first"); err != nil {
		t.Errorf("the request failed: %v", err)
	}
	select {
	case got := <-said:
		if !strings.Contains(got, "3_both waits for other transactions") {
			t.Errorf("it said %q", got)
		}
	case err := <-done:
		t.Fatalf("the step ended: %v", err)
	}
	must(t, request.Rollback())
	must(t, <-done)
	wantStatus(t, db, more, []string{"1_first", "2_second", "3_both"}, nil)
}

// lines is a writer that passes on what is written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// Indexes of large tables are built while the table is used, outside of a transaction. An interrupted build is begun again.
func TestAnIndexIsBuiltConcurrently(t *testing.T) {
	t.Parallel()
	db := open(t)
	must(t, migrations.UpFrom(t.Context(), db, twoTables, io.Discard))
	_, err := db.ExecContext(t.Context(), "ALTER TABLE first ADD COLUMN n int; INSERT INTO first VALUES (1), (1)")
	must(t, err)
	more := maps.Clone(twoTables)
	more["3_index.up.sql"] = &fstest.MapFile{
		Data: []byte("-- finds the first by n;\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS first_n\n  ON first (n);\n"),
	}
	more["3_index.down.sql"] = &fstest.MapFile{Data: []byte("DROP INDEX CONCURRENTLY IF EXISTS first_n;\n")}
	if err := migrations.UpFrom(t.Context(), db, more, io.Discard); err == nil {
		t.Fatal("a unique index over equal values was built")
	}
	wantStatus(t, db, more, []string{"1_first", "2_second"}, []string{"3_index"})
	_, err = db.ExecContext(t.Context(), "TRUNCATE first")
	must(t, err)
	must(t, migrations.UpFrom(t.Context(), db, more, io.Discard))
	var valid bool
	must(t, db.QueryRowContext(t.Context(), "SELECT indisvalid FROM pg_index WHERE indexrelid = 'first_n'::regclass").Scan(&valid))
	if !valid {
		t.Error("the index of the interrupted build was taken for the real one")
	}
	must(t, migrations.DownFrom(t.Context(), db, more, false, io.Discard))
	if exists(t, db, "first_n") {
		t.Error("the index is still there")
	}
}

// TestNoStepLocksATableForAnIndex checks that a step in a transaction builds indexes only of tables that came with or after the first step
// of the next release: in an installation these are empty or small, while the others hold years of chats.
func TestNoStepLocksATableForAnIndex(t *testing.T) {
	t.Parallel()
	const lastRelease = "2026112600" // its steps are applied everywhere, so that they cannot be changed any more
	created := regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)
	indexed := regexp.MustCompile(`(?m)^CREATE (?:UNIQUE )?INDEX (\w+) ON (\w+)`)
	files, err := fs.Glob(migrations.Files(), "*.tx.up.sql")
	must(t, err)
	isNew, indexes := map[string]bool{}, 0
	for _, name := range files { // in the order of their numbers
		if name <= lastRelease+"_~" {
			continue
		}
		text, err := fs.ReadFile(migrations.Files(), name)
		must(t, err)
		for _, table := range created.FindAllStringSubmatch(string(text), -1) {
			isNew[table[1]] = true
		}
		for _, index := range indexed.FindAllStringSubmatch(string(text), -1) {
			indexes++
			if !isNew[index[2]] {
				t.Errorf("%s locks %s while it builds %s: create it CONCURRENTLY, in a step without .tx", name, index[2], index[1])
			}
		}
	}
	if indexes == 0 {
		t.Error("no step was read")
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
	state, err := migrations.StatusFrom(t.Context(), db, fsys)
	must(t, err)
	if !slices.Equal(state.Applied, wantApplied) || !slices.Equal(state.Pending, wantPending) {
		t.Fatalf("%+v; want %v and %v", state, wantApplied, wantPending)
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
