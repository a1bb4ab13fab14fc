package models

import (
	"math"
	"time"
)

// The bounds of a [WhatIfChange].
const (
	MaxWhatIfAgents   = 20  // more or fewer agents
	MaxCapacityChange = 10  // more or fewer chats per agent
	MaxWhatIfArrivals = 400 // percent of the present arrivals
)

// highestCapacity is the highest capacity that the schema lets an agent have.
const highestCapacity = 100

// longestForecast bounds the time until a queue is empty. Arrivals change within a day, so a later time says nothing.
const longestForecast = 24 * time.Hour

// WhatIfChange is what is assumed to change in a queue.
type WhatIfChange struct {
	Agents   int // online agents more or fewer
	Capacity int // chats more or fewer that each of them may have at once
	Arrivals int // percent of the present arrivals: 100 for no change
}

// NoWhatIfChange assumes that everything stays as it is.
var NoWhatIfChange = WhatIfChange{Arrivals: 100}

// Validate refuses a change out of bounds with validation_failed.
func (c WhatIfChange) Validate() error {
	switch {
	case max(c.Agents, -c.Agents) > MaxWhatIfAgents:
		return invalid("agents", fieldOutOfBounds, "The change of agents must be a whole number from -20 to 20.")
	case c.Arrivals < 0 || c.Arrivals > MaxWhatIfArrivals:
		return invalid("arrivals", fieldOutOfBounds, "The arrivals must be a whole number from 0 to 400 percent of the present ones.")
	}
	return checkCapacityChange(c.Capacity)
}

func checkCapacityChange(change int) error {
	if max(change, -change) > MaxCapacityChange {
		return invalid("capacity", fieldOutOfBounds, "The change of the capacity per agent must be a whole number from -10 to 10.")
	}
	return nil
}

// QueueState is the present state of one queue: of a department, or of all chats together.
type QueueState struct {
	Waiting    int          // chats
	Ahead      int          // of them, chats before a user who joins now
	Capacities []int        // of the online agents who serve the queue, each at least 1
	Load       int          // slots in use
	Over       int          // chats beyond the capacity of their agents
	Changes    []SlotChange // of the slots, that are known beforehand
	Handling   time.Duration
	// AbandonRate is how often a user who waits leaves, per second of waiting.
	AbandonRate       float64
	ArrivalsPerMinute float64 // new chats, over the last 30 minutes
}

// QueueForecast is what is expected of a queue.
type QueueForecast struct {
	Agents, Slots     int
	ArrivalsPerMinute float64
	// ServedPerMinute is how many chats end per minute while every slot is in use.
	ServedPerMinute float64
	Join            Estimate // the wait of a user who joins now
	Last            Estimate // the wait that the last in the queue has before them
	// EmptyAfter is the time until the queue is empty; nil for never, or not within 24 hours.
	EmptyAfter *time.Duration
}

// changedCapacity returns a capacity raised or lowered by a number of chats. An agent stays able to have one chat, and
// stays within what the schema allows. An agent who gets no chats gets none.
func changedCapacity(capacity, change int) int {
	if capacity == 0 {
		return 0
	}
	return min(max(capacity+change, 1), highestCapacity)
}

// Forecast returns what is expected of the queue after a change; after [NoWhatIfChange] Join is the estimate that users
// are shown.
//
// With n agents of capacities cᵢ, the changed capacities c'ᵢ are from 1 to 100. There are S = Σ c'ᵢ slots; an added agent
// has the mean capacity, or 5 if no agent is online, and of a number of removed agents each takes S/n slots away. Chats in
// progress stay in progress. With μ = S ÷ Handling chats per second that end, λ arrivals and θ = AbandonRate:
//
//   - A wait is [WaitModel.Wait] for the turn (users ahead + 1) − (S − Load), as in every estimate. The turns of the last
//     in the queue are counted with all Waiting chats.
//   - The number of users beyond the free slots is Q₀ = max(0, Waiting + Load + Over − S). It follows dQ/dt = λ − μ − θQ, the fluid
//     model of a queue with abandonment (Whitt, "Fluid models for multiserver queues with abandonments", Operations
//     Research 54, 2006). So the queue is empty after ln(1 + θQ₀ ÷ (μ−λ)) ÷ θ, after Q₀ ÷ (μ−λ) without abandonment, and
//     never if λ ≥ μ.
//
// The forecast assumes that all slots serve this queue, though agents may have chats of other departments too, and that
// the rates stay as they are.
func (s QueueState) Forecast(change WhatIfChange) QueueForecast {
	agents, slots, load := s.staffed(change)
	f := QueueForecast{Agents: agents, Slots: slots, ArrivalsPerMinute: s.ArrivalsPerMinute * float64(change.Arrivals) / 100}
	known := agents > 0
	m := WaitModel{Handling: s.Handling, AbandonRate: s.AbandonRate, Over: s.Over, Changes: s.Changes}
	if !known { // as in [estimator.at]: what one agent with the usual capacity would make of it
		slots, load, m.Over, m.Changes = usualCapacity, usualCapacity, 0, nil
	}
	m.Slots = slots
	f.Join = m.estimate(known, s.Ahead+1-(slots-load))
	f.Last = Estimate{Known: known || s.Waiting == 0}
	if s.Waiting > 0 {
		f.Last = m.estimate(known, s.Waiting-(slots-load))
	}
	if known {
		f.ServedPerMinute = float64(slots) / s.Handling.Minutes()
	}
	f.EmptyAfter = emptyAfter(max(0, s.Waiting+load+m.Over-slots), (f.ServedPerMinute-f.ArrivalsPerMinute)/60, s.AbandonRate)
	if !known {
		f.EmptyAfter = emptyAfter(s.Waiting, 0, s.AbandonRate)
	}
	return f
}

// usualCapacity is the default capacity of an agent.
const usualCapacity = 5

// staffed returns the agents, their slots and the slots in use after a change.
func (s QueueState) staffed(change WhatIfChange) (agents, slots, load int) {
	before := len(s.Capacities)
	sum := 0
	for _, c := range s.Capacities {
		slots += changedCapacity(c, change.Capacity)
		sum += c
	}
	mean := usualCapacity
	if before > 0 {
		mean = int(math.Round(float64(sum) / float64(before)))
	}
	agents = max(0, before+change.Agents)
	if agents > before {
		slots += (agents - before) * changedCapacity(mean, change.Capacity)
	} else if agents < before {
		slots = int(math.Round(float64(slots) * float64(agents) / float64(before)))
	}
	return agents, slots, s.Load
}

// emptyAfter returns after how long a queue of that many users is empty, of which so many more end than arrive per
// second and who leave at a rate per second; nil for never, or not within 24 hours.
func emptyAfter(waiting int, surplus, abandonRate float64) *time.Duration {
	n := float64(waiting)
	var seconds float64
	switch {
	case waiting == 0:
	case surplus <= 0:
		return nil
	case abandonRate > 0:
		seconds = math.Log1p(abandonRate*n/surplus) / abandonRate
	default:
		seconds = n / surplus
	}
	if seconds > longestForecast.Seconds() {
		return nil
	}
	return ptr(time.Duration(seconds * float64(time.Second)))
}
