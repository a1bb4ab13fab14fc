package models_test

import (
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// TestReportsAreReadFromTheReplica reads figures while the replica is there, lags, does not answer and is gone. The reader gets them each
// time, and it shows from where: a chat is there or is not.
func TestReportsAreReadFromTheReplica(t *testing.T) {
	t.Parallel()
	pair := testdb.PostgresPair(t)
	h := newTestDeskOn(t, pair.Primary.URL, models.DefaultSettings())
	replica, err := models.OpenReplica(pair.Standby.URL)
	h.must(err)
	t.Cleanup(func() { _ = replica.Close() })
	h.SetReplica(replica)
	started := func() int {
		t.Helper()
		now := time.Now()
		stats, err := h.Stats(t.Context(), now.Add(-time.Hour), now.Add(time.Hour))
		h.must(err)
		return stats.Started
	}
	becomes := func(what string, done func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !done(); {
			if time.Now().After(deadline) {
				t.Fatalf("after 30 s: %s: %+v", what, h.ReplicaState(t.Context()))
			}
			<-time.After(50 * time.Millisecond)
		}
	}
	onReplica := func(statement string) {
		t.Helper()
		_, err := replica.ExecContext(t.Context(), statement)
		h.must(err)
	}
	counts := func() (reads, fallbacks int64) { return h.ReplicaReads() }

	becomes("it is used", func() bool { return h.ReplicaState(t.Context()).Err == nil })
	reads, fallbacks := counts()
	if n := started(); n != 0 {
		t.Fatalf("%d chats", n)
	}
	if r, f := counts(); r != reads+1 || f != fallbacks {
		t.Errorf("%d read from the replica and %d not, before %d and %d", r, f, reads, fallbacks)
	}

	onReplica("SELECT pg_wal_replay_pause()")
	becomes("replay is paused", func() (paused bool) {
		h.must(replica.QueryRowContext(t.Context(), "SELECT pg_get_wal_replay_pause_state() = 'paused'").Scan(&paused))
		return paused
	})
	h.ask("late")
	if n := started(); n != 0 {
		t.Errorf("it read the primary while the replica was hardly behind: %d chats", n)
	}
	h.exec("UPDATE pulse SET alive_at = alive_at + make_interval(secs => ?)", (2 * models.MaxReplicaLag).Seconds())
	becomes("it lags", func() bool { return h.ReplicaState(t.Context()).IsLagging() })
	if lag := h.ReplicaState(t.Context()).Lag; lag == nil || *lag < models.MaxReplicaLag || *lag > 3*models.MaxReplicaLag {
		t.Errorf("the lag is %v", lag)
	}
	_, fallbacks = counts()
	if n := started(); n != 1 {
		t.Errorf("it read a replica that lags: %d chats", n)
	}
	if _, f := counts(); f != fallbacks+1 {
		t.Errorf("%d not read from the replica, before %d", f, fallbacks)
	}

	onReplica("SELECT pg_wal_replay_resume()")
	becomes("it is used again", func() bool { return h.ReplicaState(t.Context()).Err == nil })
	reads, _ = counts()
	if n := started(); n != 1 {
		t.Errorf("%d chats", n)
	}
	if r, _ := counts(); r != reads+1 {
		t.Error("it did not read the replica again")
	}

	h.must(pair.Standby.Pause())
	began := time.Now()
	if n := started(); n != 1 { // the replica seemed fine a moment ago
		t.Errorf("%d chats", n)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it waited %s for a replica that does not answer", took)
	}
	becomes("it is away", func() bool { return h.ReplicaState(t.Context()).Err != nil })

	h.must(pair.Standby.Kill())
	_, fallbacks = counts()
	if n := started(); n != 1 {
		t.Errorf("%d chats", n)
	}
	if _, f := counts(); f != fallbacks+1 {
		t.Errorf("%d not read from the replica that is gone, before %d", f, fallbacks)
	}
}

// A replica of another database would show the figures of others.
func TestAReplicaOfAnotherDatabaseIsNotUsed(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	replica, err := models.OpenReplica(testdb.Postgres(t))
	h.must(err)
	t.Cleanup(func() { _ = replica.Close() })
	_, err = replica.ExecContext(t.Context(), "UPDATE installation SET id = gen_random_uuid()")
	h.must(err)
	h.SetReplica(replica)
	state := h.ReplicaState(t.Context())
	if state.Err == nil || state.IsLagging() {
		t.Errorf("the state is %+v", state)
	}
	_, err = h.Stats(t.Context(), time.Now().Add(-time.Hour), time.Now())
	h.must(err)
	if reads, fallbacks := h.ReplicaReads(); reads != 0 || fallbacks != 1 {
		t.Errorf("%d reads, %d from the primary", reads, fallbacks)
	}
}
