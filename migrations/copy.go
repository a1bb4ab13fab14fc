package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// The two databases of a copy, as [CopyError] names them.
const (
	Source = "source"
	Target = "target"
)

// CopyError is why [Copy] copied nothing. Side is [Source] or [Target], and Err what that database answered, or what is
// wrong with it.
type CopyError struct {
	Side string
	Err  error
}

func (e *CopyError) Error() string { return "the " + e.Side + ": " + e.Err.Error() }

func (e *CopyError) Unwrap() error { return e.Err }

// Reasons to refuse a copy.
var (
	ErrSameDatabase = errors.New("it is the same database as the source")
	ErrInUse        = errors.New("another parley is connected to it")
	ErrNotEmpty     = errors.New("it is not empty")
	ErrOtherSchema  = errors.New("its schema differs from that of the other database")
	ErrTooOld       = errors.New("it is older than PostgreSQL 15")
	ErrReadOnly     = errors.New("it takes no writes: it is a standby, or read-only")
)

// seeded are the tables in which the steps themselves put rows, so a new database has them too.
var seeded = []string{"alert_rules", "break_reasons", "installation", "invariant_checks", "pulse", "rating_reasons"}

// oldestVersion is the oldest server_version_num on which the schema works.
const oldestVersion = 150000

// Copy copies all rows from a database with the schema of this release to another one and sets its sequences. to is
// either a database without any table or one that was migrated and not used; it is migrated first.
//
// All rows are of one snapshot. Until Copy returns, nothing can be written to from, and nothing is changed there. On to, everything
// after the migration is one transaction, so an error leaves it as good as empty, and Copy can be called again. Each pool needs one free
// connection and may have no other one open.
//
// It refuses with a [*CopyError] whose cause is [ErrInUse], [ErrNotEmpty], [ErrOtherSchema], [ErrTooOld], [ErrReadOnly] or
// [ErrSameDatabase]. Other causes are errors of PostgreSQL. What it does is written to out.
func Copy(ctx context.Context, from, to *sql.DB, out io.Writer) error {
	source, target := &copySide{name: Source}, &copySide{name: Target}
	return source.with(ctx, from, func() error {
		if err := target.with(ctx, to, func() error { return checkSides(ctx, source, target) }); err != nil {
			return err
		}
		if err := Up(ctx, to, out); err != nil {
			return target.failed(err)
		}
		return target.with(ctx, to, func() error { return copyAll(ctx, source, target, out) })
	})
}

// copySide is one database of a copy, and its connection.
type copySide struct {
	name string
	conn *pgx.Conn
}

func (s *copySide) failed(err error) error {
	var known *CopyError
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &CopyError{s.name, err}
}

// with calls do while the side has a connection, without timeouts.
func (s *copySide) with(ctx context.Context, pool *sql.DB, do func() error) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return s.failed(err)
	}
	defer conn.Close()
	err = conn.Raw(func(driver any) error {
		s.conn = driver.(*stdlib.Conn).Conn() //nolint:forcetypeassert // models.Open opens no other
		if err := s.exec(ctx, noTimeouts); err != nil {
			return err
		}
		return do()
	})
	return s.failed(err)
}

func (s *copySide) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := s.conn.Exec(ctx, statement); err != nil {
			return s.failed(err)
		}
	}
	return nil
}

// column returns the rows of a query that has one column of text.
func (s *copySide) column(ctx context.Context, query string) ([]string, error) {
	rows, err := s.conn.Query(ctx, query)
	if err != nil {
		return nil, s.failed(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return found, s.failed(err)
}

// value scans the one row of a query.
func (s *copySide) value(ctx context.Context, query string, into ...any) error {
	return s.failed(s.conn.QueryRow(ctx, query).Scan(into...))
}

// checkSides refuses what can be refused before the target is migrated.
func checkSides(ctx context.Context, source, target *copySide) error {
	sides := []*copySide{source, target}
	var identity [2]string
	var inUse [2]bool
	for i, s := range sides {
		var version int
		var readOnly bool
		if err := s.value(ctx, `SELECT current_setting('server_version_num')::int, current_setting('transaction_read_only')::bool,
				(SELECT oid FROM pg_database WHERE datname = current_database()) || ' ' || pg_postmaster_start_time(),
				EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
					AND backend_type = 'client backend' AND application_name IN ('parley', current_setting('application_name')))`,
			&version, &readOnly, &identity[i], &inUse[i]); err != nil {
			return err
		}
		if version < oldestVersion {
			return s.failed(ErrTooOld)
		}
		if readOnly && s == target {
			return s.failed(ErrReadOnly)
		}
	}
	if identity[0] == identity[1] {
		return target.failed(ErrSameDatabase)
	}
	for i, s := range sides {
		if inUse[i] {
			return s.failed(ErrInUse)
		}
	}
	var migrated bool
	if err := target.value(ctx, `SELECT to_regclass('schema_migrations') IS NOT NULL`, &migrated); err != nil || migrated {
		return err
	}
	found, err := target.column(ctx, `SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace
		AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype = 'e')
		ORDER BY relname LIMIT 3`)
	if err == nil && len(found) > 0 {
		return target.failed(fmt.Errorf("%w: it has %s", ErrNotEmpty, strings.Join(found, ", ")))
	}
	return err
}

// copiedTable is a table whose rows are copied.
type copiedTable struct {
	name    string
	columns string // names, quoted and separated by commas
	rows    int64  // an estimate, then the number of rows that were copied
}

// ident returns an SQL identifier, quoted.
func ident(name string) string { return pgx.Identifier{name}.Sanitize() }

// tables returns the tables by name, without the record of steps. Partitions are part of their table.
func (s *copySide) tables(ctx context.Context) ([]copiedTable, error) {
	rows, err := s.conn.Query(ctx, `SELECT c.relname::text, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname), c.reltuples::bigint
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			AND c.relname <> 'schema_migrations' GROUP BY c.oid ORDER BY c.relname`)
	if err != nil {
		return nil, s.failed(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t copiedTable, err error) {
		return t, row.Scan(&t.name, &t.columns, &t.rows)
	})
	return all, s.failed(err)
}

const sequences = `SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S' ORDER BY relname`

// compareSchemas refuses two schemas that do not have the same steps, tables, columns and sequences.
func compareSchemas(ctx context.Context, source, target *copySide) ([]copiedTable, error) {
	var described [2]map[string]string
	var tables []copiedTable
	for i, s := range []*copySide{target, source} { // the source last: its estimates are wanted
		described[i] = map[string]string{}
		for what, query := range map[string]string{"sequence": sequences, "migration": `SELECT name FROM schema_migrations`} {
			names, err := s.column(ctx, query)
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				described[i][what+" "+name] = ""
			}
		}
		var err error
		if tables, err = s.tables(ctx); err != nil {
			return nil, err
		}
		for _, t := range tables {
			described[i]["table "+t.name] = t.columns
		}
	}
	for i, s := range []*copySide{target, source} {
		other := described[1-i]
		for _, what := range slices.Sorted(maps.Keys(described[i])) {
			if columns, has := other[what]; !has {
				return nil, s.failed(fmt.Errorf("%w: only it has the %s", ErrOtherSchema, what))
			} else if columns != described[i][what] {
				return nil, s.failed(fmt.Errorf("%w: the columns of the %s are others", ErrOtherSchema, what))
			}
		}
	}
	return tables, nil
}

// copyAll copies the rows of all tables in one transaction of the target.
func copyAll(ctx context.Context, source, target *copySide, out io.Writer) error {
	tables, err := compareSchemas(ctx, source, target)
	if err != nil {
		return err
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = ident(t.name)
	}
	all := strings.Join(names, ", ")
	setLockTimeout := fmt.Sprintf("SET LOCAL lock_timeout = %d", lockTimeout.Milliseconds())
	// The snapshot is that of the first query, so no write is under way when it is taken.
	if err := source.exec(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`, setLockTimeout,
		`LOCK TABLE `+all+` IN SHARE MODE`); err != nil {
		return err
	}
	defer source.rollBack(ctx)
	if err := target.exec(ctx, `BEGIN`, setLockTimeout, `LOCK TABLE `+all+` IN ACCESS EXCLUSIVE MODE`); err != nil {
		return err
	}
	defer target.rollBack(ctx) // after the commit this does nothing
	if err := target.mustBeEmpty(ctx, tables); err != nil {
		return err
	}
	if err := matchPartitions(ctx, source, target); err != nil {
		return err
	}
	constrain, err := target.unconstrain(ctx, tables)
	if err != nil {
		return err
	}
	disable, err := source.column(ctx, `SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname)
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
		WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal AND t.tgenabled = 'D' ORDER BY t.tgname`)
	if err != nil {
		return err
	}
	constrain = append(constrain, disable...)
	for _, s := range []*copySide{source, target} { // how values are written as text
		if err := s.exec(ctx, `SET LOCAL DateStyle = ISO`, `SET LOCAL IntervalStyle = postgres`, `SET LOCAL extra_float_digits = 3`,
			`SET LOCAL bytea_output = hex`); err != nil {
			return err
		}
	}
	for i := range tables {
		if err := copyTable(ctx, source, target, &tables[i], out); err != nil {
			return err
		}
	}
	if err := copySequences(ctx, source, target); err != nil {
		return err
	}
	fmt.Fprintln(out, "checking foreign keys and counting the rows")
	if err := target.exec(ctx, constrain...); err != nil {
		return err
	}
	for _, t := range tables {
		var n int64
		if err := target.value(ctx, `SELECT count(*) FROM `+ident(t.name), &n); err != nil {
			return err
		}
		if n != t.rows {
			return target.failed(fmt.Errorf("%s has %d rows, and %d were copied", t.name, n, t.rows))
		}
	}
	return target.exec(ctx, `COMMIT`, `ANALYZE `+all)
}

// rollBack ends a transaction, if there is one. The context may be the reason for the end.
func (s *copySide) rollBack(ctx context.Context) {
	if !s.conn.IsClosed() && s.conn.PgConn().TxStatus() != 'I' {
		_, _ = s.conn.Exec(context.WithoutCancel(ctx), `ROLLBACK`)
	}
}

func (s *copySide) mustBeEmpty(ctx context.Context, tables []copiedTable) error {
	for _, t := range tables {
		if slices.Contains(seeded, t.name) {
			continue
		}
		var used bool
		if err := s.value(ctx, `SELECT EXISTS (SELECT FROM `+ident(t.name)+`)`, &used); err != nil {
			return err
		}
		if used {
			return s.failed(fmt.Errorf("%w: the table %s has rows", ErrNotEmpty, t.name))
		}
	}
	return nil
}

// unconstrain drops the foreign keys, disables the triggers and deletes the rows of the steps. Rows are copied as they are, in any
// order. It returns the statements that undo the first two; they check every foreign key.
func (s *copySide) unconstrain(ctx context.Context, tables []copiedTable) (constrain []string, err error) {
	const keys = ` FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND connamespace = current_schema()::regnamespace ORDER BY conname`
	drop, err := s.column(ctx, `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)`+keys)
	if err != nil {
		return nil, err
	}
	if constrain, err = s.column(ctx, `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
		regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', ''))`+keys); err != nil {
		return nil, err
	}
	for _, t := range tables {
		drop = append(drop, `ALTER TABLE `+ident(t.name)+` DISABLE TRIGGER USER`)
		constrain = append(constrain, `ALTER TABLE `+ident(t.name)+` ENABLE TRIGGER USER`)
	}
	for _, name := range seeded {
		drop = append(drop, `DELETE FROM `+ident(name))
	}
	return constrain, s.exec(ctx, drop...)
}

// manyRows is the number of rows from which a table is announced before it is copied.
const manyRows = 100_000

// copyTable copies the rows of a table and counts them.
func copyTable(ctx context.Context, source, target *copySide, t *copiedTable, out io.Writer) error {
	if t.rows >= manyRows {
		fmt.Fprintf(out, "copying %s, about %d rows\n", t.name, t.rows)
	}
	reader, writer := io.Pipe()
	sent := make(chan error, 1)
	var read pgconn.CommandTag
	go func() {
		var err error
		read, err = source.conn.PgConn().CopyTo(ctx, writer, `COPY (SELECT `+t.columns+` FROM `+ident(t.name)+`) TO STDOUT`)
		_ = writer.CloseWithError(err)
		sent <- err
	}()
	written, err := target.conn.PgConn().CopyFrom(ctx, reader, `COPY `+ident(t.name)+` (`+t.columns+`) FROM STDIN`)
	_ = reader.CloseWithError(err)
	if sendErr := <-sent; sendErr != nil && (err == nil || !errors.Is(sendErr, io.ErrClosedPipe) && !errors.Is(sendErr, err)) {
		return source.failed(sendErr)
	}
	if err != nil {
		return target.failed(err)
	}
	if t.rows = read.RowsAffected(); t.rows != written.RowsAffected() {
		return target.failed(fmt.Errorf("it took %d of %d rows of %s", written.RowsAffected(), t.rows, t.name))
	}
	if t.rows > 0 {
		fmt.Fprintf(out, "copied %s: %d rows\n", t.name, t.rows)
	}
	return nil
}

// copySequences lets the sequences of the target go on where those of the source are.
func copySequences(ctx context.Context, source, target *copySide) error {
	names, err := source.column(ctx, sequences)
	if err != nil {
		return err
	}
	for _, name := range names {
		var last int64
		var isCalled bool
		if err := source.value(ctx, `SELECT last_value, is_called FROM `+ident(name), &last, &isCalled); err != nil {
			return err
		}
		if _, err := target.conn.Exec(ctx, `SELECT setval($1::regclass, $2, $3)`, ident(name), last, isCalled); err != nil {
			return target.failed(err)
		}
	}
	return nil
}
