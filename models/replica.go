package models

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
)

const (
	// MaxReplicaLag is how old the data of a replica may be for reports. Older ones are read from the primary.
	MaxReplicaLag = 30 * time.Second
	// replicaPatience is how long one report is waited for before it is read from the primary: together with the timeout of a statement
	// there it is less than that of a request.
	replicaPatience = 2500 * time.Millisecond
	// replicaCheckTimeout is how long a replica has to tell how old its data is.
	replicaCheckTimeout = 500 * time.Millisecond
	// A replica is asked at most this often, with a connection that does not answer less often.
	replicaCheckEvery, replicaAwayCheckEvery = time.Second, 5 * time.Second
)

// replica is a read-only copy of the database, from which reports are read.
type replica struct {
	db *bun.DB

	mu        sync.Mutex // held while it is checked, so that all who ask meanwhile share one result
	checkedAt time.Time
	state     ReplicaState

	reads, fallbacks atomic.Int64
}

// ReplicaState is whether reports are read from the replica, and why not.
type ReplicaState struct {
	// Err is why it is not used, nil if it is: it does not answer, is a copy of another database or lags too much.
	Err error
	// Lag is by how much its data was older than that of the primary, to the accuracy of SWEEP_INTERVAL; nil if that is not known.
	Lag *time.Duration
}

var errForeignReplica = errors.New("it is a copy of another database")

// lagError is the error for a replica that lags by more than MaxReplicaLag.
type lagError time.Duration

func (e lagError) Error() string {
	return fmt.Sprintf("it is %s behind, more than the %s that reports may be", time.Duration(e).Round(time.Second), MaxReplicaLag)
}

// IsLagging reports whether the replica answers but is too far behind.
func (s ReplicaState) IsLagging() bool {
	var lag lagError
	return errors.As(s.Err, &lag)
}

// SetReplica has reports read from a copy of the database. It is called at most once, before the desk is used.
func (d *Desk) SetReplica(db *bun.DB) { d.replica = &replica{db: db} }

// HasReplica reports whether there is a replica.
func (d *Desk) HasReplica() bool { return d.replica != nil }

// ReplicaReads returns how many reports this process has read from the replica, and how many from the primary because the replica could
// not be used.
func (d *Desk) ReplicaReads() (reads, fallbacks int64) {
	if d.replica == nil {
		return 0, 0
	}
	return d.replica.reads.Load(), d.replica.fallbacks.Load()
}

// ReplicaState asks the replica how old its data is, at most once a second for all callers. Without a replica it is not usable.
func (d *Desk) ReplicaState(ctx context.Context) ReplicaState {
	r := d.replica
	if r == nil {
		return ReplicaState{Err: errors.New("there is no replica")}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	every := replicaCheckEvery
	if r.state.Err != nil && r.state.Lag == nil {
		every = replicaAwayCheckEvery
	}
	if time.Since(r.checkedAt) < every {
		return r.state
	}
	before := r.state.Err
	r.state = d.checkReplica(ctx, r.db)
	isFirst := r.checkedAt.IsZero()
	r.checkedAt = time.Now()
	switch {
	case r.state.Err != nil && (before == nil || isFirst):
		d.log.Warn("reports are read from the primary, the replica cannot be used", "error", r.state.Err)
	case r.state.Err == nil && before != nil:
		d.log.Info("reports are read from the replica again")
	}
	return r.state
}

// checkReplica compares the last heartbeat that the replica knows with that of the primary.
func (d *Desk) checkReplica(ctx context.Context, db *bun.DB) ReplicaState {
	// The result is shared, so a caller who gives up must not fail it for the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), replicaCheckTimeout)
	defer cancel()
	type sign struct {
		ID      string
		AliveAt time.Time
	}
	var there, here sign
	const query = `SELECT i.id::text, p.alive_at FROM installation i CROSS JOIN pulse p`
	// The replica first: what it has then, the primary had before.
	if err := db.NewRaw(query).Scan(ctx, &there.ID, &there.AliveAt); err != nil {
		return ReplicaState{Err: fmt.Errorf("it cannot be read: %w", err)}
	}
	if err := d.db.NewRaw(query).Scan(ctx, &here.ID, &here.AliveAt); err != nil {
		return ReplicaState{Err: fmt.Errorf("the primary does not answer: %w", err)}
	}
	if here.ID != there.ID {
		return ReplicaState{Err: errForeignReplica}
	}
	lag := max(0, here.AliveAt.Sub(there.AliveAt))
	if lag > MaxReplicaLag {
		return ReplicaState{Err: lagError(lag), Lag: &lag}
	}
	return ReplicaState{Lag: &lag}
}

// distrust has the replica checked before it is used again.
func (r *replica) distrust() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checkedAt = time.Now().Add(-replicaAwayCheckEvery)
}

// replicaKey is the key of the database in the context of a read from the replica.
type replicaKey struct{}

// fromReplica runs read with a context whose statements go to the replica, see [Desk.reader]. Without a replica, while it cannot be used,
// and when it fails, they go to the primary, so read may run twice: it must set, and not add to, the variables that it captures. It may
// only read.
func (d *Desk) fromReplica(ctx context.Context, read func(ctx context.Context) error) error {
	r := d.replica
	if r == nil {
		return read(ctx)
	}
	if d.ReplicaState(ctx).Err == nil {
		attempt, cancel := context.WithTimeout(context.WithValue(ctx, replicaKey{}, r.db), replicaPatience)
		err := read(attempt)
		cancel()
		if err == nil || ctx.Err() != nil {
			r.reads.Add(1)
			return err
		}
		d.log.Warn("a report was not read from the replica, but from the primary", "error", err)
		r.distrust()
	}
	r.fallbacks.Add(1)
	return read(ctx)
}

// reader returns where a statement that only reads is run: the replica within [Desk.fromReplica], else the primary.
func (d *Desk) reader(ctx context.Context) *bun.DB {
	if db, ok := ctx.Value(replicaKey{}).(*bun.DB); ok {
		return db
	}
	return d.db
}
