package migrations

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// The files of a step are named for how they run: those with .tx in one transaction, the others statement by statement.
const (
	upSuffix         = ".up.sql"
	downSuffix       = ".down.sql"
	inTransactionTag = ".tx"
)

const (
	// lockTimeout is how long a step waits for the lock of a table. Meanwhile all who come after it wait too, even those who only read. It
	// is shorter than PostgreSQL's deadlock_timeout of 1 s: where a step and a request wait for each other, the step gives way.
	lockTimeout = 500 * time.Millisecond
	// lockPatience is how long a step is tried again while other transactions hold the lock.
	lockPatience = 10 * time.Minute
	lockPause    = time.Second

	lockNotAvailable = "55P03"
	deadlockDetected = "40P01"
)

// requires is the first line of a step that ends what an earlier release needs. It names the step that a program must know to run on the
// schema from then on.
var requires = regexp.MustCompile(`^-- requires: (\S+)\n`)

// script is a file of a step.
type script struct {
	text          string
	inTransaction bool
}

// step is one change of the schema and the way back.
type step struct {
	name     string
	up, down script
}

// requires returns the step that programs must know once this one is applied, "" for none.
func (s step) requires() string {
	if found := requires.FindStringSubmatch(s.up.text); found != nil {
		return found[1]
	}
	return ""
}

func load(fsys fs.FS) ([]step, error) {
	paths, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	steps := map[string]step{}
	for _, path := range paths {
		text, err := fs.ReadFile(fsys, path)
		if err != nil {
			return nil, err
		}
		base, isUp := strings.CutSuffix(path, upSuffix)
		if !isUp {
			var isDown bool
			if base, isDown = strings.CutSuffix(path, downSuffix); !isDown {
				return nil, fmt.Errorf("migration file %s must end in %s or %s", path, upSuffix, downSuffix)
			}
		}
		name, inTransaction := strings.CutSuffix(base, inTransactionTag)
		s := steps[name]
		s.name = name
		if file := (script{string(text), inTransaction}); isUp {
			s.up = file
		} else {
			s.down = file
		}
		steps[name] = s
	}
	sorted := make([]step, 0, len(steps))
	for name, s := range steps {
		if s.up.text == "" || s.down.text == "" {
			return nil, fmt.Errorf("migration %s needs a file that ends in %s and one that ends in %s", name, upSuffix, downSuffix)
		}
		sorted = append(sorted, s)
	}
	slices.SortFunc(sorted, func(a, b step) int { return cmp.Compare(a.name, b.name) })
	return sorted, nil
}

func (s step) apply(ctx context.Context, conn *sql.Conn, out io.Writer) error {
	return s.run(ctx, conn, out, s.up, "INSERT INTO schema_migrations (name, requires) VALUES ($1, nullif($2, ''))", s.name, s.requires())
}

func (s step) takeBack(ctx context.Context, conn *sql.Conn, out io.Writer) error {
	return s.run(ctx, conn, out, s.down, "DELETE FROM schema_migrations WHERE name = $1", s.name)
}

// run runs a script and then mark, which records it. A script that runs in a transaction and does not get the lock of a table is run
// again.
func (s step) run(ctx context.Context, conn *sql.Conn, out io.Writer, file script, mark string, args ...any) error {
	if !file.inTransaction {
		if err := s.runStatements(ctx, conn, file.text); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, mark, args...)
		return s.recorded(err)
	}
	for began, told := time.Now(), false; ; told = true {
		err := s.runInTransaction(ctx, conn, file.text, mark, args...)
		switch {
		case !isLocked(err):
			return err
		case time.Since(began) > lockPatience:
			return fmt.Errorf("another transaction has held a lock that migration %s needs for %s; pg_stat_activity shows it: %w",
				s.name, lockPatience, err)
		case !told:
			fmt.Fprintf(out, "%s waits for other transactions and is tried again\n", s.name)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

func (s step) runInTransaction(ctx context.Context, conn *sql.Conn, text, mark string, args ...any) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d", lockTimeout.Milliseconds())); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("migration %s%s: %w", s.name, line(text, err), err)
	}
	if _, err := tx.ExecContext(ctx, mark, args...); err != nil {
		return s.recorded(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit migration %s: %w", s.name, err)
	}
	return nil
}

func (s step) recorded(err error) error {
	if err != nil {
		err = fmt.Errorf("record migration %s: %w", s.name, err)
	}
	return err
}

// runStatements runs statements that PostgreSQL does not run in a transaction, such as CREATE INDEX CONCURRENTLY, one by one. They are
// written so that they can be repeated. An index whose build was interrupted is invalid and is dropped first, since IF NOT EXISTS
// would take it for the real one.
func (s step) runStatements(ctx context.Context, conn *sql.Conn, text string) error {
	var invalid []string
	rows, err := conn.QueryContext(ctx, `SELECT quote_ident(c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace AND strpos($1, c.relname) > 0`, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		invalid = append(invalid, "DROP INDEX CONCURRENTLY IF EXISTS "+name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, statement := range append(invalid, statements(text)...) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("migration %s: %w", s.name, err)
		}
	}
	return nil
}

// isLocked reports whether a statement gave up waiting for a lock, by itself or because a request waited for one that the step held.
func isLocked(err error) bool {
	var fault *pgconn.PgError
	return errors.As(err, &fault) && (fault.Code == lockNotAvailable || fault.Code == deadlockDetected)
}

// line returns the line of the script at which PostgreSQL found the error, if the error has a position.
func line(script string, err error) string {
	var fault *pgconn.PgError
	if !errors.As(err, &fault) || fault.Position < 1 {
		return ""
	}
	before := []rune(script)
	before = before[:min(int(fault.Position), len(before))]
	return fmt.Sprintf(", line %d", 1+strings.Count(string(before), "\n"))
}
