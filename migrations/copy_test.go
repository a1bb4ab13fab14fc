package migrations_test

import (
	"bytes"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/migrations"
	"parley/models"
	"parley/models/testdb"
)

// openPool opens a database as Parley does, with one connection.
func openPool(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := models.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	return db.DB
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		must(t, err)
	}
}

func read(t *testing.T, db *sql.DB, query string) (value string) {
	t.Helper()
	must(t, db.QueryRowContext(t.Context(), query).Scan(&value))
	return value
}

// checksum is what a database holds: every row of every table, and where its sequences are.
const checksum = `SELECT md5(string_agg(query_to_xml(format(CASE relkind WHEN 'r' THEN 'SELECT * FROM %I t ORDER BY t::text'
		ELSE 'SELECT last_value, is_called FROM %I' END, relname), true, true, '')::text, '' ORDER BY relname))
	FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname <> 'schema_migrations'`

// shape is what constrains the rows of a database.
const shape = `SELECT string_agg(what, E'\n' ORDER BY what) FROM (
	SELECT conrelid::regclass || ' ' || conname || ' ' || convalidated || ' ' || pg_get_constraintdef(oid) AS what
		FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conparentid = 0 -- partitions have copies of the others
	UNION ALL SELECT tgrelid::regclass || ' ' || tgenabled::text || ' ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal) s`

// talk stores a little of everything that the rules connect: agents, a user, chats, messages, a file, an audit log.
func talk(t *testing.T, url string) {
	t.Helper()
	db, err := models.Open(t.Context(), url)
	must(t, err)
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	defer func() { desk.Close(); _ = db.Close() }()
	console := models.Actor{Kind: models.KindAgent, ID: "console", Role: models.RoleAdmin}
	_, err = desk.AddAgent(t.Context(), console, models.NewAgent{
		Email: "anna@example.com", Name: "Anna", Role: models.RoleAgent, Password: "correct horse battery staple", MaxConcurrent: 5,
	})
	must(t, err)
	_, err = desk.EnsureUser(t.Context(), models.Identity{ID: "42", Name: "Zoë \\ \t \"Lopes\""})
	must(t, err)
	chat, err := desk.Assign(t.Context(), "42", models.AssignRequest{Message: "line\nbreak, \\N and 漢字"})
	must(t, err)
	names, err := desk.PlanFiles(t.Context(), 1)
	must(t, err)
	_, _, err = desk.SendFile(t.Context(), models.Actor{Kind: models.KindUser, ID: "42"}, chat.Chat.ID, models.NewFile{
		ClientMessageID: "a-file", Attachment: models.Attachment{
			File: names[0], Name: "a.txt", ContentType: "text/plain", Size: 3, UploadSHA256: strings.Repeat("a", 64),
		},
	})
	must(t, err)
}

func TestACopyHasEverything(t *testing.T) {
	t.Parallel()
	sourceURL := testdb.Postgres(t)
	talk(t, sourceURL)
	from, to := openPool(t, sourceURL), openPool(t, testdb.EmptyPostgres(t))
	want, wantShape := read(t, from, checksum), read(t, from, shape)
	var out bytes.Buffer
	must(t, migrations.Copy(t.Context(), from, to, &out))
	if got := read(t, to, checksum); got != want {
		t.Error("the rows differ")
	}
	if got := read(t, from, checksum); got != want {
		t.Error("the source was changed")
	}
	if got := read(t, to, shape); got != wantShape {
		t.Errorf("the constraints are\n%s\nwant\n%s", got, wantShape)
	}
	for _, want := range []string{"copied messages: 2 rows", "copied attachments: 1 rows"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
	// Both go on: a new row gets the next number.
	const next = `SELECT nextval('messages_id')::text`
	if a, b := read(t, from, next), read(t, to, next); a != b {
		t.Errorf("the next message is %s, want %s", b, a)
	}
	wantRefused(t, migrations.Copy(t.Context(), from, to, io.Discard), migrations.Target, migrations.ErrNotEmpty)
}

func wantRefused(t *testing.T, err error, side string, cause error) {
	t.Helper()
	var refused *migrations.CopyError
	if !errors.As(err, &refused) || refused.Side != side || !errors.Is(err, cause) {
		t.Errorf("the error is %v, want %v of the %s", err, cause, side)
	}
}

func TestACopyRefuses(t *testing.T) {
	t.Parallel()
	sourceURL := testdb.Postgres(t)
	from := openPool(t, sourceURL)
	again := openPool(t, sourceURL)
	wantRefused(t, migrations.Copy(t.Context(), from, again, io.Discard), migrations.Target, migrations.ErrSameDatabase)
	wantRefused(t, migrations.Copy(t.Context(), from, openPool(t, testdb.Postgres(t)), io.Discard), migrations.Source, migrations.ErrInUse)

	from = openPool(t, testdb.Postgres(t))
	to := openPool(t, testdb.EmptyPostgres(t))
	run(t, to, `CREATE TABLE of_others ()`)
	wantRefused(t, migrations.Copy(t.Context(), from, to, io.Discard), migrations.Target, migrations.ErrNotEmpty)

	to = openPool(t, testdb.Postgres(t))
	run(t, to, `INSERT INTO departments (slug, name) VALUES ('sales', 'Sales')`)
	wantRefused(t, migrations.Copy(t.Context(), from, to, io.Discard), migrations.Target, migrations.ErrNotEmpty)

	to = openPool(t, testdb.EmptyPostgres(t))
	run(t, to, `SET default_transaction_read_only = on`)
	wantRefused(t, migrations.Copy(t.Context(), from, to, io.Discard), migrations.Target, migrations.ErrReadOnly)

	to = openPool(t, testdb.Postgres(t))
	run(t, from, `CREATE TABLE of_an_operator (note text)`)
	wantRefused(t, migrations.Copy(t.Context(), from, to, io.Discard), migrations.Source, migrations.ErrOtherSchema)
}

// A copy that fails in the middle leaves nothing but the schema, and works when it is repeated.
func TestACopyIsRepeatedAfterAFailure(t *testing.T) {
	t.Parallel()
	sourceURL, targetURL := testdb.Postgres(t), testdb.Postgres(t)
	talk(t, sourceURL)
	from, to := openPool(t, sourceURL), openPool(t, targetURL)
	run(t, to, `ALTER TABLE users ADD CONSTRAINT users_like_none CHECK (false)`) // tables before it were copied then
	err := migrations.Copy(t.Context(), from, to, io.Discard)
	var refused *migrations.CopyError
	if !errors.As(err, &refused) || refused.Side != migrations.Target || !strings.Contains(err.Error(), "users_like_none") {
		t.Fatalf("the error is %v", err)
	}
	if n := read(t, to, `SELECT count(*)::text FROM agents`); n != "0" {
		t.Errorf("%s agents were left", n)
	}
	run(t, to, `ALTER TABLE users DROP CONSTRAINT users_like_none`)
	must(t, migrations.Copy(t.Context(), from, to, io.Discard))
	if read(t, to, checksum) != read(t, from, checksum) {
		t.Error("the rows differ")
	}
}

// Nothing is written to the source during a copy: what a program there would write waits, and fails in the end.
func TestNothingIsWrittenDuringACopy(t *testing.T) {
	t.Parallel()
	sourceURL := testdb.Postgres(t)
	from, to := openPool(t, sourceURL), openPool(t, testdb.Postgres(t))
	writer, err := sql.Open("pgx", sourceURL+"&application_name=unknown&lock_timeout=100")
	must(t, err)
	defer writer.Close()
	tx, err := writer.BeginTx(t.Context(), nil)
	must(t, err)
	_, err = tx.ExecContext(t.Context(), `UPDATE pulse SET alive_at = alive_at`)
	must(t, err)
	began := time.Now()
	err = migrations.Copy(t.Context(), from, to, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "lock timeout") || time.Since(began) > time.Minute {
		t.Errorf("with a transaction open the error is %v after %s", err, time.Since(began))
	}
	must(t, tx.Rollback())

	_, err = writer.ExecContext(t.Context(), `INSERT INTO departments (slug, name) VALUES ('first', 'First')`)
	must(t, err)
	var tried error
	out := writerFunc(func(text []byte) (int, error) {
		if strings.HasPrefix(string(text), "copied departments") {
			_, tried = writer.ExecContext(t.Context(), `INSERT INTO departments (slug, name) VALUES ('late', 'Late')`)
		}
		return len(text), nil
	})
	must(t, migrations.Copy(t.Context(), from, to, out))
	if tried == nil || !strings.Contains(tried.Error(), "lock timeout") {
		t.Errorf("a write during the copy: %v", tried)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }

// The tables in which the steps put rows are known, so that a database that has been migrated only counts as empty.
func TestTheSeededTablesAreKnown(t *testing.T) {
	t.Parallel()
	db := openPool(t, testdb.Postgres(t))
	filled := read(t, db, `SELECT coalesce(string_agg(relname, ' ' ORDER BY relname), '') FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'schema_migrations'
		AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I', relname), true, true, '')))[1]::text <> '0'`)
	if want := strings.Join(migrations.Seeded, " "); filled != want {
		t.Errorf("the steps put rows into %s, known are %s", filled, want)
	}
}
