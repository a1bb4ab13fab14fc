package models_test

import (
	"math"
	"testing"
	"time"

	"parley/models"
)

func within(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if !(math.Abs(got-want) <= by) {
		t.Errorf("%s is %.5f, not %.5f", what, got, want)
	}
}

// The example of Garnett, Mandelbaum and Reiman (2002), table 1: 50 agents, 48 calls a minute of 1 minute each, patience of
// 2 minutes on average.
func TestErlangAHasThePublishedValues(t *testing.T) {
	t.Parallel()
	s := models.Staffing{Arrivals: 48.0 / 60, Handling: time.Minute, Slots: 50, AbandonRate: 1.0 / 120}
	left := s.Abandoned()
	within(t, "the share who leave", left, 0.031, 0.0005)
	within(t, "the mean wait", left/s.AbandonRate, 3.7, 0.05)
	within(t, "the utilization", s.Arrivals*(1-left)*60/50, 0.93, 0.005)
	// The same without users who leave.
	s.AbandonRate = 0
	wait := func(share float64) float64 { // the share of Erlang C who wait no longer is 1 − C·exp(−(nμ − λ)t)
		return -math.Log((1-share)/(1-s.ServedWithin(0))) / (50.0/60 - 48.0/60)
	}
	within(t, "the 90th percentile of the wait", wait(0.9), 58.1, 0.05)
	within(t, "the mean wait of Erlang C", (1-s.ServedWithin(0))/(50.0/60-48.0/60), 20.8, 0.05)
}

// served is the share served within a time, from the probabilities of the states of the queue and of how fast it moves.
func served(s models.Staffing, wait float64, states int) float64 {
	mu := 1 / s.Handling.Seconds()
	weight, sum := 1.0, 0.0
	var free float64
	queued := make([]float64, 0, states)
	for n := range states {
		sum += weight
		if n < s.Slots {
			free += weight
			weight *= s.Arrivals / (float64(n+1) * mu)
		} else {
			queued = append(queued, weight)
			weight *= s.Arrivals / (float64(s.Slots)*mu + float64(n+1-s.Slots)*s.AbandonRate)
		}
	}
	// Who finds k waiting is served within the time if k+1 steps are done in it and the user has not left: followed in small steps.
	const steps = 4000
	dt := wait / steps
	state := append([]float64{}, queued...) // by how many are ahead
	var done float64
	for range steps {
		next := make([]float64, len(state))
		for k, p := range state {
			moves := p * (1 - math.Exp(-dt*(float64(s.Slots)*mu+float64(k)*s.AbandonRate)))
			leaves := p * (1 - math.Exp(-dt*s.AbandonRate))
			next[k] += p - moves - leaves
			if k == 0 {
				done += moves
			} else {
				next[k-1] += moves
			}
		}
		state = next
	}
	return (free + done) / sum
}

func TestErlangAAgreesWithTheStatesOfTheQueue(t *testing.T) {
	t.Parallel()
	for _, s := range []models.Staffing{
		{Arrivals: 0.05, Handling: 5 * time.Minute, Slots: 16, AbandonRate: 1.0 / 300},
		{Arrivals: 0.05, Handling: 5 * time.Minute, Slots: 12, AbandonRate: 1.0 / 300}, // overloaded
		{Arrivals: 0.05, Handling: 5 * time.Minute, Slots: 15, AbandonRate: 1.0 / 30},  // exactly loaded
		{Arrivals: 0.01, Handling: 2 * time.Minute, Slots: 1, AbandonRate: 1.0 / 600},
	} {
		for _, wait := range []float64{20, 60, 180} {
			within(t, "the share served", s.ServedWithin(time.Duration(wait)*time.Second), served(s, wait, 400), 0.004)
		}
	}
}

func TestErlangAWithoutImpatienceIsErlangC(t *testing.T) {
	t.Parallel()
	for _, slots := range []int{11, 12, 20, 1000} {
		load := float64(slots) * 0.9
		patient := models.Staffing{Arrivals: load / 300, Handling: 5 * time.Minute, Slots: slots}
		nearly := patient
		nearly.AbandonRate = 1e-9
		// Erlang C by the recursion of Erlang B.
		b := 1.0
		for n := 1; n <= slots; n++ {
			b = load * b / (float64(n) + load*b)
		}
		c := b / (1 - 0.9*(1-b))
		want := 1 - c*math.Exp(-60*0.1*float64(slots)/300)
		within(t, "Erlang C", patient.ServedWithin(time.Minute), want, 1e-6)
		within(t, "Erlang A of patient users", nearly.ServedWithin(time.Minute), want, 1e-4)
	}
	full := models.Staffing{Arrivals: 1, Handling: time.Minute, Slots: 60}
	if full.ServedWithin(time.Hour) != 0 {
		t.Error("a queue that grows for ever serves some within an hour")
	}
}

func TestTheSlotsThatAreNeeded(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0.001, 0.02, 0.5, 3} { // at 5 minutes up to 900 slots
		for _, leaving := range []float64{0, 1e-6, 1.0 / 300, 1.0 / 5} {
			s := models.Staffing{Arrivals: rate, Handling: 5 * time.Minute, AbandonRate: leaving}
			n, ok := s.SlotsFor(0.8, time.Minute)
			if !ok || n < 1 {
				t.Fatalf("%+v needs %d, %t", s, n, ok)
			}
			s.Slots = n
			if got := s.ServedWithin(time.Minute); !(got >= 0.8 && got <= 1) {
				t.Errorf("%+v serves %f", s, got)
			}
			if s.Slots--; s.Slots > 0 && s.ServedWithin(time.Minute) >= 0.8 {
				t.Errorf("%+v would do", s)
			}
		}
	}
	if n, ok := (models.Staffing{Handling: time.Minute}).SlotsFor(0.8, time.Minute); n != 0 || !ok {
		t.Errorf("no arrivals need %d slots", n)
	}
	if _, ok := (models.Staffing{Arrivals: 1e6, Handling: time.Hour}).SlotsFor(0.8, time.Minute); ok {
		t.Error("3.6 billion slots are a number that is shown")
	}
}

func TestMoreSlotsServeMore(t *testing.T) {
	t.Parallel()
	for _, leaving := range []float64{1e-7, 1e-4, 1.0 / 60, 2} {
		s := models.Staffing{Arrivals: 2, Handling: 400 * time.Second, AbandonRate: leaving}
		before, left := -1.0, 2.0
		for s.Slots = 1; s.Slots <= 1500; s.Slots += 13 {
			now, gone := s.ServedWithin(time.Minute), s.Abandoned()
			if math.IsNaN(now) || now < before-1e-9 || now > 1 || math.IsNaN(gone) || gone > left+1e-9 {
				t.Fatalf("leaving at %g, %d slots serve %f after %f and lose %f after %f", leaving, s.Slots, now, before, gone, left)
			}
			before, left = now, gone
		}
		if before < 0.999 {
			t.Errorf("leaving at %g, 1,500 slots serve %f", leaving, before)
		}
	}
}
