package faulttest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// metrics reads the metrics of an instance.
func (i *instance) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, i.url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("/metrics: %d %v", res.StatusCode, err)
	}
	values := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		if at := strings.LastIndexByte(strings.TrimSpace(line), ' '); at > 0 && line[0] != '#' {
			if v, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64); err == nil {
				values[line[:at]] = v
			}
		}
	}
	return values
}

func (i *instance) metric(t *testing.T, name string) float64 {
	t.Helper()
	v, ok := i.metrics(t)[name]
	if !ok {
		t.Fatalf("instance %d has no metric %s", i.number, fmt.Sprintf("%q", name))
	}
	return v
}

// TestMetricsCountWhatHappens compares the sums over the instances with the tables.
func TestMetricsCountWhatHappens(t *testing.T) {
	t.Parallel()
	p := newPlant(t, func(p *plant) { p.environ = append(p.environ, "LOG_LEVEL=debug") })
	p.crowd(4, 2, 1, 100*time.Millisecond)
	pause(t.Context(), 2*time.Second)
	p.settle()
	sum := map[string]float64{}
	for _, i := range p.instances {
		for name, v := range i.metrics(t) {
			sum[name] += v
		}
	}
	for name, query := range map[string]string{
		`parley_messages_total{sender_type="user"}`:                   `SELECT count(*) FROM messages WHERE sender_type = 'user'`,
		`parley_messages_total{sender_type="customer_service"}`:       `SELECT count(*) FROM messages WHERE sender_type = 'customer_service'`,
		`parley_message_status_changes_total{status="read"}`:          `SELECT count(*) FROM message_status_changes WHERE status = 'read'`,
		`parley_message_status_changes_total{status="delivered"}`:     `SELECT count(*) FROM message_status_changes WHERE status = 'delivered'`,
		`parley_chats_ended_total{reason="user_ended",type="manual"}`: `SELECT count(*) FROM chats WHERE ended_reason = 'user_ended'`,
		`parley_wait_seconds_count`:                                   `SELECT count(*) FROM chats WHERE first_assigned_at IS NOT NULL`,
		`parley_first_response_seconds_count`:                         `SELECT count(*) FROM chats WHERE first_response_at IS NOT NULL`,
		`parley_idle_warnings_total`:                                  `SELECT 0`,
		`parley_http_requests_total{code="201",host="",method="POST",url="/api/customer-service/chats/:chat_id/messages"}`: `SELECT count(*) FROM messages WHERE sender_type = 'customer_service'`,
	} {
		var want float64
		p.must(p.desk.DB().QueryRow(query).Scan(&want))
		if sum[name] != want {
			t.Errorf("%s is %v, want %v", name, sum[name], want)
		}
	}
	var steps, chats float64
	p.must(p.desk.DB().QueryRow(`SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM message_status_changes),
		(SELECT sum(1 + (first_assigned_at IS NOT NULL)::int + (ended_at IS NOT NULL)::int) FROM chats)`).Scan(&steps, &chats))
	if got := p.logged(`"level":"DEBUG","msg":"message"`); got != steps {
		t.Errorf("the logs have %v lines about messages, want %v", got, steps)
	}
	if got := p.logged(`"level":"DEBUG","msg":"chat"`); got != chats {
		t.Errorf("the logs have %v lines about chats, want %v", got, chats)
	}
	p.audit()
	for _, i := range p.instances {
		p.until(time.Minute, "the invariants to be checked", func() bool {
			_, ok := i.metrics(t)["parley_invariants_age_seconds"]
			return ok
		})
		m := i.metrics(t)
		for _, name := range []string{
			"parley_queue_length", "parley_queue_longest_wait_seconds", "parley_load", "parley_capacity", "parley_agents_online", "parley_drains_total",
			"parley_drained_chats_total", `parley_streams{kind="agent"}`, `parley_redis_degraded{use="limits"}`, `parley_redis_degraded{use="events"}`,
			"parley_publish_lag_seconds_count", "parley_publish_failures_total", "parley_database_up", `parley_invariant_findings{invariant="capacity"}`,
			`parley_invariant_findings{invariant="messages_dense"}`, "parley_invariants_checked_timestamp_seconds",
		} {
			if _, ok := m[name]; !ok {
				t.Errorf("instance %d has no %s", i.number, name)
			}
		}
		if m["parley_capacity"] != 2 || m["parley_database_up"] != 1 || m["parley_publish_lag_seconds_count"] == 0 {
			t.Errorf(
				"capacity %v, database up %v, published %v",
				m["parley_capacity"],
				m["parley_database_up"],
				m["parley_publish_lag_seconds_count"],
			)
		}
	}
}

// logged counts the log lines of all instances that contain a text.
func (p *plant) logged(text string) (n float64) {
	for _, i := range p.instances {
		n += float64(strings.Count(i.output.String(), text))
	}
	return n
}
