package redisclient_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/models/redisclient"
	"parley/models/testdb"
)

// A sentinel that hangs takes as long as a command may take in all, and the others must be asked nevertheless.
func TestASentinelThatHangsIsPassedOver(t *testing.T) {
	t.Parallel()
	master := testdb.NewRedisNode(t, false)
	watch := fmt.Sprintf("sentinel monitor known 127.0.0.1 %d 2", master.Port)
	sentinels := []*testdb.RedisNode{testdb.NewRedisNode(t, true, watch), testdb.NewRedisNode(t, true, watch)}
	options, err := redisclient.Parse("redis+sentinel://" + sentinels[0].Addr() + "," + sentinels[1].Addr() + "/known")
	if err != nil {
		t.Fatal(err)
	}
	const patience = 150 * time.Millisecond
	options.SetTimeout(patience)
	options.MaxRetries, options.DialerRetries, options.ContextTimeoutEnabled, options.Protocol = -1, 1, true, 2
	client := options.Client()
	defer client.Close()
	answers := func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return client.Ping(ctx).Err() == nil
	}
	await := func(what string) {
		t.Helper()
		for deadline := time.Now().Add(6 * time.Second); !answers(); {
			if time.Now().After(deadline) {
				t.Fatalf("no answer %s", what)
			}
			select {
			case <-t.Context().Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	await("at the beginning")
	for n, s := range sentinels { // the client uses one of them
		if err := s.Pause(); err != nil {
			t.Fatal(err)
		}
		if err := master.CutClients(t.Context()); err != nil {
			t.Fatal(err)
		}
		await(fmt.Sprintf("while sentinel %d hangs", n))
		if err := s.Resume(); err != nil {
			t.Fatal(err)
		}
	}
}
