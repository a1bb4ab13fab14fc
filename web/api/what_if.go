package api

import (
	"time"

	"parley/models"
)

// WhatIf is what is expected of a queue now, and after a change.
type WhatIf struct {
	Department         *string        `json:"department"` // null for all
	Waiting            int            `json:"waiting"`
	SlotsUsed          int            `json:"slots_used"`
	HandlingSeconds    int            `json:"handling_seconds"`
	AbandonedPerMinute float64        `json:"abandoned_per_minute"` // of each user who waits
	Change             WhatIfChange   `json:"change"`
	Now                WhatIfForecast `json:"now"`
	Then               WhatIfForecast `json:"then"`
}

// WhatIfChange is the change that was assumed.
type WhatIfChange struct {
	Agents   int `json:"agents"`
	Capacity int `json:"capacity"`
	Arrivals int `json:"arrivals"` // percent of the present ones
}

// WhatIfForecast is what is expected of a queue.
type WhatIfForecast struct {
	Agents            int          `json:"agents"`
	Slots             int          `json:"slots"`
	ArrivalsPerMinute float64      `json:"arrivals_per_minute"`
	ServedPerMinute   float64      `json:"served_per_minute"` // while every slot is in use
	Join              ExpectedWait `json:"join"`              // of a user who joins now
	Last              ExpectedWait `json:"last"`              // of the last in the queue
	// EmptyAfterSeconds is null if the queue is not empty within 24 hours.
	EmptyAfterSeconds *int `json:"empty_after_seconds"`
}

// ExpectedWait is an estimated wait: the median, the 10th and the 90th percentile.
type ExpectedWait struct {
	IsEstimateKnown IntBool `json:"is_estimate_known"` // 0 while no agent serves the queue
	Seconds         int     `json:"estimated_wait_seconds"`
	LowSeconds      int     `json:"low_seconds"`
	HighSeconds     int     `json:"high_seconds"`
}

// WhatIfOf returns the body of a forecast for a department, "" for all.
func WhatIfOf(department string, change models.WhatIfChange, w *models.WhatIf) WhatIf {
	out := WhatIf{
		Waiting: w.State.Waiting, SlotsUsed: w.State.Load, HandlingSeconds: int(w.State.Handling.Seconds()),
		AbandonedPerMinute: w.State.AbandonRate * time.Minute.Seconds(),
		Change:             WhatIfChange(change), Now: whatIfForecastOf(&w.Now), Then: whatIfForecastOf(&w.Then),
	}
	if department != "" {
		out.Department = &department
	}
	return out
}

func whatIfForecastOf(f *models.QueueForecast) WhatIfForecast {
	out := WhatIfForecast{
		Agents: f.Agents, Slots: f.Slots, ArrivalsPerMinute: f.ArrivalsPerMinute, ServedPerMinute: f.ServedPerMinute,
		Join: expectedWaitOf(f.Join), Last: expectedWaitOf(f.Last),
	}
	if f.EmptyAfter != nil {
		seconds := int(f.EmptyAfter.Seconds())
		out.EmptyAfterSeconds = &seconds
	}
	return out
}

func expectedWaitOf(e models.Estimate) ExpectedWait {
	return ExpectedWait{IntBool(e.Known), e.Seconds, e.LowSeconds, e.HighSeconds}
}

// TemporaryCapacity is a change of capacity for a limited time.
type TemporaryCapacity struct {
	ID         int64            `json:"id"`
	Department *string          `json:"department"` // whose online agents were chosen; null for all
	Capacity   int              `json:"capacity"`   // chats more or fewer per agent
	ByID       string           `json:"by_id"`
	ByName     string           `json:"by_name"`
	StartedAt  Time             `json:"started_at"`
	EndsAt     Time             `json:"ends_at"`
	EndedAt    *Time            `json:"ended_at"` // null while it is on
	Agents     []TemporaryAgent `json:"agents"`
}

// TemporaryAgent is an agent of a temporary capacity.
type TemporaryAgent struct {
	ServiceID   string `json:"service_id"`
	Name        string `json:"name"`
	From        int    `json:"from"`
	To          int    `json:"to"`
	TakenBackAt *Time  `json:"taken_back_at"` // null while it is on for the agent
}

// ChangedCapacity is the answer to an action on a temporary capacity.
type ChangedCapacity struct {
	Message           string            `json:"message"`
	TemporaryCapacity TemporaryCapacity `json:"temporary_capacity"`
}

// TemporaryCapacityOf returns the body of a temporary capacity.
func TemporaryCapacityOf(t *models.TemporaryCapacity) TemporaryCapacity {
	return TemporaryCapacity{
		ID: t.ID, Department: t.Department, Capacity: t.Change, ByID: t.ByID, ByName: t.ByName, StartedAt: Time(t.StartedAt),
		EndsAt: Time(t.EndsAt), EndedAt: OptionalTime(t.EndedAt), Agents: Map(t.Agents, func(a *models.TemporaryAgent) TemporaryAgent {
			return TemporaryAgent{a.ID, a.Name, a.From, a.To, OptionalTime(a.TakenBackAt)}
		}),
	}
}
