package web

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/models"
)

const (
	// overviewInterval is the shortest time between two queries, however often metrics are scraped.
	overviewInterval = 2 * time.Second
	metricsTimeout   = 3 * time.Second
)

var (
	descDatabaseUp   = describe("database_up", "1 if PostgreSQL answered.")
	descQueueLength  = describe("queue_length", "Waiting chats.")
	descLongestWait  = describe("queue_longest_wait_seconds", "Time that the longest-waiting chat has waited.")
	descAgentsOnline = describe("agents_online", "Online agents.")
	descLoad         = describe("load", "Active chats of online agents.")
	descCapacity     = describe("capacity", "Total capacity of online agents.")
	descFindings     = describe("invariant_findings", "Violations of an invariant, at most 100; anything but 0 is a fault.", "invariant")
	descMailWaiting  = describe("mails_waiting", "E-mails that wait to be sent.")
	descMailDelayed  = describe("mails_delayed", "E-mails whose latest attempt failed and that are tried again.")
	descMailFailed   = describe("mails_failed", "E-mails that were not sent and are not tried again.")
	descHookPending  = describe("webhook_deliveries_pending", "Events that webhooks which are on were not told of yet.")
	descHookDue      = describe("webhook_oldest_due_seconds", "How long the oldest of them is overdue, 0 for none.")
	descHookOff      = describe("webhooks_off", "Webhooks that were switched off because they failed.")
	descMailFailing  = describe("mail_failing", "1 while the mail server takes no e-mail.")
	descCheckedAt    = describe("invariants_checked_timestamp_seconds", "Time when the invariants were last checked.")
	descMonthsAhead  = describe("message_months_ahead", "Coming months for which messages have a partition; missing without partitions.")
	descCheckAge     = describe("invariants_age_seconds", "Time since the invariants were last checked.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("parley_"+name, help, labels, nil)
}

var (
	descReplicaUsed = describe("replica_used", "1 while reports are read from the replica of DATABASE_REPLICA_URL.")
	descReplicaLag  = describe("replica_lag_seconds", "By how much the data of the replica is older; missing while it does not answer.")
)

// replicaMetrics are the state of the replica. Without one they are missing.
type replicaMetrics struct{ desk *models.Desk }

// Describe implements prometheus.Collector.
func (m *replicaMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- descReplicaUsed
	to <- descReplicaLag
}

// Collect implements prometheus.Collector.
func (m *replicaMetrics) Collect(to chan<- prometheus.Metric) {
	state := m.desk.ReplicaState(context.Background())
	to <- prometheus.MustNewConstMetric(descReplicaUsed, prometheus.GaugeValue, boolValue(state.Err == nil))
	if state.Lag != nil {
		to <- prometheus.MustNewConstMetric(descReplicaLag, prometheus.GaugeValue, state.Lag.Seconds())
	}
}

// databaseMetrics are the figures of the whole installation, which every instance reports alike from PostgreSQL. While PostgreSQL is
// unreachable it reports the last known ones.
type databaseMetrics struct {
	desk *models.Desk
	log  *slog.Logger

	mu          sync.Mutex
	up          bool
	overviewAt  time.Time
	overview    *models.Overview
	mail        *models.MailFigures // nil without mail
	webhooks    *models.WebhookFigures
	check       *models.LastCheck // nil before the first one
	checkReadAt time.Time
	monthsAhead *int // nil without partitions
}

// Describe implements prometheus.Collector.
func (m *databaseMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descDatabaseUp, descQueueLength, descLongestWait, descAgentsOnline, descLoad, descCapacity,
		descFindings, descCheckedAt, descCheckAge, descMailWaiting, descMailDelayed, descMailFailed, descMailFailing, descMonthsAhead,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *databaseMetrics) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), metricsTimeout)
	defer cancel()
	m.refresh(ctx)
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	tell(descDatabaseUp, boolValue(m.up))
	if o := m.overview; o != nil {
		tell(descQueueLength, float64(o.Waiting))
		tell(descLongestWait, float64(o.LongestWaitSeconds))
		tell(descAgentsOnline, float64(o.Online))
		tell(descLoad, float64(o.Load))
		tell(descCapacity, float64(o.Capacity))
	}
	if f := m.mail; f != nil {
		tell(descMailWaiting, float64(f.Waiting))
		tell(descMailDelayed, float64(f.Delayed))
		tell(descMailFailed, float64(f.Failed))
		tell(descMailFailing, boolValue(f.IsFailing))
	}
	if m.monthsAhead != nil {
		tell(descMonthsAhead, float64(*m.monthsAhead))
	}
	if f := m.webhooks; f != nil {
		tell(descHookPending, float64(f.Pending))
		tell(descHookOff, float64(f.Off))
		overdue := time.Duration(0)
		if f.DueAt != nil {
			overdue = max(time.Since(*f.DueAt), 0)
		}
		tell(descHookDue, overdue.Seconds())
	}
	if m.check != nil {
		for _, c := range m.check.Checked {
			tell(descFindings, float64(len(c.Findings)), c.Invariant)
		}
		tell(descCheckedAt, float64(m.check.At.Unix()))
		tell(descCheckAge, (m.check.Age + time.Since(m.checkReadAt)).Seconds())
	}
}

// refresh reads the figures if their interval has passed. An error keeps the previous ones.
func (m *databaseMetrics) refresh(ctx context.Context) {
	if time.Since(m.overviewAt) < overviewInterval {
		return
	}
	overview, err := m.desk.Overview(ctx)
	m.overviewAt, m.up = time.Now(), err == nil
	if err != nil {
		return
	}
	m.overview = &overview
	if m.desk.CanMail() {
		if figures, err := m.desk.MailFigures(ctx); err == nil {
			m.mail = &figures
		}
	}
	if months, has, err := m.desk.MonthsAhead(ctx, time.Now()); err == nil && has {
		m.monthsAhead = &months
	}
	if figures, err := m.desk.WebhookFigures(ctx); err == nil {
		m.webhooks = &figures
	}
	check, err := m.desk.LastCheck(ctx)
	if err != nil {
		m.log.Warn("the result of the invariants check cannot be read", "error", err)
		return
	}
	m.check, m.checkReadAt = check, time.Now()
}
