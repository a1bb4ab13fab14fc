package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes and names of constraints are in this file alone. A test fails when another file names a constraint, or
// when the schema lacks one.

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
	pgLockNotAvailable     = "55P03"
	pgQueryCanceled        = "57014"
	pgDuplicateStatement   = "42P05"
	pgNoSuchStatement      = "26000"
)

// constraint is the name of a constraint or of a unique index whose violation has a meaning for a caller.
type constraint string

const (
	agentDepartmentsDepartmentFkey   constraint = "agent_departments_department_fkey"    // an agent serves departments that exist
	agentsEmailUnique                constraint = "agents_email_unique"                  // one agent per e-mail address, in any case
	alertRulesDepartmentFkey         constraint = "alert_rules_department_fkey"          // a rule watches a department that exists
	cannedRepliesDepartmentFkey      constraint = "canned_replies_department_fkey"       // a department's replies belong to one that exists
	cannedRepliesShortcutUnique      constraint = "canned_replies_shortcut_unique"       // one reply per scope, shortcut and language
	chatsDepartmentFkey              constraint = "chats_department_fkey"                // a chat asks for a department that exists
	chatsOneOpenPerUser              constraint = "chats_one_open_per_user"              // one open chat per user
	chatsUserIDFkey                  constraint = "chats_user_id_fkey"                   // a chat belongs to a user who is stored
	departmentsPkey                  constraint = "departments_pkey"                     // one department per short name
	messagesClientMessageIDUnique    constraint = "messages_client_message_id_unique"    // one message per chat, sender and idempotency key
	openingHoursDepartmentFkey       constraint = "opening_hours_department_fkey"        // a department's hours belong to one that exists
	pushSubscriptionsSessionHashFkey constraint = "push_subscriptions_session_hash_fkey" // a device belongs to a session that has not ended
	sessionsUserIDFkey               constraint = "sessions_user_id_fkey"                // a session belongs to a user who is stored
	streamTicketsUserIDFkey          constraint = "stream_tickets_user_id_fkey"          // a ticket belongs to a user who is stored
	wrapUpOptionsDepartmentFkey      constraint = "wrap_up_options_department_fkey"      // a department's options belong to one that exists
	wallboardKeysDepartmentFkey      constraint = "wallboard_keys_department_fkey"       // a key is limited to a department that exists
	wrapUpOptionsNameUnique          constraint = "wrap_up_options_name_unique"          // one option per list and name
	questionsDepartmentFkey          constraint = "questions_department_fkey"            // questions belong to a department that exists
)

// sqlState returns the SQLSTATE code of an error that PostgreSQL sent and the constraint that it names; both are empty
// for any other error.
func sqlState(err error) (code, constraint string) {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code, pe.ConstraintName
	}
	return "", ""
}

// violates reports whether PostgreSQL refused a statement because of that unique or foreign key.
func violates(err error, c constraint) bool {
	code, name := sqlState(err)
	return (code == pgUniqueViolation || code == pgForeignKeyViolation) &&
		(name == string(c) || c == messagesClientMessageIDUnique && partitionIndex.MatchString(name))
}

// partitionIndex matches the names that [messagesClientMessageIDUnique] has in the partitions of messages.
var partitionIndex = regexp.MustCompile(`^messages_(first|default|\d{4}_\d{2})_client_message_id_unique$`)

// isTransient reports whether PostgreSQL rolled the transaction back for a reason that another attempt may not meet.
// Nothing was committed.
func isTransient(err error) bool {
	code, _ := sqlState(err)
	return code == pgSerializationFailure || code == pgDeadlockDetected
}

// isBusy reports whether a statement gave up, after its timeout, because of what others were doing.
func isBusy(err error) bool {
	code, _ := sqlState(err)
	return code == pgLockNotAvailable || code == pgQueryCanceled || code == pgDeadlockDetected
}

// isNotOffered reports whether the server lacks the function that was called, or does not let this role call it.
func isNotOffered(err error) bool {
	code, _ := sqlState(err)
	return code == pgNoPrivilege || code == pgUndefinedFunction || code == pgNotSupported
}

// notSentError is the error of a statement that was never sent.
type notSentError struct{ error }

func (e notSentError) Unwrap() error { return e.error }

// isOutcomeUnknown reports whether a COMMIT, or a statement that commits by itself, may have been committed although it
// failed with err, or may be committed soon. It is false when PostgreSQL refused the statement and when there was no
// connection to send it. It does not use [pgconn.SafeToRetry], which is true for a COMMIT whose connection broke before
// the answer.
func isOutcomeUnknown(err error) bool {
	var notSent notSentError
	if err == nil || errors.As(err, &notSent) {
		return false
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		// A session that PostgreSQL ends may have committed before: while it waited for a replica, or before its answer was sent. A pooler
		// reports a lost server with class 08.
		return refused.SeverityUnlocalized == "FATAL" || refused.SeverityUnlocalized == "PANIC" ||
			strings.HasPrefix(refused.Code, "08") || refused.Code == "40003"
	}
	return !errors.Is(err, sql.ErrNoRows) && !errors.Is(err, sql.ErrTxDone) && !errors.Is(err, pgx.ErrTxClosed) &&
		!errors.Is(err, pgx.ErrTxCommitRollback)
}

// translate returns an [*Error] for any error of the database: the error itself if it is one, database_unavailable (503)
// when a retry may help, else internal_error (500). The text of the driver is in its cause, for the log.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	if code, _ := sqlState(err); code == pgUndefinedTable || code == pgUndefinedColumn {
		return &Error{
			Kind: Unavailable,
			Code: "database_schema_mismatch",
			Detail: "The database schema does not fit this release of Parley. " +
				"An administrator has to look at it; the log names what is missing.",
			RetryAfter: 30 * time.Second,
			cause:      err,
		}
	}
	if isUnavailable(err) {
		return &Error{
			Kind: Unavailable, Code: "database_unavailable",
			Detail:     "The database is unavailable. Nothing was changed unless you were told otherwise. Try again in a few seconds.",
			RetryAfter: 2 * time.Second, cause: err,
		}
	}
	return &Error{
		Kind: Internal, Code: "internal_error",
		Detail: "Something went wrong on our side and was logged. Try again. If it happens again, report the request id.", cause: err,
	}
}

// isUnavailable reports whether an error means that PostgreSQL is unreachable, starting, stopping, out of resources,
// read-only or not migrated, rather than that the statement is wrong.
func isUnavailable(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) { // for any reason
		return true
	}
	code, _ := sqlState(err)
	switch {
	case code == "":
	case code == pgReadOnly, code == pgUndefinedTable, code == pgUndefinedColumn, code == pgLockNotAvailable, code == "25P03",
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
