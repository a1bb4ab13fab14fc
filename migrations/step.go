package migrations

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	upSuffix   = ".tx.up.sql"
	downSuffix = ".tx.down.sql"
)

// step is one change of the schema and the way back.
type step struct {
	name     string
	up, down string
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
		if name, ok := strings.CutSuffix(path, upSuffix); ok {
			steps[name] = step{name: name, up: string(text), down: steps[name].down}
		} else if name, ok := strings.CutSuffix(path, downSuffix); ok {
			steps[name] = step{name: name, up: steps[name].up, down: string(text)}
		} else {
			return nil, fmt.Errorf("migration file %s must end in %s or %s", path, upSuffix, downSuffix)
		}
	}
	sorted := make([]step, 0, len(steps))
	for name, s := range steps {
		if s.up == "" || s.down == "" {
			return nil, fmt.Errorf("migration %s needs both %s and %s", name, name+upSuffix, name+downSuffix)
		}
		sorted = append(sorted, s)
	}
	slices.SortFunc(sorted, func(a, b step) int { return cmp.Compare(a.name, b.name) })
	return sorted, nil
}

func (s step) apply(ctx context.Context, conn *sql.Conn) error {
	return s.run(ctx, conn, s.up, "INSERT INTO schema_migrations (name) VALUES ($1)")
}

func (s step) takeBack(ctx context.Context, conn *sql.Conn) error {
	return s.run(ctx, conn, s.down, "DELETE FROM schema_migrations WHERE name = $1")
}

func (s step) run(ctx context.Context, conn *sql.Conn, script, mark string) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	if _, err := tx.ExecContext(ctx, script); err != nil {
		return fmt.Errorf("migration %s%s: %w", s.name, line(script, err), err)
	}
	if _, err := tx.ExecContext(ctx, mark, s.name); err != nil {
		return fmt.Errorf("record migration %s: %w", s.name, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit migration %s: %w", s.name, err)
	}
	return nil
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
