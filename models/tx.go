package models

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"
)

// tx is one transaction: one time, and what to say once it is committed.
type tx struct {
	bun.Tx
	conn   bun.Conn  // that the transaction is on
	now    time.Time // PostgreSQL's clock, as of the latest tick
	events []Event
	locked []ChatVersion // the chats that it locked, as they were
	drain  bool
}

// tick reads PostgreSQL's clock. After a lock was waited for, this is the time at which it was got.
func (t *tx) tick(ctx context.Context) error {
	return t.NewRaw(`SELECT clock_timestamp()`).Scan(ctx, &t.now)
}

func (t *tx) emit(e Event) { t.events = append(t.events, e) }

// requestDrain says that somebody may have room now: after the commit the queue is drained.
func (t *tx) requestDrain() { t.drain = true }

func (t *tx) emitQueueChange(cause QueueCause, c *Chat) {
	q := &QueueChange{Cause: cause}
	if c != nil && c.Department != nil {
		q.Department = *c.Department
	}
	t.emit(Event{Kind: KindQueue, Queue: q})
}

const txTries = 6

// inTx runs f in a transaction and, after the commit, publishes what it emitted. Deadlocks and failed serializations
// are tried again; f must therefore set, not add to, whatever it captures. A lost connection is not: the commit may have happened, and what it
// changed is then announced by [uncertainCommits].
func (d *Desk) inTx(ctx context.Context, f func(ctx context.Context, t *tx) error) error {
	for try := 1; ; try++ {
		t, err := d.attempt(ctx, f)
		if err == nil {
			d.announce(t)
			return nil
		}
		if t != nil && isRefusal(err) {
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

func (d *Desk) attempt(ctx context.Context, f func(ctx context.Context, t *tx) error) (*tx, error) {
	conn, err := d.db.Conn(ctx)
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

// isRefusal reports whether a rule refused the transaction. It may be a retry, and is refused because the first request was committed.
func isRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == Conflict || e.Kind == NotFound || e.Kind == Forbidden)
}

func (d *Desk) announce(t *tx) {
	if len(t.events) == 0 { // it found nothing to do: it may be a retry
		d.announceVersions(t.locked...)
	}
	d.publish(t.events)
	if t.drain {
		d.wakeDrain()
	}
}

func (d *Desk) publish(events []Event) {
	if len(events) > 0 {
		d.logChanges(events)
		d.publisher.Publish(events)
	}
}

// rawQuerier is the database or a transaction on it.
type rawQuerier interface {
	NewRaw(query string, args ...any) *bun.RawQuery
}

// bunIn spreads a slice for SQL's IN.
func bunIn[T any](values []T) any { return bun.List(values) }

// Advisory locks. Whoever takes both takes the queue's first.
const (
	queueLock  = 0x7061726c01 // one assigner at a time
	peopleLock = 0x7061726c02 // one change of roles at a time
	pulseLock  = 0x7061726c03 // one beat at a time
	watchLock  = 0x7061726c04 // the seed of the locks of one reader and one chat
)
