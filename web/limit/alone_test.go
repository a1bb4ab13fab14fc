package limit

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/models/redisclient"
	"parley/models/testdb"
)

// instance is a limiter that is told how long it has been alone.
type instance struct {
	*Limiter
	alone atomic.Int64 // nanoseconds
}

func (i *instance) setAlone(d time.Duration) { i.alone.Store(int64(d)) }

// instances returns limiters that count in one Redis. The first one has been alone for a minute.
func instances(t *testing.T, url string, perMinute, n int) []*instance {
	t.Helper()
	var all []*instance
	for range n {
		options, err := redisclient.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		i := &instance{}
		i.Limiter = New(Options{
			Redis: options, Prefix: "parley:" + t.Name() + ":", PerMinute: func(Action) int { return perMinute },
			AloneFor: func() time.Duration { return time.Duration(i.alone.Load()) }, Log: slog.New(slog.DiscardHandler),
		})
		t.Cleanup(func() { _ = i.Close() })
		all = append(all, i)
	}
	all[0].setAlone(Window)
	return all
}

// allowed returns how many of n claims at once are allowed.
func (i *instance) allowed(t *testing.T, n int, claims ...Claim) int {
	t.Helper()
	var allowed atomic.Int32
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if i.Allow(t.Context(), claims...).OK {
				allowed.Add(1)
			}
		})
	}
	all.Wait()
	return int(allowed.Load())
}

// awaitFull waits until Redis has all counts that its limit allows, as an instance sees it that has counted nothing itself.
func (i *instance) awaitFull(t *testing.T, claim Claim) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); i.Peek(t.Context(), claim).OK; {
		if time.Now().After(deadline) {
			t.Fatal("Redis does not get the counts")
		}
		<-time.After(5 * time.Millisecond)
	}
}

// redisServers are the kinds of Redis in which counts are kept.
func redisServers(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"server": testdb.Redis(t), "cluster": "redis+cluster://" + testdb.NewRedisCluster(t).Addr()}
}

func TestAnInstanceThatIsAloneDecidesByItself(t *testing.T) {
	t.Parallel()
	for name, url := range redisServers(t) {
		i := instances(t, url, 30, 3)
		// What no claim of the instance itself has counted shows that it does not ask Redis.
		i[1].allowed(t, 30, Claim{End, "elsewhere"})
		if !i[0].Allow(t.Context(), Claim{End, "elsewhere"}).OK {
			t.Errorf("%s: it asks Redis", name)
		}
		i[0].setAlone(Window - time.Nanosecond)
		if i[0].Allow(t.Context(), Claim{End, "elsewhere"}).OK {
			t.Errorf("%s: it does not ask Redis though another instance ran within the minute", name)
		}
		i[0].setAlone(Window)

		claims := []Claim{{SignIn, "u"}, {SignInAddress, "192.0.2.1"}}
		if n := i[0].allowed(t, 100, claims...); n != 30 {
			t.Errorf("%s: %d of 100 at once are allowed, want 30", name, n)
		}
		for _, c := range claims {
			i[1].awaitFull(t, c)
		}
		// Another one comes: all three ask Redis from now on.
		i[0].setAlone(0)
		if n := i[0].allowed(t, 10, claims...) + i[1].allowed(t, 10, claims...) + i[2].allowed(t, 10, claims...); n != 0 {
			t.Errorf("%s: %d more are allowed", name, n)
		}
	}
}

func TestCountsReachRedisWhenAnotherInstanceComes(t *testing.T) {
	t.Parallel()
	i := instances(t, testdb.Redis(t), 10, 2)
	claim := Claim{Send, "u"}
	i[0].allowed(t, 9, claim)
	i[0].setAlone(0)
	if !i[0].Allow(t.Context(), claim).OK || i[0].Allow(t.Context(), claim).OK {
		t.Error("the instance does not know its own counts any more")
	}
	i[1].awaitFull(t, claim)
	// A minute later it is alone again, and another one has counted meanwhile.
	other := Claim{Send, "v"}
	i[0].setAlone(Window)
	i[0].allowed(t, 4, other)
	i[0].setAlone(0)
	if n := i[0].allowed(t, 10, other) + i[1].allowed(t, 10, other); n < 6 || n > 10 {
		t.Errorf("%d are allowed after 4 of 10, want 6, and at most the 4 more that were on their way", n)
	}
	i[1].awaitFull(t, other)
}

// More counts than one command takes, of several keys each, all reach Redis once.
func TestManyCountsReachRedis(t *testing.T) {
	t.Parallel()
	const limit = 2*maxAppended + 100
	for kind, url := range redisServers(t) {
		i := instances(t, url, limit, 2)
		for _, user := range []string{"u", "v"} {
			i[0].allowed(t, limit-1, Claim{SignIn, user}, Claim{SignInAddress, user})
		}
		i[0].flush()
		for _, user := range []string{"u", "v"} {
			if n := i[1].allowed(t, 10, Claim{SignIn, user}, Claim{SignInAddress, user}); n != 1 {
				t.Errorf("%s: %d of %s are allowed after all but one, want 1", kind, n, user)
			}
		}
	}
}

func TestTheNextProcessFindsTheCounts(t *testing.T) {
	t.Parallel()
	i := instances(t, testdb.Redis(t), 3, 2)
	i[0].allowed(t, 3, Claim{Send, "u"})
	if err := i[0].Close(); err != nil {
		t.Fatal(err)
	}
	if i[1].Allow(t.Context(), Claim{Send, "u"}).OK {
		t.Error("what the instance granted before it ended is forgotten")
	}
}

func TestARefundWhileAloneNeverReachesRedis(t *testing.T) {
	t.Parallel()
	i := instances(t, testdb.Redis(t), 2, 2)
	claim := Claim{Rate, "u"}
	for range 5 {
		v := i[0].Allow(t.Context(), claim)
		if !v.OK {
			t.Fatal("what was refunded counts")
		}
		i[0].Refund(t.Context(), v)
	}
	i[0].Allow(t.Context(), claim)
	kept := i[0].Allow(t.Context(), claim)
	i[1].awaitFull(t, claim)
	i[0].Refund(t.Context(), kept) // Redis has it already
	if n := i[1].allowed(t, 5, claim); n != 1 {
		t.Errorf("%d are allowed after a refund, want 1", n)
	}
}

func TestAnInstanceThatIsAloneNeedsNoRedis(t *testing.T) {
	t.Parallel()
	server := testdb.RedisServer(t)
	i := instances(t, server.URL, 5, 2)
	claim := Claim{Send, "u"}
	i[0].allowed(t, 3, claim)
	if err := i[1].shared.client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Resume() })
	began := time.Now()
	if n := i[0].allowed(t, 10, claim); n != 2 {
		t.Errorf("%d are allowed, want the 2 that were left", n)
	}
	if took := time.Since(began); took > budget {
		t.Errorf("10 requests took %s", took)
	}
	// The relay notices that Redis is away, and later that it is back.
	i[0].setAlone(0)
	if n := i[0].allowed(t, 10, claim); n != 0 {
		t.Errorf("%d are allowed after Redis was noticed to be away", n)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	again := Claim{Send, "v"}
	if n := i[0].allowed(t, 10, again); n != 5 {
		t.Errorf("%d are allowed, want 5", n)
	}
}

func TestAnInstanceThatForgotCountsAsksRedis(t *testing.T) {
	t.Parallel()
	i := instances(t, testdb.Redis(t), 1, 1)
	now := time.Now()
	for n := range maxKeys {
		i[0].local.counts[string(rune(n))] = []time.Time{now}
	}
	if !i[0].DecidesAlone() {
		t.Fatal("it asks Redis before it forgot anything")
	}
	i[0].Allow(t.Context(), Claim{Send, "one more"})
	if i[0].DecidesAlone() {
		t.Error("it decides by itself though it forgot a count")
	}
}
