package models

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// durability is the last answer of PostgreSQL to [Desk.awaitDurable].
type durability struct {
	turn         chan struct{} // a lock that a caller whose context ends need not wait for: holds one token while PostgreSQL is asked
	askedAt      time.Time
	isReplicated bool // there is a synchronous standby
	err          error
}

const (
	// durabilityTimeout is how long a commit may take until it is on the standby. One in another town answers in a tenth of that.
	durabilityTimeout = 1500 * time.Millisecond
	// noStandbyFor is how long the answer holds that there is no synchronous standby. So one that was just switched on is waited for
	// after a second at the latest.
	noStandbyFor = time.Second
)

// awaitDurable returns once everything that any session committed before the call is as safe as a commit of the caller would be. Without
// a synchronous standby, a commit is safe when it is visible. With one, awaitDurable commits a transaction that only writes a line to the
// write-ahead log, and waits for the standby: the log is replicated in order, so the standby has all earlier commits then too. Callers
// who come while PostgreSQL is asked wait, and share one next question, so only one connection is in use. It returns
// database_unavailable when PostgreSQL does not answer a question within 1.5 s.
//
// A request that gives up while its commit waits for a standby leaves rows behind that are visible here but may be
// missing after a fail-over. So awaitDurable is called before an answer that says "done" because of rows that are there already,
// such as the answer to a repeated send, and before a stream sends what it has read. A transaction that locks a row needs no call: the
// lock is written to the log, so its own commit waits.
func (d *Desk) awaitDurable(ctx context.Context) error {
	arrivedAt, last := time.Now(), &d.durability
	select {
	case last.turn <- struct{}{}:
		defer func() { <-last.turn }()
	case <-ctx.Done():
		return translate(ctx.Err())
	}
	if last.askedAt.After(arrivedAt) || last.err == nil && !last.isReplicated && time.Since(last.askedAt) < noStandbyFor {
		return last.err
	}
	askedAt := time.Now()
	var isReplicated bool
	err := d.onConn(ctx, func(c *pgx.Conn) error {
		// The answer is shared, so a caller who gives up must not fail it for the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), durabilityTimeout)
		defer cancel()
		return c.QueryRow(ctx, `SELECT CASE WHEN current_setting('synchronous_standby_names') <> ''
			THEN pg_logical_emit_message(true, 'parley', '') END IS NOT NULL`, cacheStatement(nil)...).Scan(&isReplicated)
	})
	err = translate(err)
	if ctx.Err() == nil { // else this caller gave up before there was a connection
		last.askedAt, last.isReplicated, last.err = askedAt, isReplicated, err
	}
	return err
}

// canaryEvery is how often the canary of [Desk.CheckWrites] is written at most.
const canaryEvery = time.Second

// canary is a small write that shows whether commits come through.
type canary struct {
	mu       sync.Mutex // held while it is written, so that all who ask meanwhile share one result
	triedAt  time.Time
	err      error
	failures atomic.Int64
}

// CheckWrites commits a small write and returns database_unavailable when that fails or takes longer than 1.5 s, as it
// does while PostgreSQL waits for a synchronous standby, is read-only or has no disk space. It writes at most once a
// second for all callers; the others get the latest result.
func (d *Desk) CheckWrites(ctx context.Context) error {
	d.canary.mu.Lock()
	defer d.canary.mu.Unlock()
	if time.Since(d.canary.triedAt) < canaryEvery {
		return d.canary.err
	}
	// The result is shared, so a caller who gives up must not fail it for the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), durabilityTimeout)
	defer cancel()
	_, err := d.db.NewRaw(`SELECT pg_logical_emit_message(true, 'parley', '')`).Exec(ctx)
	d.canary.err = translate(err)
	d.canary.triedAt = time.Now()
	if d.canary.err != nil {
		d.canary.failures.Add(1)
	}
	return d.canary.err
}

// FailedWriteChecks returns how many writes of [Desk.CheckWrites] have failed since the process started.
func (d *Desk) FailedWriteChecks() int64 { return d.canary.failures.Load() }
