package models_test

import (
	"math"
	"testing"
	"time"

	"parley/models"
)

// busyQueue is one in which 12 users wait behind 10 slots that are all in use.
func busyQueue() models.QueueState {
	return models.QueueState{
		Waiting: 12, Ahead: 12, Capacities: []int{5, 3, 2}, Load: 10, Handling: 8 * time.Minute,
		AbandonRate: 1.0 / 900, ArrivalsPerMinute: 0.8,
	}
}

func TestAnUnchangedForecastIsTheEstimate(t *testing.T) {
	t.Parallel()
	s := busyQueue()
	got := s.Forecast(models.NoWhatIfChange)
	want := models.WaitModel{Slots: 10, Handling: s.Handling, AbandonRate: s.AbandonRate}.Wait(13)
	if got.Join.Seconds != int(math.Ceil(want.Median.Seconds())) || got.Agents != 3 || got.Slots != 10 || got.ArrivalsPerMinute != 0.8 {
		t.Errorf("unchanged: %+v, want a median of %v", got, want.Median)
	}
}

func TestTheTimeUntilAQueueIsEmpty(t *testing.T) {
	t.Parallel()
	s := busyQueue()
	s.AbandonRate = 0
	// 10 slots end 1.25 chats a minute and 0.8 arrive: 12 users need 12 ÷ 0.45 minutes.
	if got := s.Forecast(models.NoWhatIfChange).EmptyAfter; got == nil || math.Abs(got.Minutes()-12/0.45) > 0.1 {
		t.Errorf("without abandonment: %v", got)
	}
	if got := s.Forecast(models.WhatIfChange{Arrivals: 200}).EmptyAfter; got != nil {
		t.Errorf("with more arrivals than ends: %v", got)
	}
	s.AbandonRate = 1.0 / 600
	want := 600 * math.Log(1+12/600.0/(0.45/60))
	if got := s.Forecast(models.NoWhatIfChange).EmptyAfter; got == nil || math.Abs(got.Seconds()-want) > 0.5 {
		t.Errorf("with abandonment: %v, want %.0f s", got, want)
	}
	if got := s.Forecast(models.WhatIfChange{Agents: 3, Arrivals: 100}).EmptyAfter; got == nil || *got >= time.Duration(want)*time.Second {
		t.Errorf("with more agents: %v", got)
	}
	for _, c := range []models.WhatIfChange{{Agents: -3, Arrivals: 100}, {Agents: -3, Arrivals: 0}} {
		if got := s.Forecast(c); got.EmptyAfter != nil || got.Join.Known || got.Slots != 0 {
			t.Errorf("without agents: %+v", got)
		}
	}
	s.Waiting = 0
	if got := s.Forecast(models.NoWhatIfChange).EmptyAfter; got == nil || *got != 0 {
		t.Errorf("an empty queue is empty after %v", got)
	}
}

func TestTheCapacityOfAForecastStaysWithinBounds(t *testing.T) {
	t.Parallel()
	s := models.QueueState{Capacities: []int{1, 98}, Load: 0, Handling: time.Minute}
	for change, slots := range map[int]int{-10: 1 + 88, 10: 11 + 100} {
		if got := s.Forecast(models.WhatIfChange{Capacity: change, Arrivals: 100}); got.Slots != slots {
			t.Errorf("%+d: %d slots, want %d", change, got.Slots, slots)
		}
	}
	none := models.QueueState{Handling: time.Minute}
	if got := none.Forecast(models.WhatIfChange{Agents: 2, Capacity: 1, Arrivals: 100}); got.Slots != 12 || !got.Join.Known {
		t.Errorf("two agents where none is online: %+v", got)
	}
}

// TestAForecastIsMonotonic changes one input at a time: more agents, more capacity and fewer arrivals never make anything longer.
func TestAForecastIsMonotonic(t *testing.T) {
	t.Parallel()
	never := 48 * time.Hour
	empty := func(f models.QueueForecast) time.Duration {
		if f.EmptyAfter == nil {
			return never
		}
		return *f.EmptyAfter
	}
	check := func(name string, before, now models.QueueForecast) {
		t.Helper()
		for what, pair := range map[string][2]int{
			"low": {before.Join.LowSeconds, now.Join.LowSeconds}, "median": {before.Join.Seconds, now.Join.Seconds},
			"high": {before.Join.HighSeconds, now.Join.HighSeconds}, "last": {before.Last.Seconds, now.Last.Seconds},
			"empty": {int(empty(before).Seconds()), int(empty(now).Seconds())},
		} {
			if pair[1] > pair[0] {
				t.Errorf("%s: %s became longer, %d s instead of %d", name, what, pair[1], pair[0])
			}
		}
	}
	for _, waiting := range []int{0, 1, 12, 80, 600} {
		for _, abandon := range []float64{0, 1.0 / 3600, 1.0 / 900, 1.0 / 200} {
			s := busyQueue()
			s.Waiting, s.Ahead, s.AbandonRate = waiting, waiting, abandon
			for n := -1; n < models.MaxWhatIfAgents; n++ {
				check(
					"agents",
					s.Forecast(models.WhatIfChange{Agents: n, Arrivals: 100}),
					s.Forecast(models.WhatIfChange{Agents: n + 1, Arrivals: 100}),
				)
			}
			for n := -models.MaxCapacityChange; n < models.MaxCapacityChange; n++ {
				check(
					"capacity",
					s.Forecast(models.WhatIfChange{Capacity: n, Arrivals: 100}),
					s.Forecast(models.WhatIfChange{Capacity: n + 1, Arrivals: 100}),
				)
			}
			for n := models.MaxWhatIfArrivals; n > 0; n -= 10 {
				check("arrivals", s.Forecast(models.WhatIfChange{Arrivals: n}), s.Forecast(models.WhatIfChange{Arrivals: n - 10}))
			}
		}
	}
}

func TestWhatIfReadsTheQueue(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	_, err = h.AddDepartment(t.Context(), admin, "loans", "Loans")
	h.must(err)
	h.agent("anna", 1, "cards")
	h.agent("ben", 1, "loans")
	for _, u := range []string{"a", "b", "c"} {
		h.askFor(u, "cards")
	}
	h.settle()
	_, queues, err := h.Queue(t.Context(), models.QueueFilter{})
	h.must(err)
	got, err := h.WhatIf(t.Context(), admin, "cards", models.WhatIfChange{Capacity: 1, Arrivals: 100})
	h.must(err)
	if got.State.Waiting != 2 || got.Now.Join != queues[0].Estimate || got.Now.Slots != 1 || got.State.ArrivalsPerMinute != 0.1 {
		t.Errorf("cards: %+v, shown is %+v", got, queues[0].Estimate)
	}
	if got.Then.Slots != 2 || got.Then.Join.Seconds >= got.Now.Join.Seconds {
		t.Errorf("with one chat more per agent: %+v, now %+v", got.Then, got.Now)
	}
	all, err := h.WhatIf(t.Context(), admin, "", models.NoWhatIfChange)
	h.must(err)
	o, err := h.Overview(t.Context())
	h.must(err)
	if all.Now.Join != o.Estimate || all.State.Waiting != 2 || all.Now.Agents != 2 {
		t.Errorf("all: %+v, shown is %+v", all, o.Estimate)
	}
	_, err = h.WhatIf(t.Context(), models.Actor{Kind: models.KindAgent, ID: "anna", Role: models.RoleAgent}, "", models.NoWhatIfChange)
	h.refused(err, "role_required")
	for _, bad := range []models.WhatIfChange{{Agents: 21, Arrivals: 1}, {Agents: -21}, {Capacity: 11}, {Capacity: -11}, {Arrivals: -1}, {Arrivals: 401}} {
		_, err = h.WhatIf(t.Context(), admin, "", bad)
		h.refused(err, "validation_failed")
	}
	_, err = h.WhatIf(t.Context(), admin, "none", models.NoWhatIfChange)
	h.refused(err, "validation_failed")
}
