package migrations_test

import (
	"database/sql"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"parley/migrations"
	"parley/models/testdb"
)

func TestScriptsAreSplit(t *testing.T) {
	t.Parallel()
	got := migrations.Statements(`-- the first; of two
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	x := ';'; -- within
	RETURN NEW;
END $$;
INSERT INTO "a;b" VALUES ('it''s; so'); -- at the end
SELECT $body$ $$;$$ $body$`)
	want := []string{
		"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n\tx := ';'; -- within\n\tRETURN NEW;\nEND $$",
		`INSERT INTO "a;b" VALUES ('it''s; so')`,
		"SELECT $body$ $$;$$ $body$",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
}

// TestAPlanSaysWhatIsLocked makes a plan for each kind of change. The expected locks are those of PostgreSQL's documentation.
func TestAPlanSaysWhatIsLocked(t *testing.T) {
	t.Parallel()
	url := testdb.EmptyPostgres(t)
	db := openAt(t, url)
	before := steps("1_tables", `CREATE TABLE first (n int, word text); CREATE TABLE second (id int PRIMARY KEY);
		CREATE INDEX second_id ON second (id)`, "DROP TABLE first, second")
	must(t, migrations.UpFrom(t.Context(), db, before, io.Discard))
	_, err := db.ExecContext(t.Context(),
		"INSERT INTO first SELECT n, repeat('x', 500) FROM generate_series(1, 10000) n; INSERT INTO second SELECT generate_series(1, 5000)")
	must(t, err)
	_, err = db.ExecContext(t.Context(), "ANALYZE first, second")
	must(t, err)
	sizeOf := func(function, name string) (bytes int64) {
		must(t, db.QueryRowContext(t.Context(), "SELECT "+function+"($1)", name).Scan(&bytes))
		return bytes
	}
	first, firstAll, second := sizeOf(
		"pg_table_size",
		"first",
	), sizeOf(
		"pg_total_relation_size",
		"first",
	), sizeOf(
		"pg_table_size",
		"second",
	)
	locked := func(name, lock string, blocks migrations.Blocks, scanned, rewritten int64) migrations.PlannedTable {
		table := migrations.PlannedTable{Table: name, Lock: lock, Blocks: blocks, ScannedBytes: scanned, RewrittenBytes: rewritten}
		if table.Rows, table.Bytes = 10000, first; name == "second" {
			table.Rows, table.Bytes = 5000, second
		}
		return table
	}
	const nothing, writes, all = migrations.BlocksNothing, migrations.BlocksWrites, migrations.BlocksAll
	const exclusive, shareRow = "ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE"
	type tables []migrations.PlannedTable
	for name, test := range map[string]struct {
		up   string
		want tables
	}{
		"column":          {"ALTER TABLE first ADD more int NOT NULL DEFAULT 1", tables{locked("first", exclusive, all, 0, 0)}},
		"volatile column": {"ALTER TABLE first ADD at float DEFAULT random()", tables{locked("first", exclusive, all, first, firstAll)}},
		"type":            {"ALTER TABLE first ALTER n TYPE bigint", tables{locked("first", exclusive, all, first, firstAll)}},
		"check":           {"ALTER TABLE first ADD CHECK (n > 0)", tables{locked("first", exclusive, all, first, 0)}},
		"index":           {"CREATE INDEX ON first (n)", tables{locked("first", "SHARE", writes, first, 0)}},
		"back-fill": {"INSERT INTO second SELECT n + 5000 FROM first", tables{
			locked("first", "ACCESS SHARE", nothing, first, 0), locked("second", "ROW EXCLUSIVE", nothing, first, 0),
		}},
		"trigger": {
			`CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
			CREATE TRIGGER t BEFORE INSERT ON first FOR EACH ROW EXECUTE FUNCTION f()`,
			tables{locked("first", shareRow, writes, 0, 0)},
		},
		"new table": {
			"CREATE TABLE third (id int REFERENCES second); CREATE INDEX ON third (id)", tables{locked("second", shareRow, writes, 0, 0)},
		},
		"two that add up": {
			"CREATE INDEX ON second (id, id); ALTER TABLE first ADD more int; CREATE INDEX ON first (more)",
			tables{locked("first", exclusive, all, first, 0), locked("second", "SHARE", writes, first+second, 0)},
		},
	} {
		fsys := maps.Clone(before)
		maps.Copy(fsys, steps("2_"+name, test.up, "SELECT"))
		wantPlan(t, db, fsys, migrations.PlannedStep{
			Name: "2_" + name, InTransaction: true, Statements: migrations.Statements(test.up), Tables: test.want,
		})
	}

	apart := maps.Clone(before)
	apart["2_apart.up.sql"] = &fstest.MapFile{
		Data: []byte("CREATE INDEX CONCURRENTLY IF NOT EXISTS first_n ON first (n);\nDROP INDEX CONCURRENTLY IF EXISTS second_id;\n"),
	}
	apart["2_apart.down.sql"] = &fstest.MapFile{Data: []byte("SELECT")}
	// A transaction that is older than the plan, as a backup is: CREATE INDEX CONCURRENTLY waits for it, and a plan does not.
	backup, err := openAt(t, url).BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	must(t, err)
	_, err = backup.ExecContext(t.Context(), "SELECT count(*) FROM first")
	must(t, err)
	wantPlan(t, db, apart, migrations.PlannedStep{
		Name: "2_apart", Statements: migrations.Statements(string(apart["2_apart.up.sql"].Data)), Tables: []migrations.PlannedTable{
			locked("first", "SHARE UPDATE EXCLUSIVE", nothing, 2*first, 0), locked("second", "SHARE UPDATE EXCLUSIVE", nothing, 0, 0),
		},
	})
	must(t, backup.Rollback())
	wantStatus(t, db, apart, []string{"1_tables"}, []string{"2_apart"})
}

func wantPlan(t *testing.T, db *sql.DB, fsys fstest.MapFS, want migrations.PlannedStep) {
	t.Helper()
	plan, err := migrations.PlanFrom(t.Context(), db, fsys)
	must(t, err)
	got, err := json.MarshalIndent(plan.Steps, "", "  ")
	must(t, err)
	wanted, err := json.MarshalIndent([]migrations.PlannedStep{want}, "", "  ")
	must(t, err)
	if string(got) != string(wanted) {
		t.Errorf("the plan is %s\nwant %s", got, wanted)
	}
}

// TestAPlanChangesNothing makes the plan of this release from the previous one, on a database that others use.
func TestAPlanChangesNothing(t *testing.T) {
	t.Parallel()
	url := testdb.EmptyPostgres(t)
	db := openAt(t, url)
	must(t, migrations.UpFrom(t.Context(), db, previousSteps(t), io.Discard))
	content := func() (found []string) {
		rows, err := db.QueryContext(t.Context(), `SELECT nspname FROM pg_namespace UNION ALL SELECT relname || relfilenode FROM pg_class
			WHERE relnamespace = 'public'::regnamespace UNION ALL SELECT proname FROM pg_proc WHERE pronamespace <> 'pg_catalog'::regnamespace
			UNION ALL SELECT name FROM schema_migrations ORDER BY 1`)
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var name string
			must(t, rows.Scan(&name))
			found = append(found, name)
		}
		must(t, rows.Err())
		return found
	}
	before := content()
	writer, err := openAt(t, url).BeginTx(t.Context(), nil)
	must(t, err)
	// Every lock of a table by the plan but the weakest would wait for this one.
	_, err = writer.ExecContext(t.Context(), "LOCK TABLE chats, agents, messages IN EXCLUSIVE MODE")
	must(t, err)
	plan, err := migrations.PlanUp(t.Context(), db)
	must(t, err)
	must(t, writer.Rollback())
	if after := content(); !slices.Equal(before, after) {
		t.Errorf("before the plan the database had %v, afterwards %v", before, after)
	}
	state, err := migrations.Status(t.Context(), db)
	must(t, err)
	var planned []string
	for _, s := range plan.Steps {
		planned = append(planned, s.Name)
		for _, table := range s.Tables {
			if table.RewrittenBytes > 0 {
				t.Errorf("%s rewrites %s", s.Name, table.Table)
			}
		}
	}
	if !slices.Equal(planned, state.Pending) || len(planned) == 0 {
		t.Errorf("planned are %v, pending %v", planned, state.Pending)
	}
}

// What an interrupted plan left is removed by the next one. A schema that happens to have its name is not touched.
func TestWhatAnInterruptedPlanLeft(t *testing.T) {
	t.Parallel()
	db := open(t)
	_, err := db.ExecContext(t.Context(), "CREATE SCHEMA parley_plan; CREATE TABLE parley_plan.theirs ()")
	must(t, err)
	if _, err := migrations.PlanFrom(t.Context(), db, twoTables); err == nil || !strings.Contains(err.Error(), "schema parley_plan") {
		t.Errorf("with a schema of someone else: %v", err)
	}
	if !exists(t, db, "parley_plan.theirs") {
		t.Error("the schema of someone else is gone")
	}
	_, err = db.ExecContext(t.Context(), "COMMENT ON SCHEMA parley_plan IS 'made by parley migrate up --plan, which removes it'")
	must(t, err)
	plan, err := migrations.PlanFrom(t.Context(), db, twoTables)
	must(t, err)
	if len(plan.Steps) != 2 || exists(t, db, "parley_plan.theirs") {
		t.Errorf("with a left-over schema: %+v", plan)
	}
}
