// Package migrations contains the schema as SQL files and migrates a database to it.
//
// A step is a pair of files, <number>_<subject>.tx.up.sql and .tx.down.sql, run in the order of their names. Each step runs
// in one transaction together with its entry in schema_migrations, so a step is either there and recorded or not there at all.
// It waits half a second for a lock and is then tried again for 10 minutes, so that it never makes others wait behind it.
//
// Files without .tx run statement by statement, for CREATE INDEX CONCURRENTLY. They are recorded last, so their statements must be
// ones that can be repeated (IF NOT EXISTS).
//
// Steps only add, so a program runs on a schema that is ahead of it. A step that ends what an earlier release needs begins with the line
// "-- requires: <step>": programs that do not know that step are not ready any more, and do not start.
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

// State is how the schema of a database and a program fit.
type State struct {
	Applied []string // the steps that the database has, in order
	Pending []string // those of the program that it lacks, in order
	Ahead   []string // those of Applied that the program does not know
	// TooNew is the step of Ahead since which the program cannot run on the schema, "" for none.
	TooNew string
}

// Status returns the state of a database. It changes nothing and takes no lock.
func Status(ctx context.Context, db *sql.DB) (State, error) { return status(ctx, db, files) }

// Files returns the SQL files. Tests compare them to know whether the schema has changed.
func Files() fs.FS { return files }

// Latest returns the last step that this program knows. A database that lacks it or one before it is behind.
func Latest() string {
	steps, err := load(files)
	if err != nil {
		panic(err) // a mistake in the names of the files, which every test would meet
	}
	return steps[len(steps)-1].name
}

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
			if err := s.apply(ctx, conn, out); err != nil {
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
		for _, a := range applied {
			i := slices.IndexFunc(steps, func(s step) bool { return s.name == a.name })
			if i < 0 {
				return fmt.Errorf("migration %s was applied by a newer parley. Use that version to revert it", a.name)
			}
			if err := steps[i].takeBack(ctx, conn, out); err != nil {
				return err
			}
			fmt.Fprintf(out, "reverted %s\n", a.name)
		}
		return nil
	})
}

func status(ctx context.Context, db *sql.DB, fsys fs.FS) (State, error) {
	steps, err := load(fsys)
	if err != nil {
		return State{}, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return State{}, err
	}
	defer conn.Close()
	applied, err := appliedSteps(ctx, conn)
	if err != nil {
		return State{}, err
	}
	var state State
	knows := func(name string) bool { return slices.ContainsFunc(steps, func(s step) bool { return s.name == name }) }
	for _, a := range applied {
		state.Applied = append(state.Applied, a.name)
		if knows(a.name) {
			continue
		}
		state.Ahead = append(state.Ahead, a.name)
		if a.requires != "" && !knows(a.requires) {
			state.TooNew = a.name
		}
	}
	for _, s := range missing(steps, applied) {
		state.Pending = append(state.Pending, s.name)
	}
	return state, nil
}

func missing(steps []step, applied []appliedStep) []step {
	return slices.DeleteFunc(slices.Clone(steps), func(s step) bool {
		return slices.ContainsFunc(applied, func(a appliedStep) bool { return a.name == s.name })
	})
}
