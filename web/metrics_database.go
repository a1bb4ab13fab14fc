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
	// overviewEvery and checkEvery are how often PostgreSQL is asked at most, however often somebody looks.
	overviewEvery = 2 * time.Second
	checkEvery    = 30 * time.Second
	metricsTime   = 3 * time.Second
)

var (
	houseUp      = describe("database_up", "1 if PostgreSQL answered.")
	houseWaiting = describe("queue_length", "Waiting chats.")
	houseLongest = describe("queue_longest_wait_seconds", "Time that the longest-waiting chat has waited.")
	houseOnline  = describe("agents_online", "Online agents.")
	houseLoad    = describe("load", "Active chats of online agents.")
	houseSlots   = describe("capacity", "Total capacity of online agents.")
	houseBroken  = describe("invariant_findings", "Violations of an invariant, at most 100; anything but 0 is a fault.", "invariant")
	houseChecked = describe("invariants_checked_timestamp_seconds", "Time when the invariants were last checked.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("parley_"+name, help, labels, nil)
}

// houseMetrics are the figures of the whole house, which every instance tells alike. While PostgreSQL is away it tells the last ones it knows.
type houseMetrics struct {
	desk *models.Desk
	log  *slog.Logger

	mu       sync.Mutex
	up       bool
	asked    time.Time
	overview *models.Overview
	tried    time.Time
	checked  time.Time
	findings []models.Checked
}

// Describe is prometheus.Collector.
func (m *houseMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{houseUp, houseWaiting, houseLongest, houseOnline, houseLoad, houseSlots, houseBroken, houseChecked} {
		to <- d
	}
}

// Collect is prometheus.Collector.
func (m *houseMetrics) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), metricsTime)
	defer cancel()
	m.refresh(ctx)
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	tell(houseUp, number(m.up))
	if o := m.overview; o != nil {
		tell(houseWaiting, float64(o.Waiting))
		tell(houseLongest, float64(o.LongestWaitSeconds))
		tell(houseOnline, float64(o.Online))
		tell(houseLoad, float64(o.SlotsUsed))
		tell(houseSlots, float64(o.Slots))
	}
	for _, c := range m.findings {
		tell(houseBroken, float64(len(c.Findings)), c.Invariant)
	}
	if !m.checked.IsZero() {
		tell(houseChecked, float64(m.checked.Unix()))
	}
}

// refresh asks again what was asked long enough ago.
func (m *houseMetrics) refresh(ctx context.Context) {
	if time.Since(m.asked) > overviewEvery {
		overview, err := m.desk.Overview(ctx)
		m.asked, m.up = time.Now(), err == nil
		if err == nil {
			m.overview = &overview
		}
	}
	if !m.up || time.Since(m.tried) < checkEvery {
		return
	}
	m.tried = time.Now()
	findings, err := m.desk.CheckRecent(ctx)
	if err != nil {
		m.log.Warn("invariants check failed", "error", err)
		return
	}
	m.findings, m.checked = findings, time.Now()
	for _, c := range findings {
		if len(c.Findings) > 0 {
			m.log.Error("invariant violated", "invariant", c.Invariant, "findings", len(c.Findings), "first", c.Findings[0].Subject)
		}
	}
}
