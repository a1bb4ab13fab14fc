package limit

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/models/testdb"
)

func limiter(t *testing.T, url string, perMinute int) *Limiter {
	t.Helper()
	opts := Options{PerMinute: func(Action) int { return perMinute }, Log: slog.New(slog.DiscardHandler)}
	if url != "" {
		var err error
		if opts.Redis, err = redis.ParseURL(url); err != nil {
			t.Fatal(err)
		}
	}
	l := New(opts)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestTwoInstancesGiveExactlyTheLimit(t *testing.T) {
	t.Parallel()
	url := testdb.Redis(t)
	instances := []*Limiter{limiter(t, url, 30), limiter(t, url, 30)}
	var given atomic.Int32
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			for range 10 {
				if instances[i%2].Allow(t.Context(), Claim{Send, "user:1"}).OK {
					given.Add(1)
				}
			}
		})
	}
	all.Wait()
	if given.Load() != 30 {
		t.Errorf("%d were given, want 30", given.Load())
	}
	for i, l := range instances {
		if l.Degraded() {
			t.Errorf("instance %d gave up on Redis", i)
		}
		v := l.Allow(t.Context(), Claim{Send, "user:1"})
		if v.OK || v.RetryAfter < 30*time.Second || v.RetryAfter > time.Minute || v.RetryAfter%time.Second != 0 {
			t.Errorf("the next one is told %+v", v)
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
				t.Fatalf("%s: granted though one of the two is over", name)
			}
		}
		if !l.Peek(t.Context(), b).OK || !l.Allow(t.Context(), b).OK || !l.Allow(t.Context(), b).OK || l.Allow(t.Context(), b).OK {
			t.Errorf("%s: what was refused was counted, or what was granted was not", name)
		}
	}
}

func TestGiveTakesBackOneCount(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"redis": testdb.Redis(t), "memory": ""} {
		l := limiter(t, url, 1)
		for range 5 {
			v := l.Allow(t.Context(), Claim{Rate, "u"})
			if !v.OK {
				t.Fatalf("%s: what was given back still counts", name)
			}
			l.Refund(t.Context(), v)
		}
		l.Allow(t.Context(), Claim{Rate, "u"})
		if l.Allow(t.Context(), Claim{Rate, "u"}).OK {
			t.Errorf("%s: two in a minute that allows one", name)
		}
	}
}

func TestNobodyWaitsForARedisThatHangs(t *testing.T) {
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
	given := 0
	for range 20 {
		if l.Allow(t.Context(), Claim{Send, "u"}).OK {
			given++
		}
	}
	if given != 2 {
		t.Errorf("%d were given while Redis was away, want the 2 that were left", given)
	}
	if took := time.Since(began); took > (tolerated+2)*budget {
		t.Errorf("20 requests waited %s", took)
	}
	if !l.Degraded() {
		t.Error("the limiter does not say that it counts alone")
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
		t.Error("what was counted alone is forgotten")
	}
}

func TestTheWindowSlides(t *testing.T) {
	t.Parallel()
	m := newMemory()
	at := time.Now()
	claim := []bound{{"u", 2}}
	for _, step := range []struct {
		after time.Duration
		ok    bool
		wait  time.Duration
	}{{0, true, 0}, {10 * time.Second, true, 0}, {20 * time.Second, false, 40 * time.Second}, {Window, true, 0}, {Window + time.Second, false, 9 * time.Second}, {Window + 10*time.Second, true, 0}} {
		v := m.apply(at.Add(step.after), take, claim)
		if v.OK != step.ok || v.RetryAfter != step.wait {
			t.Errorf("after %s: %+v", step.after, v)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m := newMemory()
	at := time.Now()
	for i := range maxKeys + 100 {
		m.apply(at, take, []bound{{fmt.Sprint(i), 1}})
	}
	if len(m.counts) > maxKeys {
		t.Errorf("%d keys are kept", len(m.counts))
	}
	m.apply(at.Add(2*Window), take, []bound{{"x", 1}})
	if len(m.counts) > 1 {
		t.Errorf("%d keys are kept after their minute", len(m.counts))
	}
}

func TestTurnsGoOneAtATime(t *testing.T) {
	t.Parallel()
	var turns KeyedMutex
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			done, err := turns.Lock(t.Context(), "k")
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
	done, _ := turns.Lock(t.Context(), "k")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.Lock(ended, "k"); err == nil {
		t.Error("a turn was given to somebody who had left")
	}
	done()
	if len(turns.held) != 0 {
		t.Errorf("%d keys are kept", len(turns.held))
	}
}
