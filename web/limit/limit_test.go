package limit

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/models/redisclient"
	"parley/models/testdb"
)

func limiter(t *testing.T, url string, perMinute int) *Limiter {
	t.Helper()
	opts := Options{Prefix: "parley:test:limit:", PerMinute: func(Action) int { return perMinute }, Log: slog.New(slog.DiscardHandler)}
	if url != "" {
		var err error
		if opts.Redis, err = redisclient.Parse(url); err != nil {
			t.Fatal(err)
		}
	}
	l := New(opts)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// The three claims of a sign-in are counted by one script, which finds only keys of one slot in a cluster.
func TestClaimsAreCountedTogetherInACluster(t *testing.T) {
	t.Parallel()
	url := "redis+cluster://" + testdb.NewRedisCluster(t).Addr()
	one, other := limiter(t, url, 2), limiter(t, url, 2)
	claims := []Claim{{SignIn, "a@example.com 192.0.2.1"}, {SignInAddress, "192.0.2.1"}, {SignInAccount, "a@example.com"}}
	if !one.Allow(t.Context(), claims...).OK || !other.Allow(t.Context(), claims...).OK {
		t.Error("the first two are refused")
	}
	for _, l := range []*Limiter{one, other} {
		if l.Allow(t.Context(), claims...).OK {
			t.Error("a third is allowed")
		}
		if l.Degraded() {
			t.Error("Redis refused to count")
		}
	}
}

func TestTwoInstancesAllowExactlyTheLimit(t *testing.T) {
	t.Parallel()
	url := testdb.Redis(t)
	instances := []*Limiter{limiter(t, url, 30), limiter(t, url, 30)}
	var allowed atomic.Int32
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			for range 10 {
				if instances[i%2].Allow(t.Context(), Claim{Send, "user:1"}).OK {
					allowed.Add(1)
				}
			}
		})
	}
	all.Wait()
	if allowed.Load() != 30 {
		t.Errorf("%d were allowed, want 30", allowed.Load())
	}
	for i, l := range instances {
		if l.Degraded() {
			t.Errorf("instance %d gave up on Redis", i)
		}
		v := l.Allow(t.Context(), Claim{Send, "user:1"})
		if v.OK || v.RetryAfter < 30*time.Second || v.RetryAfter > time.Minute || v.RetryAfter%time.Second != 0 {
			t.Errorf("the next one gets %+v", v)
		}
	}
	if !instances[0].Allow(t.Context(), Claim{Send, "user:2"}).OK || !instances[0].Allow(t.Context(), Claim{End, "user:1"}).OK {
		t.Error("another identity or another action is counted with it")
	}
}

func TestARefusedClaimIsNotCounted(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"redis": testdb.Redis(t), "memory": ""} {
		l := limiter(t, url, 2)
		a, b := Claim{SignIn, "a"}, Claim{SignInAddress, "b"}
		l.Record(t.Context(), a)
		l.Record(t.Context(), a)
		for range 5 {
			if l.Allow(t.Context(), a, b).OK || l.Peek(t.Context(), a, b).OK {
				t.Fatalf("%s: allowed though one of the two is over its limit", name)
			}
		}
		if !l.Peek(t.Context(), b).OK || !l.Allow(t.Context(), b).OK || !l.Allow(t.Context(), b).OK || l.Allow(t.Context(), b).OK {
			t.Errorf("%s: what was refused was counted, or what was granted was not", name)
		}
	}
}

func TestARefundTakesBackOneCount(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"redis": testdb.Redis(t), "memory": ""} {
		l := limiter(t, url, 1)
		for range 5 {
			v := l.Allow(t.Context(), Claim{Rate, "u"})
			if !v.OK {
				t.Fatalf("%s: what was refunded still counts", name)
			}
			l.Refund(t.Context(), v)
		}
		l.Allow(t.Context(), Claim{Rate, "u"})
		if l.Allow(t.Context(), Claim{Rate, "u"}).OK {
			t.Errorf("%s: two in a minute that allows one", name)
		}
	}
}

func TestNoRequestWaitsForARedisThatHangs(t *testing.T) {
	t.Parallel()
	server := testdb.RedisServer(t)
	l := limiter(t, server.URL, 5)
	for range 3 {
		l.Allow(t.Context(), Claim{Send, "u"})
	}
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Resume() })

	began := time.Now()
	allowed := 0
	for range 20 {
		if l.Allow(t.Context(), Claim{Send, "u"}).OK {
			allowed++
		}
	}
	if allowed != 2 {
		t.Errorf("%d were allowed while Redis was away, want the 2 that were left", allowed)
	}
	if took := time.Since(began); took > (toleratedFailures+2)*budget {
		t.Errorf("20 requests waited %s", took)
	}
	if !l.Degraded() {
		t.Error("the limiter is not degraded")
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); l.Degraded(); {
		if time.Now().After(deadline) {
			t.Fatal("the limiter does not go back to Redis")
		}
		<-time.After(10 * time.Millisecond)
	}
	if l.Allow(t.Context(), Claim{Send, "u"}).OK {
		t.Error("what was counted in memory is forgotten")
	}
}

func TestTheWindowSlides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, "", 2)
		began := time.Now()
		for _, step := range []struct {
			at   time.Duration
			ok   bool
			wait time.Duration
		}{
			{0, true, 0},
			{10 * time.Second, true, 0},
			{20500 * time.Millisecond, false, 40 * time.Second}, // 39.5 s, in whole seconds
			{Window - time.Nanosecond, false, time.Second},
			{Window, true, 0},
			{Window + time.Second, false, 9 * time.Second},
			{Window + 10*time.Second, true, 0},
		} {
			time.Sleep(step.at - time.Since(began))
			v := l.Allow(t.Context(), Claim{Send, "u"})
			if v.OK != step.ok || v.RetryAfter != step.wait {
				t.Errorf("after %s: %+v", step.at, v)
			}
		}
	})
}

func TestComingBackAfterTheNamedTimeIsAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, "", 3)
		for range 100 {
			time.Sleep(777 * time.Millisecond)
			if v := l.Allow(t.Context(), Claim{Send, "u"}); !v.OK {
				if p := l.Peek(t.Context(), Claim{Send, "u"}); p.OK || p.RetryAfter != v.RetryAfter {
					t.Errorf("Peek says %+v after %+v", p, v)
				}
				time.Sleep(v.RetryAfter)
				if again := l.Allow(t.Context(), Claim{Send, "u"}); !again.OK {
					t.Fatalf("refused again after %s: %+v", v.RetryAfter, again)
				}
			}
		}
	})
}

func TestRecordedCountsAndRefundsLeaveTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, "", 1)
		claim := Claim{SignIn, "u"}
		for range 5 {
			l.Record(t.Context(), claim)
			time.Sleep(time.Second)
		}
		if v := l.Peek(t.Context(), claim); v.RetryAfter != 59*time.Second {
			t.Errorf("a second after the last of five: %+v", v)
		}
		time.Sleep(59 * time.Second)
		v := l.Allow(t.Context(), claim)
		if !v.OK {
			t.Fatalf("a minute after the last: %+v", v)
		}
		time.Sleep(10 * time.Second)
		l.Refund(t.Context(), v)
		if !l.Allow(t.Context(), claim).OK {
			t.Error("what was refunded counts")
		}
		l.Refund(t.Context(), v) // once more: there is nothing of that time
		if l.Allow(t.Context(), claim).OK {
			t.Error("a refund took back another count")
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, "", 1)
		for i := range maxKeys + 100 {
			l.Allow(t.Context(), Claim{Send, fmt.Sprint(i)})
		}
		if len(l.local.counts) > maxKeys {
			t.Errorf("%d keys are kept", len(l.local.counts))
		}
		time.Sleep(Window)
		l.Allow(t.Context(), Claim{Send, "x"})
		if len(l.local.counts) > 1 {
			t.Errorf("%d keys are kept after their minute", len(l.local.counts))
		}
	})
}

func TestAKeyIsLockedByOneAtATime(t *testing.T) {
	t.Parallel()
	var mutex KeyedMutex
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			done, err := mutex.Lock(t.Context(), "k")
			if err != nil {
				t.Error(err)
				return
			}
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			inside.Add(-1)
			done()
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d were inside at once", most.Load())
	}
	done, _ := mutex.Lock(t.Context(), "k")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := mutex.Lock(ended, "k"); err == nil {
		t.Error("a lock was given to a caller whose context had ended")
	}
	done()
	if len(mutex.held) != 0 {
		t.Errorf("%d keys are kept", len(mutex.held))
	}
}
