package models

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// awaitDurable returns once everything that was committed before, by any session, is as safe as a commit of its own: on
// disk, and with synchronous replication on the standby too. It commits a transaction that only writes a line to the
// write-ahead log, since a commit is replicated after those before it.
//
// A request that gives up while its commit waits for a standby leaves rows behind that are visible here but may be
// missing after a fail-over. So it is called before an answer that says "done" because of rows that are there already,
// such as the answer to a repeated send. A transaction that locks a row needs no call: its own commit waits.
func (d *Desk) awaitDurable(ctx context.Context) error {
	_, err := d.db.NewRaw(`SELECT pg_logical_emit_message(true, 'parley', '')`).Exec(ctx)
	return translate(err)
}

const (
	// canaryEvery is how often the canary of [Desk.CheckWrites] is written at most.
	canaryEvery = time.Second
	// canaryTimeout is how long a commit may take. A synchronous standby in another town answers in a tenth of that.
	canaryTimeout = 1500 * time.Millisecond
)

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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), canaryTimeout)
	defer cancel()
	d.canary.err = d.awaitDurable(ctx)
	d.canary.triedAt = time.Now()
	if d.canary.err != nil {
		d.canary.failures.Add(1)
	}
	return d.canary.err
}

// FailedWriteChecks returns how many writes of [Desk.CheckWrites] have failed since the process started.
func (d *Desk) FailedWriteChecks() int64 { return d.canary.failures.Load() }
