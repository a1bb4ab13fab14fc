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
	var got bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", lockKey).Scan(&got); err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	if !got {
		fmt.Fprintln(out, "waiting for another parley that is migrating this database")
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lockKey); err != nil {
			return fmt.Errorf("lock the schema: %w", err)
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
	)`
	if _, err := conn.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("create schema_migrations: %w", err)
	}
	return do(conn)
}

// appliedSteps returns the recorded names in order, none for a database that was never migrated.
func appliedSteps(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var exists bool
	if err := conn.QueryRowContext(ctx, "SELECT to_regclass('schema_migrations') IS NOT NULL").Scan(&exists); err != nil || !exists {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, "SELECT name FROM schema_migrations ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
