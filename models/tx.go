package models

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"
)

// tx is one transaction, with one time and with what is announced once it is committed.
type tx struct {
	bun.Tx
	conn   bun.Conn  // the transaction's connection
	now    time.Time // PostgreSQL's clock, as of the latest tick
	events []Event
	locked []ChatVersion // the chats that it locked, as they were then
	drain  bool          // drain the queue after the commit
	bots   bool          // there are bots; set by lockQueue
}

// tick reads PostgreSQL's clock. It is called after a lock was taken, so that the time of a change is not before that
// of the change it waited for.
func (t *tx) tick(ctx context.Context) error {
	return t.NewRaw(`SELECT clock_timestamp()`).Scan(ctx, &t.now)
}

// emit adds an event to those that are published after the commit. The event is complete: it is not changed afterwards.
func (t *tx) emit(e Event) { t.events = append(t.events, e) }

// requestDrain has the queue drained after the commit, because an agent may have capacity now.
func (t *tx) requestDrain() { t.drain = true }

// emitQueueChange emits that positions may have changed, and with the chat that caused it, if there is one, its
// department.
func (t *tx) emitQueueChange(cause QueueCause, c *Chat) {
	q := &QueueChange{Cause: cause}
	if c != nil && c.Department != nil {
		q.Department = *c.Department
	}
	t.emit(Event{Kind: KindQueue, Queue: q})
}

// txTries is how often a transaction is run at most.
const txTries = 6

// inTx runs f in a transaction and, after the commit, publishes what it emitted. The error that it returns is an
// [*Error].
//
// After a deadlock or a failed serialization f runs again, so it must set, and not add to, the variables that it
// captures. After a lost connection it does not: the transaction may have been committed, and [uncertainCommits] then
// announces what it changed.
//
// Where f changed nothing or a rule refused it, the request may be the retry of one whose commit was never announced,
// so the versions of the chats that it locked are announced, once what they are due to is durable.
func (d *Desk) inTx(ctx context.Context, f func(ctx context.Context, t *tx) error) error {
	for try := 1; ; try++ {
		t, err := d.attempt(ctx, f)
		if err == nil {
			d.announce(t)
			return nil
		}
		if t != nil && isRefusal(err) && len(t.locked) > 0 {
			if err := d.awaitDurable(ctx); err != nil {
				return err
			}
			d.announceVersions(t.locked...)
		}
		if !isTransient(err) || try == txTries {
			return translate(err)
		}
		select {
		case <-ctx.Done():
			return translate(ctx.Err())
		case <-time.After(time.Duration(try) * time.Duration(1+rand.IntN(10)) * time.Millisecond):
		}
	}
}

// attempt runs f in a transaction once. It returns the transaction with an error of f or of the commit, and nil with an
// error before that.
func (d *Desk) attempt(ctx context.Context, f func(ctx context.Context, t *tx) error) (*tx, error) {
	conn, err := d.reader(ctx).Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	btx, err := conn.BeginTx(ctx, &sql.TxOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = btx.Rollback() }() // also when f panics; after the commit this does nothing
	t := &tx{Tx: btx, conn: conn}
	if err := f(ctx, t); err != nil {
		return t, err
	}
	if d.hasNoPublisher() && len(t.events) > 0 {
		if _, err := t.NewRaw(incrementUnpublished).Exec(ctx); err != nil {
			return nil, err
		}
	}
	if err = btx.Commit(); err != nil {
		d.uncertain.add(err, uncertainCommitOf(t))
	}
	return t, err
}

// isRefusal reports whether a rule refused the transaction. It may be a retry that is refused because the first request
// was committed.
func isRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == Conflict || e.Kind == NotFound || e.Kind == Forbidden)
}

// announce publishes what a committed transaction changed, and drains the queue if it asked for that.
func (d *Desk) announce(t *tx) {
	if len(t.events) == 0 { // nothing was left to do: it may be a retry
		d.announceVersions(t.locked...)
	}
	d.publish(t.events)
	if t.drain {
		d.wakeDrain()
	}
}

// publish logs events and hands them to the publisher.
func (d *Desk) publish(events []Event) {
	if len(events) > 0 {
		d.logChanges(events)
		d.publisher.Publish(events)
	}
}

// isAny reports whether a query has a row. Periodic work asks it before it begins a transaction, since mostly there is
// nothing to do: one statement instead of four or more.
func (d *Desk) isAny(ctx context.Context, query string, args ...any) (found bool, err error) {
	err = d.db.NewRaw(`SELECT EXISTS (`+query+`)`, args...).Scan(ctx, &found)
	return found, translate(err)
}

// rawQuerier is the database or a transaction on it, for statements that run in either.
type rawQuerier interface {
	NewRaw(query string, args ...any) *bun.RawQuery
}

// bunIn returns a slice as an argument of bun for IN (?).
func bunIn[T any](values []T) any { return bun.List(values) }

// Advisory locks. A transaction that takes several takes the queue's first.
const (
	queueLock    = 0x7061726c01 // one assigner at a time
	rolesLock    = 0x7061726c02 // one change of roles at a time
	chatReadLock = 0x7061726c04 // the seed of the lock of one agent who reads one chat
	reasonsLock  = 0x7061726c05 // one change of a list of reasons at a time
	alertsLock   = 0x7061726c08 // one evaluation or change of alert rules at a time
	searchLock   = 0x7061726c06 // one task that prepares chats for searches at a time
	reportLock   = 0x7061726c07 // one task that sums up chats for reports at a time

	searchAuditLock = 0x7061726c09 // the seed of the lock of one agent whose search is recorded
	flagsLock       = 0x7061726c0b // one task that raises flags at a time
	pushLock        = 0x7061726c0c // one task that notes what devices are told at a time
	webhooksLock    = 0x7061726c0e // one change of webhooks at a time
)
