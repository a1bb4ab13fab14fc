package jobs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"parley/jobs"
	"parley/models"
	"parley/models/testdb"
)

// killed writes to Redis what a process leaves behind that was killed some time ago.
func killed(t *testing.T, client redis.UniversalClient, prefix, entry string, ago time.Duration) {
	t.Helper()
	at := float64(time.Now().Add(-ago).Unix())
	for _, cmd := range []*redis.IntCmd{
		client.ZAdd(t.Context(), prefix+"schedules", redis.Z{Score: at, Member: entry}),
		client.ZAdd(t.Context(), "asynq:scheduler_history:"+entry, redis.Z{Score: at, Member: "a task"}),
		client.ZAdd(t.Context(), "asynq:schedulers", redis.Z{Score: at, Member: "asynq:schedulers:{" + entry + "}"}),
		client.ZAdd(t.Context(), "asynq:servers", redis.Z{Score: at, Member: "asynq:servers:{" + entry + "}"}),
		client.ZAdd(t.Context(), "asynq:workers", redis.Z{Score: at, Member: "asynq:workers:{" + entry + "}"}),
	} {
		if cmd.Err() != nil {
			t.Fatal(cmd.Err())
		}
	}
}

func TestWhatAKilledProcessLeftInRedisIsRemoved(t *testing.T) {
	t.Parallel()
	url := testdb.Redis(t)
	client, options := open(t, url)
	killed(t, client, "ours:", "long-gone", time.Hour)
	killed(t, client, "ours:", "just-now", time.Minute) // may still be alive
	killed(t, client, "theirs:", "of-others", time.Hour)
	d := newDesk(t, models.DefaultSettings())
	w := jobs.New(d, options, "ours:", time.Second, quiet)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys := func(pattern string) []string {
		found, err := client.Keys(t.Context(), pattern).Result()
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	history := func(entry string) bool { return len(keys("asynq:scheduler_history:"+entry)) == 1 }
	await(t, "the history is removed", func() bool { return !history("long-gone") })
	await(t, "this process has a history, which is registered", func() bool {
		entries := client.ZRange(t.Context(), "ours:schedules", 0, -1).Val()
		return slices.ContainsFunc(entries, func(entry string) bool { return entry != "just-now" && history(entry) })
	})
	for _, key := range keys("asynq:scheduler_history:*") {
		entry := strings.TrimPrefix(key, "asynq:scheduler_history:")
		if entry != "of-others" && client.ZScore(t.Context(), "ours:schedules", entry).Err() != nil {
			t.Errorf("nothing remembers %s", key)
		}
	}
	if !history("just-now") || !history("of-others") {
		t.Error("a history was removed that may be of a living process, or is of another installation")
	}
	for _, list := range []string{"asynq:servers", "asynq:workers", "asynq:schedulers"} {
		await(t, list+" has no name of a process that is gone", func() bool {
			return !strings.Contains(strings.Join(client.ZRange(t.Context(), list, 0, -1).Val(), " "), "long-gone")
		})
	}
	w.Stop()
	if left := client.ZRange(t.Context(), "ours:schedules", 0, -1).Val(); !slices.Equal(left, []string{"just-now"}) {
		t.Errorf("a worker that stopped leaves %v", left)
	}
	if left := keys("asynq:scheduler_history:*"); len(left) != 2 {
		t.Errorf("a worker that stopped leaves %v", left)
	}
}

func TestAWorkerUsesACluster(t *testing.T) {
	t.Parallel()
	client, options := open(t, "redis+cluster://"+testdb.NewRedisCluster(t).Addr())
	killed(t, client, "ours:", "long-gone", time.Hour)
	w := jobs.New(newDesk(t, models.DefaultSettings()), options, "ours:", time.Second, quiet)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	inspector := asynq.NewInspectorFromRedisClient(client)
	await(t, "tasks have run", func() bool {
		info, err := inspector.GetQueueInfo("ours:periodic")
		return err == nil && info.Processed > 0
	})
	history := func() []string { return client.Keys(t.Context(), "asynq:scheduler_history:*").Val() }
	await(t, "what a killed process left is removed", func() bool {
		return !slices.Contains(history(), "asynq:scheduler_history:long-gone") && len(history()) > 0
	})
	w.Stop()
	if left, entries := history(), client.ZRange(t.Context(), "ours:schedules", 0, -1).Val(); len(left)+len(entries) != 0 {
		t.Errorf("a worker that stopped leaves %v and %v", left, entries)
	}
}
