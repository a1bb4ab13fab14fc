package web_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"parley/models"
	"parley/models/redisclient"
	"parley/models/testdb"
	"parley/views/text"
)

// A replica takes what is published and refuses to count, so only the limits notice.
func TestARedisThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	node := testdb.NewRedisNode(t, false, "replicaof 127.0.0.1 1")
	said := &journal{}
	h := startServer(t, func(s *setup) {
		s.redisURL = "redis://" + node.Addr()
		s.log = slog.New(slog.NewTextHandler(said, nil))
	})
	_, alex := h.agent("alex", models.RoleAdmin)
	ready := func() map[string]any { return h.ask("GET", "/readyz", "", nil).want(200).object() }
	_, user := h.guest()
	h.until("it is told", func() bool {
		h.ask("POST", forUser+"/chats/none/rate", user, map[string]any{"rating": 5}) // is counted
		return ready()["redis_error"] == "read_only"
	})
	if got := ready()["redis"]; got != "unavailable" {
		t.Errorf("readyz says of Redis: %v", got)
	}
	if got := h.ask("GET", "/api/admin/health", alex, nil).
		want(200).
		object(); got["redis"] != "unavailable" ||
		got["redis_error"] != "read_only" {
		t.Errorf("the health is %v", got)
	}
	metrics := string(h.ask("GET", "/metrics", "", nil).want(200).Body)
	if !strings.Contains(metrics, `parley_redis_errors_total{reason="read_only"}`) ||
		strings.Contains(metrics, `parley_redis_errors_total{reason="read_only"} 0`) ||
		!strings.Contains(metrics, `parley_redis_errors_total{reason="wrong_password"} 0`) {
		t.Error("the metrics do not count it")
	}
	h.browse("GET", "/admin/health", alex, nil).want(200).says("chip-red", "Redis is a replica and refuses to write.")
	h.browse("GET", "/admin/health", alex, nil, func(header http.Header) { header.Set("Accept-Language", "zh-CN") }).want(200).
		says("Redis 是从节点，拒绝写入。")

	must(t, node.Promote(t.Context()))
	h.until("it is used again", func() bool { return ready()["redis"] == "ok" })
	if got, has := ready()["redis_error"]; has {
		t.Errorf("redis_error is still %v", got)
	}
	h.until("the page is green", func() bool {
		return !strings.Contains(string(h.browse("GET", "/admin/health", alex, nil).want(200).Body), "chip-red")
	})
	if n := strings.Count(said.String(), "reason=read_only"); n != 1 {
		t.Errorf("%d lines of the log tell the reason: %s", n, said.String())
	}
}

func TestEveryReasonHasItsWords(t *testing.T) {
	t.Parallel()
	for _, reason := range redisclient.Reasons() {
		key := "admin.health.redis_error." + string(reason)
		if en, zh := text.In(text.English, key), text.In(text.Chinese, key); en == key || zh == key || en == zh {
			t.Errorf("for %s the words are %q and %q", reason, en, zh)
		}
	}
}
