package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// runObserved runs the statements of a step as Up does and passes on the effects of each.
func (p *planner) runObserved(ctx context.Context, s step, statements []string, run func([]effect)) error {
	if s.up.inTransaction {
		return p.inTransaction(ctx, statements, run)
	}
	for _, statement := range statements {
		if !strings.Contains(statement, concurrently) {
			if err := p.inTransaction(ctx, []string{statement}, run); err != nil {
				return err
			}
			continue
		}
		if err := p.concurrent(ctx, statement, run); err != nil {
			return err
		}
	}
	return nil
}

func (p *planner) inTransaction(ctx context.Context, statements []string, run func([]effect)) error {
	tx, err := p.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	var pid int
	if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return err
	}
	for _, statement := range statements {
		before, err := relations(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", firstLine(statement), err)
		}
		after, err := relations(ctx, tx)
		if err != nil {
			return err
		}
		locks, err := locksOf(ctx, tx, pid)
		if err != nil {
			return err
		}
		run(effectsOf(before, after, locks))
	}
	return tx.Commit()
}

const concurrently = "CONCURRENTLY"

// concurrent observes a statement that runs outside of a transaction. Another connection makes it wait, looks at the locks that it holds
// meanwhile, and cancels it: it would wait for every old transaction of the whole database. Then it runs as an ordinary statement.
func (p *planner) concurrent(ctx context.Context, statement string, run func([]effect)) error {
	watcher, err := p.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer watcher.Close()
	var pid int
	if err := p.conn.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return err
	}
	tx, err := watcher.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	before, err := relations(ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range before {
		if r.kind == "r" || r.kind == "p" {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("LOCK TABLE ONLY %s.%q IN ROW EXCLUSIVE MODE", planSchema, r.name)); err != nil {
				return err
			}
		}
	}
	done := make(chan error, 1)
	go func() {
		_, err := p.conn.ExecContext(ctx, statement)
		done <- err
	}()
	locks, err := p.whenItWaits(ctx, tx, pid, done)
	if err != nil {
		return fmt.Errorf("%s: %w", firstLine(statement), err)
	}
	if err := tx.Rollback(); err != nil {
		return err
	}
	if _, err := p.conn.ExecContext(ctx, dropInvalidSQL); err != nil {
		return err
	}
	observed := effectsOf(before, before, locks)
	return p.inTransaction(ctx, []string{strings.ReplaceAll(statement, concurrently, "")}, func(effects []effect) {
		for i := range observed {
			if at := slices.IndexFunc(effects, func(e effect) bool { return e.name == observed[i].name }); at >= 0 {
				observed[i].scans = 2 * effects[at].scans // it reads the table a second time, for what changed meanwhile
			}
		}
		run(observed)
	})
}

// dropInvalidSQL drops what cancelled statements left.
const dropInvalidSQL = `DO $$ DECLARE found regclass; BEGIN
	FOR found IN SELECT indexrelid FROM pg_index JOIN pg_class c ON c.oid = indexrelid
		WHERE NOT indisvalid AND c.relnamespace = current_schema()::regnamespace
	LOOP EXECUTE 'DROP INDEX ' || found; END LOOP;
END $$`

// whenItWaits returns the locks of a process at the moment when it waits for others, and cancels what it does.
func (p *planner) whenItWaits(ctx context.Context, tx *sql.Tx, pid int, done <-chan error) (locks map[int64]int, err error) {
	for ticks := time.NewTicker(planPoll); ; {
		select {
		case err := <-done:
			ticks.Stop()
			if err == nil {
				err = errors.New("it did not wait for other transactions, so its locks could not be seen")
			}
			return nil, err
		case <-ticks.C:
		}
		var waits bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)", pid).
			Scan(&waits); err != nil {
			return nil, err
		}
		if !waits {
			continue
		}
		ticks.Stop()
		locks, err := locksOf(ctx, tx, pid)
		if err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, "SELECT pg_cancel_backend($1)", pid); err != nil {
			return nil, err
		}
		<-done //nolint:errcheck // it was cancelled
		return locks, nil
	}
}

// relation is a table or view of the copy.
type relation struct {
	oid, file, scans int64
	name, kind       string
}

// relations returns the tables and views of the copy, with the scans that the transaction has made of them.
func relations(ctx context.Context, tx *sql.Tx) ([]relation, error) {
	rows, err := tx.QueryContext(ctx, `SELECT oid::bigint, relfilenode::bigint, coalesce(pg_stat_get_xact_numscans(oid), 0),
			relname, relkind::text
		FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p', 'm', 'v')`, planSchema)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []relation
	for rows.Next() {
		var r relation
		if err := rows.Scan(&r.oid, &r.file, &r.scans, &r.name, &r.kind); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// locksOf returns the strongest mode in which a process has locked each relation of the database, as an index in lockModes. It is an error
// if one of them is neither of the copy nor of the catalog.
func locksOf(ctx context.Context, tx *sql.Tx, pid int) (map[int64]int, error) {
	rows, err := tx.QueryContext(ctx, `SELECT l.relation::bigint, l.mode, coalesce(c.relname, ''),
			coalesce(c.relnamespace NOT IN ($2::regnamespace, 'pg_catalog'::regnamespace, 'pg_toast'::regnamespace), false)
		FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
		WHERE l.pid = $1 AND l.locktype = 'relation' AND l.granted
			AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`, pid, planSchema)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	locks := map[int64]int{}
	for rows.Next() {
		var oid int64
		var mode, name string
		var isForeign bool
		if err := rows.Scan(&oid, &mode, &name, &isForeign); err != nil {
			return nil, err
		}
		if isForeign {
			return nil, fmt.Errorf("it reaches the real table %s; no plan can be made for it", name)
		}
		for i, m := range lockModes {
			if before, has := locks[oid]; m.mode == mode && (!has || i > before) {
				locks[oid] = i
			}
		}
	}
	return locks, rows.Err()
}

// effectsOf returns what happened to the relations that were there before. The mode is that of the strongest lock of the transaction.
func effectsOf(before, after []relation, locks map[int64]int) (effects []effect) {
	for _, b := range before {
		e := effect{name: b.name, mode: -1}
		if mode, is := locks[b.oid]; is {
			e.mode = mode
		}
		for _, a := range after {
			if a.oid == b.oid {
				e.scans, e.rewritten = a.scans-b.scans, a.file != b.file
			}
		}
		if e.mode >= 0 || e.scans > 0 || e.rewritten {
			effects = append(effects, e)
		}
	}
	return effects
}
