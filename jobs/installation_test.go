package jobs_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"parley/models"
	"parley/models/redisclient"
	"parley/models/testdb"
)

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatalf("still waiting for: %s", what)
		case <-tick.C:
		}
	}
}

func open(t *testing.T, redisURL string) (redis.UniversalClient, *redisclient.Options) {
	t.Helper()
	options, err := redisclient.Parse(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := options.Client()
	t.Cleanup(func() { _ = client.Close() })
	return client, options
}

func TestInstallationsHaveQueuesOfTheirOwn(t *testing.T) {
	t.Parallel()
	url := testdb.Redis(t)
	client, _ := open(t, url)
	var want []string
	for range 2 {
		d := newDesk(t, models.DefaultSettings())
		startWorker(t, d, url)
		key, err := d.InstallationKey(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, "parley:"+key+":periodic")
	}
	slices.Sort(want)
	inspector := asynq.NewInspectorFromRedisClient(client)
	await(t, "both have run a task", func() bool {
		for _, queue := range want {
			if info, err := inspector.GetQueueInfo(queue); err != nil || info.Processed == 0 {
				return false
			}
		}
		return true
	})
	queues, err := inspector.Queues()
	if slices.Sort(queues); err != nil || !slices.Equal(queues, want) {
		t.Errorf("the queues are %v, want %v; %v", queues, want, err)
	}
	servers, err := inspector.Servers()
	if err != nil || len(servers) != 2 {
		t.Fatalf("%d servers, %v", len(servers), err)
	}
	for _, s := range servers {
		if len(s.Queues) != 1 {
			t.Errorf("one worker takes tasks from %v", s.Queues)
		}
	}
}
