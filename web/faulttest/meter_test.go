package faulttest_test

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// meter measures how slow this machine is at each moment, by operations that no fault affects: a page of the program without
// dependencies, and its own statement where a test does not disturb PostgreSQL. Limits in milliseconds are extended by that time.
type meter struct {
	mu    sync.Mutex
	stops []stop
}

type stop struct {
	span
	took time.Duration
}

const meterEvery = 40 * time.Millisecond

func newMeter(p *plant) *meter {
	m := &meter{}
	for _, i := range p.instances {
		p.work.Go(func() { m.run(p.ctx, func(ctx context.Context) error { return look(ctx, i.url+"/healthz") }) })
	}
	return m
}

func look(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// withPostgres measures PostgreSQL too, in tests that do not disturb it.
func (m *meter) withPostgres(p *plant) {
	p.t.Helper()
	conn, err := p.connect(p.ctx)
	p.must(err)
	p.work.Go(func() {
		defer conn.Close(context.Background())
		m.run(p.ctx, func(ctx context.Context) error {
			_, err := conn.Exec(ctx, "TABLE pulse")
			return err
		})
	})
}

func (m *meter) run(ctx context.Context, probe func(context.Context) error) {
	for pause(ctx, meterEvery) {
		began := time.Now()
		asked, cancel := context.WithTimeout(ctx, requestPatience)
		err := probe(asked)
		cancel()
		if took := time.Since(began); err == nil && took > 10*time.Millisecond {
			m.mu.Lock()
			m.stops = append(m.stops, stop{span{began, time.Now()}, took})
			m.mu.Unlock()
		}
	}
}

// slack returns the delay that the machine may have added to an operation with a number of steps: for each step the longest pause around
// that time.
func (m *meter) slack(from, to time.Time, crossings int) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	const near = 250 * time.Millisecond
	var worst time.Duration
	for _, s := range m.stops {
		if s.to.After(from.Add(-near)) && s.from.Before(to.Add(near)) {
			worst = max(worst, s.took)
		}
	}
	return time.Duration(crossings) * worst
}
