package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	noTimeouts    = "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0"
	resetTimeouts = "RESET statement_timeout; RESET lock_timeout; RESET idle_in_transaction_session_timeout"

	// turnPause is how long one machine waits before it asks again whether it is its turn.
	turnPause = 200 * time.Millisecond
)

// alone runs do on one connection while no other machine migrates this database. The lock belongs to the session: when
// this process dies PostgreSQL releases it.
func alone(ctx context.Context, db *sql.DB, out io.Writer, do func(*sql.Conn) error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()

	// Requests have short timeouts; building an index has not.
	if _, err := conn.ExecContext(ctx, noTimeouts); err != nil {
		return err
	}
	// It asks again and again: a statement that waits for the lock would be an open transaction, and CREATE INDEX CONCURRENTLY waits for
	// those to end.
	for told := false; ; told = true {
		var got bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", lockKey).Scan(&got); err != nil {
			return fmt.Errorf("lock the schema: %w", err)
		}
		if got {
			break
		}
		if !told {
			fmt.Fprintln(out, "waiting for another parley that is migrating this database")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(turnPause):
		}
	}
	defer func() {
		// The caller's context may be the reason why we stop.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, unlockErr := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", lockKey)
		if _, resetErr := conn.ExecContext(ctx, resetTimeouts); err == nil {
			err = errors.Join(unlockErr, resetErr)
		}
	}()

	const table = `CREATE TABLE IF NOT EXISTS schema_migrations (
		name text PRIMARY KEY,
		applied_at timestamptz NOT NULL DEFAULT now()
	);
	ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS requires text;
	COMMENT ON COLUMN schema_migrations.requires IS 'the step that a program must know to run on the schema since this one'`
	if _, err := conn.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("create schema_migrations: %w", err)
	}
	return do(conn)
}

// appliedStep is a recorded step.
type appliedStep struct {
	name     string
	requires string // the step that programs must know, "" for none
}

// appliedSteps returns the recorded steps in order, none for a database that was never migrated.
func appliedSteps(ctx context.Context, conn *sql.Conn) ([]appliedStep, error) {
	var exists bool
	if err := conn.QueryRowContext(ctx, "SELECT to_regclass('schema_migrations') IS NOT NULL").Scan(&exists); err != nil || !exists {
		return nil, err
	}
	// Read as JSON, since the column is missing where an earlier release migrated last.
	rows, err := conn.QueryContext(ctx, "SELECT name, coalesce(to_jsonb(m)->>'requires', '') FROM schema_migrations m ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var applied []appliedStep
	for rows.Next() {
		var s appliedStep
		if err := rows.Scan(&s.name, &s.requires); err != nil {
			return nil, err
		}
		applied = append(applied, s)
	}
	return applied, rows.Err()
}
