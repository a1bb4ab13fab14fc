package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// This file alone knows SQLSTATE codes and constraint names.

const (
	pgUniqueViolation      = "23505"
	pgForeignKeyViolation  = "23503"
	pgSerializationFailure = "40001"
	pgDeadlockDetected     = "40P01"
	pgReadOnly             = "25006"
	pgUndefinedTable       = "42P01"
	pgUndefinedColumn      = "42703"
	pgNoPrivilege          = "42501"
	pgUndefinedFunction    = "42883"
	pgNotSupported         = "0A000"
)

func sqlState(err error) (code, constraint string) {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code, pe.ConstraintName
	}
	return "", ""
}

func violates(err error, constraint string) bool {
	code, name := sqlState(err)
	return (code == pgUniqueViolation || code == pgForeignKeyViolation) && name == constraint
}

// isTransient reports whether the whole transaction may be run again: PostgreSQL undid it and nothing was committed.
func isTransient(err error) bool {
	code, _ := sqlState(err)
	return code == pgSerializationFailure || code == pgDeadlockDetected
}

// isNotOffered reports whether the server does not have the function that was called, or does not let this role call it.
func isNotOffered(err error) bool {
	code, _ := sqlState(err)
	return code == pgNoPrivilege || code == pgUndefinedFunction || code == pgNotSupported
}

// notSentError is the error of a statement that never left this process.
type notSentError struct{ error }

func (e notSentError) Unwrap() error { return e.error }

// isOutcomeUnknown reports whether a COMMIT, or a statement that commits by itself, that failed with err may have been committed all the same,
// or may be soon. It is false where PostgreSQL answered that it refused, and where no connection was had to send it. It does not ask
// [pgconn.SafeToRetry], which says yes to a COMMIT whose connection broke before the answer.
func isOutcomeUnknown(err error) bool {
	var notSent notSentError
	if err == nil || errors.As(err, &notSent) {
		return false
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		// A session that is ended may have committed before: while it waited for a replica, or before its answer was sent. A pooler tells of a
		// lost server by class 08.
		return refused.SeverityUnlocalized == "FATAL" || refused.SeverityUnlocalized == "PANIC" ||
			strings.HasPrefix(refused.Code, "08") || refused.Code == "40003"
	}
	return !errors.Is(err, sql.ErrNoRows) && !errors.Is(err, sql.ErrTxDone) && !errors.Is(err, pgx.ErrTxClosed) && !errors.Is(err, pgx.ErrTxCommitRollback)
}

// translate turns whatever came back from the database into an [*Error]. Driver text stays in its cause.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	if isUnavailable(err) {
		return &Error{Kind: Unavailable, Code: "database_unavailable",
			Detail:     "The database is unavailable. Nothing was changed unless you were told otherwise. Try again in a few seconds.",
			RetryAfter: 2 * time.Second, cause: err}
	}
	return &Error{Kind: Internal, Code: "internal_error",
		Detail: "Something went wrong on our side and was logged. Try again. If it happens again, report the request id.", cause: err}
}

func isUnavailable(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) { // whatever the reason that PostgreSQL gives
		return true
	}
	code, _ := sqlState(err)
	switch {
	case code == "":
	case code == pgReadOnly, code == pgUndefinedTable, code == pgUndefinedColumn, code == "55P03", code == "25P03",
		isTransient(err),
		strings.HasPrefix(code, "08"), strings.HasPrefix(code, "53"), strings.HasPrefix(code, "57"), strings.HasPrefix(code, "58"):
		return true
	default:
		return false
	}
	var network net.Error
	return errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		pgconn.Timeout(err) || strings.Contains(err.Error(), "conn closed")
}
