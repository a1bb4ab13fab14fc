package faulttest_test

import (
	"cmp"
	"encoding/json"
	"testing"
	"time"
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
