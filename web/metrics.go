package web

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"parley/models"
	"parley/models/redisclient"
)

// waitSecondsBuckets are the buckets of waiting times, in seconds.
var waitSecondsBuckets = []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600}

// instanceMetrics are counters of this instance since it started. The sum over all instances is the total of the installation.
type instanceMetrics struct {
	waits, responses, publishing prometheus.Histogram
	unpublished, warnings        prometheus.Counter
	messages, statuses, ended    *prometheus.CounterVec
}

func newInstanceMetrics(registry *prometheus.Registry) *instanceMetrics {
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "parley", Name: name, Help: help, Buckets: buckets})
		registry.MustRegister(h)
		return h
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "parley", Name: name, Help: help})
		registry.MustRegister(c)
		return c
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "parley", Name: name, Help: help}, labels)
		registry.MustRegister(c)
		return c
	}
	return &instanceMetrics{
		waits:     histogram("wait_seconds", "Time from entering the queue to the first agent.", waitSecondsBuckets),
		responses: histogram("first_response_seconds", "Time from the first agent to that agent's first message.", waitSecondsBuckets),
		publishing: histogram("publish_lag_seconds", "Time from a commit to its publication to the other instances.",
			[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1}),
		unpublished: counter(
			"publish_failures_total",
			"Failed publications, after which the other instances read the changes from PostgreSQL.",
		),
		warnings: counter("idle_warnings_total", "Idle chats that were warned."),
		messages: counters("messages_total", "Stored messages.", "sender_type"),
		statuses: counters("message_status_changes_total", "Messages whose status changed.", "status"),
		ended:    counters("chats_ended_total", "Chats that ended.", "reason", "type"),
	}
}

// Published implements live.Observer.
func (m *instanceMetrics) Published(events []models.Event) {
	for i := range events {
		if c := events[i].Change; c != nil {
			m.change(c)
		}
	}
}

func (m *instanceMetrics) change(c *models.Change) {
	for i := range c.Messages {
		message := &c.Messages[i]
		m.messages.WithLabelValues(string(message.SenderType)).Inc()
		// One statement sets both times, each from the clock, so they differ by microseconds.
		if at := c.Chat.FirstResponseAt; at != nil && c.Chat.FirstAssignedAt != nil &&
			message.Type == models.Text && message.SenderType == models.FromAgent && message.CreatedAt.Sub(*at).Abs() < time.Millisecond {
			m.responses.Observe(at.Sub(*c.Chat.FirstAssignedAt).Seconds())
		}
	}
	for _, s := range c.Statuses {
		m.statuses.WithLabelValues(string(s.Status)).Add(float64(len(s.IDs)))
	}
	if first := c.Chat.FirstAssignedAt; c.Assigned && first != nil && c.Chat.AssignedAt.Equal(*first) { // a bot is no first agent
		m.waits.Observe(first.Sub(c.Chat.WaitsSince()).Seconds())
	}
	if c.Warned {
		m.warnings.Inc()
	}
	if c.Ended {
		m.ended.WithLabelValues(*c.Chat.EndedReason, *c.Chat.EndedType).Inc()
	}
}

// Relayed implements live.Observer.
func (m *instanceMetrics) Relayed(lag time.Duration, err error) {
	if err != nil {
		m.unpublished.Inc()
		return
	}
	m.publishing.Observe(lag.Seconds())
}

func (s *Server) newMetrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	gauge := func(name, help string, labels prometheus.Labels, value func() float64) {
		registry.MustRegister(
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "parley", Name: name, Help: help, ConstLabels: labels},
				value),
		)
	}
	for _, kind := range []models.ActorKind{models.KindUser, models.KindAgent, models.KindWallboard} {
		gauge(
			"streams",
			"Open live streams.",
			prometheus.Labels{"kind": string(kind)},
			func() float64 { return float64(s.Hub.Streams(kind)) },
		)
	}
	gauge("build_info", "Always 1; the labels tell the version.",
		prometheus.Labels{"version": s.opts.Version, "go": runtime.Version()}, func() float64 { return 1 })
	const degraded = "1 while Redis is unavailable: limits are counted in memory, and events of other instances are read from PostgreSQL."
	gauge("redis_degraded", degraded, prometheus.Labels{"use": "limits"}, func() float64 { return boolValue(s.Limits.Degraded()) })
	gauge("redis_degraded", degraded, prometheus.Labels{"use": "events"}, func() float64 { return boolValue(!s.Hub.Connected()) })
	gauge("limits_decided_alone",
		"1 while this instance decides rate limits without asking Redis, because no other one has run for a minute.",
		nil, func() float64 { return boolValue(s.Limits.DecidesAlone()) })
	counterOf := func(name, help string, labels prometheus.Labels, value func() int64) {
		registry.MustRegister(prometheus.NewCounterFunc(
			prometheus.CounterOpts{Namespace: "parley", Name: name, Help: help, ConstLabels: labels},
			func() float64 { return float64(value()) }))
	}
	counter := func(name, help string, value func() int64) { counterOf(name, help, nil, value) }
	counter("write_check_failures_total",
		"Times that a check of /readyz could not commit a small write within 1.5 seconds.", s.Desk.FailedWriteChecks)
	counter("replica_reads_total", "Reports that this instance read from the replica of DATABASE_REPLICA_URL.",
		func() int64 { reads, _ := s.Desk.ReplicaReads(); return reads })
	counter("replica_fallbacks_total", "Reports that this instance read from the primary because the replica could not be used.",
		func() int64 { _, fallbacks := s.Desk.ReplicaReads(); return fallbacks })
	if s.Desk.HasReplica() {
		registry.MustRegister(&replicaMetrics{desk: s.Desk})
	}
	for _, reason := range redisclient.Reasons() {
		counterOf("redis_errors_total", "Commands of this instance that Redis refused or did not answer.",
			prometheus.Labels{"reason": string(reason)}, func() int64 { return s.Redis.Count(reason) })
	}
	counter("mails_sent_total", "E-mails that the mail server took from this instance.",
		func() int64 { sent, _, _ := s.Desk.MailCounts(); return sent })
	counter("mail_errors_total", "Attempts of this instance to send an e-mail that failed.",
		func() int64 { _, failures, _ := s.Desk.MailCounts(); return failures })
	counter("mails_failed_total", "E-mails that this instance gave up.",
		func() int64 { _, _, failed := s.Desk.MailCounts(); return failed })
	for result, count := range map[string]func() int64{
		"delivered": func() int64 { delivered, _, _ := s.Desk.WebhookCounts(); return delivered },
		"failed":    func() int64 { _, failed, _ := s.Desk.WebhookCounts(); return failed },
		"gave_up":   func() int64 { _, _, gaveUp := s.Desk.WebhookCounts(); return gaveUp },
	} {
		counterOf(
			"webhook_attempts_total",
			"Attempts of this instance to tell a webhook; gave_up counts failed ones after which no other is made.",
			prometheus.Labels{"result": result},
			count,
		)
	}
	counter("board_ticks_total", "Times that the board was sent to the supervisors of this instance.", s.Hub.BoardTicks)
	counter("board_reads_total", "Times that a supervisors' board was read, once for each filter and tick and for each page.",
		s.supervisor.BoardReads)
	counter("drains_total", "Times that this instance tried to assign waiting chats.",
		func() int64 { runs, _ := s.Desk.Drained(); return runs })
	counter("drained_chats_total", "Chats assigned by these attempts.", func() int64 { _, chats := s.Desk.Drained(); return chats })
	counter("pushes_sent_total", "Notifications that push services accepted from this instance.",
		func() int64 { sent, _, _ := s.Desk.Pushed(); return sent })
	counter("pushes_failed_total", "Attempts to send a notification that failed.",
		func() int64 { _, failed, _ := s.Desk.Pushed(); return failed })
	counter("push_devices_removed_total", "Devices that were removed because their push service no longer knows them.",
		func() int64 { _, _, removed := s.Desk.Pushed(); return removed })
	registry.MustRegister(&databaseMetrics{desk: s.Desk, log: s.Log}, newCalibrationMetrics(s.Desk, s.Log), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewDBStatsCollector(s.Desk.DB().DB, "parley"))
	registry.MustRegister(s.opts.Metrics...)
	s.Hub.Observe(newInstanceMetrics(registry))
	return registry
}

func boolValue(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
