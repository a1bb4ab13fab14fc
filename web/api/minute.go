package api

import "parley/models"

// Minute holds the figures of one minute.
type Minute struct {
	Minute             Time    `json:"minute"`
	Waiting            int     `json:"waiting"`
	LongestWaitSeconds int     `json:"longest_wait_seconds"`
	Arrivals           int     `json:"arrivals"`
	Assignments        int     `json:"assignments"`
	Ends               int     `json:"ends"`
	Abandonments       int     `json:"abandonments"`
	AgentsOnline       *int    `json:"agents_online"`
	Load               int     `json:"load"`
	Slots              *int    `json:"slots"`
	IsCounted          IntBool `json:"is_counted"`
}

// MinuteOf returns the body of a minute.
func MinuteOf(b *models.MinuteBucket) Minute {
	return Minute{
		Minute: Time(b.Minute), Waiting: b.Waiting, LongestWaitSeconds: b.LongestWaitSeconds, Arrivals: b.Arrivals,
		Assignments: b.Assignments, Ends: b.Ends, Abandonments: b.Abandonments, AgentsOnline: b.AgentsOnline, Load: b.Load,
		Slots: b.Capacity, IsCounted: IntBool(b.IsCounted),
	}
}
