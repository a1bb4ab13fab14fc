package main

import (
	"math"
	"testing"
	"time"

	"parley/models"
)

// The share of users who are served within a minute is what Erlang A computes, also with handling times that are not exponential.
func TestErlangAAgreesWithTheSimulatedDesks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		slots          int
		load, patience float64 // load as a share of the slots
		handling       lognormal
		within         float64
	}{
		{"steady", 20, 0.9, 600, usual, 0.03},
		{"overload", 20, 1.25, 300, usual, 0.03},
		{"small", 3, 0.7, 1200, usual, 0.04},
		{"large", 200, 1.0, 600, usual, 0.04},
		{"short chats", 10, 0.95, 240, lognormal{120, 1}, 0.03},
		{"patient users", 10, 0.8, 0, lognormal{300, 1}, 0.04},
	} {
		rate := c.load * float64(c.slots) / c.handling.mean
		d := &desk{
			name:     c.name,
			hours:    40,
			slots:    always(c.slots),
			handling: c.handling,
			patience: c.patience,
			arrivals: evenly(rate),
			maxRate:  rate,
		}
		arrived, prompt := 0, 0
		for seed := range uint64(8) {
			r := d.run(seed + 1)
			arrived += r.arrived
			prompt += r.prompt
		}
		s := models.Staffing{Arrivals: rate, Handling: time.Duration(c.handling.mean * float64(time.Second)), Slots: c.slots}
		if c.patience > 0 {
			s.AbandonRate = 1 / c.patience
		}
		computed, simulated := s.ServedWithin(promptly*time.Second), float64(prompt)/float64(arrived)
		t.Logf("%s: computed %.3f, simulated %.3f", c.name, computed, simulated)
		if math.Abs(computed-simulated) > c.within {
			t.Errorf("%s: computed %.3f, simulated %.3f", c.name, computed, simulated)
		}
	}
}
