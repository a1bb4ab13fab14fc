package web

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/models"
)

// calibrationWindow is the time that the gauges of estimated waits are about.
const calibrationWindow = 24 * time.Hour

// calibrationMetrics are the accuracy of the estimated waits of the last 24 hours. The desk reads them once a minute, however
// often metrics are scraped.
type calibrationMetrics struct {
	desk                              *models.Desk
	log                               *slog.Logger
	scored, inside, medianError, bias *prometheus.Desc
}

func newCalibrationMetrics(desk *models.Desk, log *slog.Logger) *calibrationMetrics {
	desc := func(name, help string) *prometheus.Desc {
		help += " Of the last 24 hours: all chats, by department and by hour (UTC) of joining."
		return describe("wait_estimate_"+name, help, "by", "value")
	}
	return &calibrationMetrics{
		desk: desk, log: log,
		scored:      desc("scored", "Waits of 20 s or more whose estimate is scored."),
		inside:      desc("inside_share", "Share of these inside the range that was shown; the target is 0.8."),
		medianError: desc("median_error", "Median of |estimate - wait| / wait."),
		bias:        desc("median_bias", "Median of (estimate - wait) / wait."),
	}
}

// Describe implements prometheus.Collector.
func (m *calibrationMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.scored, m.inside, m.medianError, m.bias} {
		to <- d
	}
}

// Collect implements prometheus.Collector. Without PostgreSQL it reports nothing.
func (m *calibrationMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsTimeout)
	defer cancel()
	c, err := m.desk.RecentCalibration(ctx, calibrationWindow)
	if err != nil {
		m.log.Debug("accuracy of estimated waits not read", "error", err)
		return
	}
	m.collect(to, "all", "", &c.All)
	for i := range c.ByDepartment {
		m.collect(to, "department", c.ByDepartment[i].Department, &c.ByDepartment[i])
	}
	for i := range c.ByHour {
		m.collect(to, "hour", strconv.Itoa(c.ByHour[i].Hour), &c.ByHour[i])
	}
}

func (m *calibrationMetrics) collect(to chan<- prometheus.Metric, by, value string, g *models.CalibrationGroup) {
	tell := func(d *prometheus.Desc, v float64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, by, value)
	}
	tell(m.scored, float64(g.Scored))
	if share, scored := g.Share(); scored {
		tell(m.inside, share)
		tell(m.medianError, *g.Error)
		tell(m.bias, *g.Bias)
	}
}
