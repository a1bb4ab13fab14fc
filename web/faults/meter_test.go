package faults_test

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// meter measures how slow this machine is at each moment, by what depends on no fault: a page of the program that asks nobody.
// What is promised in milliseconds is judged with that much more allowed.
type meter struct {
	mu    sync.Mutex
	stops []stop
}

type stop struct {
	span
	took time.Duration
}

const meterEvery = 20 * time.Millisecond

func newMeter(p *plant) *meter {
	m := &meter{}
	for _, i := range p.instances {
		p.work.Go(func() { m.run(p.ctx, i) })
	}
	return m
}

func (m *meter) run(ctx context.Context, i *instance) {
	for pause(ctx, meterEvery) {
		began := time.Now()
		asked, cancel := context.WithTimeout(ctx, requestPatience)
		req, _ := http.NewRequestWithContext(asked, http.MethodGet, i.url+"/healthz", nil)
		res, err := transport.RoundTrip(req)
		cancel()
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if took := time.Since(began); took > 10*time.Millisecond {
			m.mu.Lock()
			m.stops = append(m.stops, stop{span{began, time.Now()}, took})
			m.mu.Unlock()
		}
	}
}

// slack returns the worst of a stretch of time and its neighbourhood, doubled: what is measured crosses the machine twice.
func (m *meter) slack(from, to time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	const near = 250 * time.Millisecond
	var worst time.Duration
	for _, s := range m.stops {
		if s.to.After(from.Add(-near)) && s.from.Before(to.Add(near)) {
			worst = max(worst, s.took)
		}
	}
	return 2 * worst
}
