package migrations_test

import (
	"database/sql"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"parley/migrations"
	"parley/models/testdb"
)

// previousSteps returns the steps of the previous release.
func previousSteps(t *testing.T) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	all, err := fs.Glob(migrations.Files(), "*.sql")
	must(t, err)
	for _, path := range all {
		if name, _, _ := strings.Cut(path, "."); name <= testdb.PreviousStep {
			text, err := fs.ReadFile(migrations.Files(), path)
			must(t, err)
			fsys[path] = &fstest.MapFile{Data: text}
		}
	}
	return fsys
}

// promises are what statements of the previous release rely on, one line each: the columns that they read and write, and what may be stored
// without a mention of other columns.
const promises = `
	SELECT 'column ' || table_name || '.' || column_name || ' is ' || udt_name || coalesce('(' || character_maximum_length || ')', '')
		FROM information_schema.columns WHERE table_schema = 'public'
	UNION ALL SELECT 'column ' || table_name || '.' || column_name || ' may be left out'
		FROM information_schema.columns
		WHERE table_schema = 'public' AND (is_nullable = 'YES' OR column_default IS NOT NULL OR is_identity = 'YES')
	UNION ALL SELECT 'column ' || table_name || '.' || column_name || ' may be NULL'
		FROM information_schema.columns WHERE table_schema = 'public' AND is_nullable = 'YES'
	UNION ALL SELECT 'column ' || table_name || '.' || column_name || ' is ' || column_default || ' if left out'
		FROM information_schema.columns WHERE table_schema = 'public' AND column_default IS NOT NULL
	UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
	UNION ALL SELECT 'trigger ' || tgname || ' of ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
	UNION ALL SELECT 'value ' || enumlabel || ' of ' || enumtypid::regtype FROM pg_enum
	UNION ALL SELECT 'ON CONFLICT by ' || replace(substring(pg_get_indexdef(indexrelid) FROM ' ON .*'), ' ON ONLY ', ' ON ') FROM pg_index
		WHERE indisunique AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)`

// refusals are what the schema refuses of rows in a table, one line each, with the table and the columns that it is about.
const refusals = `
	SELECT 'column ' || table_name || '.' || column_name || ' must be given', table_name::text, '' FROM information_schema.columns
		WHERE table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'
	UNION ALL SELECT 'rule ' || conname || ' of ' || conrelid::regclass || ': ' || pg_get_constraintdef(oid), conrelid::regclass::text,
		(SELECT string_agg(attname, ',') FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey))
		FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'x') AND conrelid <> 0
			AND conparentid = 0 -- a key that refers to a partitioned table also has one to each partition
	UNION ALL SELECT 'unique ' || indexrelid::regclass, indrelid::regclass::text, ''
		FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE indisunique AND c.relnamespace = 'public'::regnamespace`

// implied are rules that are new and refuse nothing: they follow from rules of the previous release.
var implied = []string{
	// It referred to the message, which refers to the chat.
	"rule message_status_changes_chat_id_fkey of message_status_changes: FOREIGN KEY (chat_id) REFERENCES chats(id) ON DELETE CASCADE",
}

// TestTheSchemaKeepsThePreviousRelease checks that this release's migrations only add: what statements of the previous release read and
// write is still there, and its rows are not refused. TestUpgrade in web/faulttest runs that release on this schema.
func TestTheSchemaKeepsThePreviousRelease(t *testing.T) {
	t.Parallel()
	db := open(t)
	must(t, migrations.UpFrom(t.Context(), db, previousSteps(t), io.Discard))
	promised, refused := answers(t, db, promises), answers(t, db, refusals)
	must(t, migrations.Up(t.Context(), db, io.Discard))
	wrong := func() []string {
		return brokenPromises(promised, refused, answers(t, db, promises), answers(t, db, refusals))
	}
	for _, what := range wrong() {
		t.Error(what)
	}
	// The comparison finds what it is for.
	for _, c := range []struct{ change, want string }{
		{"ALTER TABLE minute_samples ALTER waiting TYPE bigint", "column minute_samples.waiting is int4"},
		{"ALTER TABLE pulse ALTER alive_at DROP DEFAULT", "column pulse.alive_at must be given"},
		{"ALTER TABLE agents ADD CHECK (name <> 'x')", "rule agents_name_check"},
		{"CREATE UNIQUE INDEX agents_names ON agents (name)", "unique agents_names"},
		{"ALTER TABLE chats ALTER page_url SET NOT NULL", "column chats.page_url may be NULL"},
		{"ALTER TABLE chats RENAME page_url TO url", "column chats.page_url is"},
	} {
		_, err := db.ExecContext(t.Context(), c.change)
		must(t, err)
		if !slices.ContainsFunc(wrong(), func(what string) bool { return strings.Contains(what, c.want) }) {
			t.Errorf("%s: not found among %q", c.change, wrong())
		}
	}
}

// brokenPromises returns what the previous release relied on and is no more, and what is newly refused of its rows.
func brokenPromises(promised, refused, promisedNow, refusedNow [][]string) (wrong []string) {
	has := func(all [][]string, what string) bool {
		return slices.ContainsFunc(all, func(one []string) bool { return one[0] == what })
	}
	tables, columns := map[string]bool{}, map[string]bool{}
	for _, r := range refused {
		tables[r[1]] = true
		for column := range strings.SplitSeq(r[2], ",") {
			columns[r[1]+"."+column] = true
		}
	}
	for _, p := range promised {
		if name, is := strings.CutPrefix(p[0], "column "); is {
			column, _, _ := strings.Cut(name, " ")
			columns[column] = true
		}
		if !has(promisedNow, p[0]) {
			wrong = append(wrong, "the previous release relies on: "+p[0])
		}
	}
	for _, r := range refusedNow {
		if !tables[r[1]] || has(refused, r[0]) || slices.Contains(implied, r[0]) {
			continue
		}
		// A rule about new columns alone holds for rows that do not mention them, or the migration would have failed.
		onlyNew := r[2] != ""
		for column := range strings.SplitSeq(r[2], ",") {
			onlyNew = onlyNew && !columns[r[1]+"."+column]
		}
		if !onlyNew {
			wrong = append(wrong, "rows of the previous release may be refused: "+r[0])
		}
	}
	return wrong
}

// answers returns the rows of a query, all of whose columns are text.
func answers(t *testing.T, db *sql.DB, query string) (all [][]string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	for rows.Next() {
		texts := make([]string, len(columns))
		to := make([]any, len(columns))
		for i := range texts {
			to[i] = &texts[i]
		}
		must(t, rows.Scan(to...))
		all = append(all, texts)
	}
	must(t, rows.Err())
	return all
}
