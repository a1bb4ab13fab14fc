package faulttest_test

import (
	"cmp"
	"encoding/json"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// guest is a user without a stream.
func (p *plant) guest(t *testing.T, at int) *caller {
	t.Helper()
	c := &caller{plant: p, at: at}
	a, err := c.ask("session", "POST", "/user/session", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Token  string
		UserID string `json:"user_id"`
	}
	a.into(&got)
	c.token, c.id = got.Token, got.UserID
	return c
}

func chatOf(a answer) string {
	var got struct {
		Chat struct {
			ID string `json:"chat_id"`
		} `json:"chat"`
		Queue struct {
			ID string `json:"chat_id"`
		} `json:"queue_status"`
	}
	_ = json.Unmarshal(a.body, &got)
	return cmp.Or(got.Chat.ID, got.Queue.ID)
}

// rateLimit is the default limit of ratings per minute.
const rateLimit = 5

// rates rates a chat that does not exist and returns how many requests passed the limiter.
func (c *caller) rates(t *testing.T, times int) (granted int) {
	t.Helper()
	for range times {
		a, err := c.ask("rate", "POST", ofUser+"/chats/none/rate", map[string]any{"rating": 5})
		switch {
		case err == nil && a.status == 404:
			granted++
		case err != nil || a.status != 429 || a.retryAfter == "":
			t.Errorf("rating too often: %v %d %s, Retry-After %q", err, a.status, a.code, a.retryAfter)
		}
	}
	return granted
}

// limitHolds checks that in any state of Redis no instance allows more than the limit, and that the instances together allow no less.
func (p *plant) limitHolds(t *testing.T) {
	t.Helper()
	c := p.guest(t, 0)
	if n := c.rates(t, rateLimit+1); n != rateLimit {
		t.Errorf("instance 0 let %d through, the limit is %d", n, rateLimit)
	}
	c.at = 1
	if n := c.rates(t, rateLimit+1); n > rateLimit {
		t.Errorf("instance 1 let %d through, the limit is %d", n, rateLimit)
	}
}

// countTogether checks that some seconds after Redis is back the instances share one limit again.
func (p *plant) countTogether(t *testing.T) {
	t.Helper()
	p.countTogetherWithin(t, 15*time.Second)
}

func (p *plant) countTogetherWithin(t *testing.T, limit time.Duration) {
	t.Helper()
	began := time.Now()
	together := func() bool {
		c := p.guest(t, 0)
		first := c.rates(t, rateLimit-1)
		c.at = 1
		return first+c.rates(t, rateLimit) == rateLimit
	}
	if !eventually(t.Context(), limit, together) {
		t.Error("rate limits are not counted together again")
	}
	t.Logf("together again after %s", time.Since(began).Round(time.Millisecond))
}

// TestAPausedInstanceIsNotAlone checks that an instance which decided limits by itself asks Redis with its first request after a pause in
// which another one came.
func TestAPausedInstanceIsNotAlone(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	first, second := p.instances[0], p.instances[1]
	second.signal(syscall.SIGTERM)
	second.wait(20 * time.Second)
	p.until(90*time.Second, "the instance decides alone", func() bool { return first.metric(t, "parley_limits_decided_alone") == 1 })
	c, kept := p.guest(t, 0), p.guest(t, 0)
	if n := kept.rates(t, rateLimit+1); n != rateLimit {
		t.Errorf("alone it let %d through, the limit is %d", n, rateLimit)
	}
	p.until(5*time.Second, "Redis has the counts", func() bool { return p.counted(kept) == rateLimit })

	first.signal(syscall.SIGSTOP)
	second.start()
	c.at, kept.at = 1, 1
	if n := kept.rates(t, 1); n != 0 {
		t.Error("the second instance does not know what the first one has granted")
	}
	if n := c.rates(t, rateLimit+1); n != rateLimit {
		t.Errorf("the second instance let %d through, the limit is %d", n, rateLimit)
	}
	c.at = 0
	first.signal(syscall.SIGCONT)
	if n := c.rates(t, rateLimit); n != 0 {
		t.Errorf("after the pause the first instance let %d more through", n)
	}
	p.limitHolds(t)
	p.countTogether(t)
}

// counted returns how many ratings of a caller Redis has counted.
func (p *plant) counted(c *caller) int {
	p.t.Helper()
	opts, err := redis.ParseURL(p.redis.URL)
	p.must(err)
	client := redis.NewClient(opts)
	defer client.Close()
	keys, err := client.Keys(p.t.Context(), "*limit:rate:user:"+c.id).Result()
	p.must(err)
	if len(keys) == 0 {
		return 0
	}
	n, err := client.LLen(p.t.Context(), keys[0]).Result()
	p.must(err)
	return int(n)
}
