// Package migrations contains the schema as SQL files and migrates a database to it.
//
// A step is a pair of files, <number>_<subject>.tx.up.sql and .tx.down.sql, run in the order of their names. Each step runs
// in one transaction together with its entry in schema_migrations, so a step is either there and recorded or not there at all.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

//go:embed *.sql
var files embed.FS

// lockKey names the advisory lock that every machine takes before it touches the schema.
const lockKey = 0x5061726c6579 // "Parley"

// Up applies every pending step. When another machine is migrating it waits for it and then does what is left.
// It writes to out what it does. db needs one free connection.
func Up(ctx context.Context, db *sql.DB, out io.Writer) error {
	return up(ctx, db, files, out)
}

// Down takes back the last step, or every step when all is true. Like Up it waits for its turn.
func Down(ctx context.Context, db *sql.DB, all bool, out io.Writer) error {
	return down(ctx, db, files, all, out)
}

// Status names the steps that the database has and those of this program that it lacks, each in order.
// It changes nothing and takes no lock.
func Status(ctx context.Context, db *sql.DB) (applied, pending []string, err error) {
	return status(ctx, db, files)
}

// Files returns the SQL files. Tests compare them to know whether the schema has changed.
func Files() fs.FS { return files }

func up(ctx context.Context, db *sql.DB, fsys fs.FS, out io.Writer) error {
	steps, err := load(fsys)
	if err != nil {
		return err
	}
	return alone(ctx, db, out, func(conn *sql.Conn) error {
		applied, err := appliedSteps(ctx, conn)
		if err != nil {
			return err
		}
		pending := missing(steps, applied)
		for _, s := range pending {
			if err := s.apply(ctx, conn); err != nil {
				return err
			}
			fmt.Fprintf(out, "applied %s\n", s.name)
		}
		if len(pending) == 0 {
			fmt.Fprintln(out, "the schema is up to date")
		}
		return nil
	})
}

func down(ctx context.Context, db *sql.DB, fsys fs.FS, all bool, out io.Writer) error {
	steps, err := load(fsys)
	if err != nil {
		return err
	}
	return alone(ctx, db, out, func(conn *sql.Conn) error {
		applied, err := appliedSteps(ctx, conn)
		if err != nil {
			return err
		}
		if len(applied) == 0 {
			fmt.Fprintln(out, "there is nothing to revert")
			return nil
		}
		slices.Reverse(applied)
		if !all {
			applied = applied[:1]
		}
		for _, name := range applied {
			i := slices.IndexFunc(steps, func(s step) bool { return s.name == name })
			if i < 0 {
				return fmt.Errorf("migration %s was applied by a newer parley. Use that version to revert it", name)
			}
			if err := steps[i].takeBack(ctx, conn); err != nil {
				return err
			}
			fmt.Fprintf(out, "reverted %s\n", name)
		}
		return nil
	})
}

func status(ctx context.Context, db *sql.DB, fsys fs.FS) (applied, pending []string, err error) {
	steps, err := load(fsys)
	if err != nil {
		return nil, nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	if applied, err = appliedSteps(ctx, conn); err != nil {
		return nil, nil, err
	}
	for _, s := range missing(steps, applied) {
		pending = append(pending, s.name)
	}
	return applied, pending, nil
}

func missing(steps []step, applied []string) []step {
	return slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return slices.Contains(applied, s.name) })
}
