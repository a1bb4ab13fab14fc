package supervisor

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
)

// amounts returns the inputs of the page. No more agents can be taken away than are online.
func amounts(change models.WhatIfChange, s models.QueueState) []view.Amount {
	fewest := max(-models.MaxWhatIfAgents, -len(s.Capacities))
	return []view.Amount{
		{Name: "agents", Value: change.Agents, Min: min(fewest, change.Agents), Max: models.MaxWhatIfAgents, Step: 1},
		{Name: "capacity", Value: change.Capacity, Min: -models.MaxCapacityChange, Max: models.MaxCapacityChange, Step: 1},
		{Name: "arrivals", Value: change.Arrivals, Min: 0, Max: models.MaxWhatIfArrivals, Step: 5},
	}
}

// whatIfResult returns the table of the figures now and after the change.
func whatIfResult(ctx context.Context, w *models.WhatIf) view.WhatIfResult {
	number := func(n int) view.WhatIfValue { return view.WhatIfValue{Text: strconv.Itoa(n)} }
	rate := func(perMinute float64) view.WhatIfValue {
		return view.WhatIfValue{Text: text.T(ctx, "supervisor.what_if.per_minute", "Number", fmt.Sprintf("%.1f", perMinute))}
	}
	row := func(key string, now, then view.WhatIfValue, longer int) view.WhatIfRow {
		r := view.WhatIfRow{Label: text.T(ctx, "supervisor.what_if.row."+key), Now: now, Then: then}
		switch {
		case longer < 0:
			r.Trend = "better"
		case longer > 0:
			r.Trend = "worse"
		}
		return r
	}
	now, then := w.Now, w.Then
	return view.WhatIfResult{
		Rows: []view.WhatIfRow{
			row("join", waitValue(ctx, now.Join), waitValue(ctx, then.Join), compareWaits(now.Join, then.Join)),
			row("last", lastValue(ctx, w.State, now.Last), lastValue(ctx, w.State, then.Last), compareWaits(now.Last, then.Last)),
			row("empty", emptyValue(ctx, now.EmptyAfter), emptyValue(ctx, then.EmptyAfter), compareEmpty(now.EmptyAfter, then.EmptyAfter)),
			row("agents", number(now.Agents), number(then.Agents), 0),
			row("slots", number(now.Slots), number(then.Slots), 0),
			row("arrivals", rate(now.ArrivalsPerMinute), rate(then.ArrivalsPerMinute), 0),
			row("served", rate(now.ServedPerMinute), rate(then.ServedPerMinute), 0),
		},
		Basis: text.T(ctx, "supervisor.what_if.basis", "Waiting", w.State.Waiting, "Used", w.State.Load,
			"Handling", text.Spoken(ctx, w.State.Handling), "Leave", leaveText(ctx, w.State.AbandonRate)),
	}
}

// leaveText returns after how long a user leaves on average, or that none does.
func leaveText(ctx context.Context, perSecond float64) string {
	if after := 1 / perSecond; perSecond > 0 && after < (24*time.Hour).Seconds() {
		return text.T(ctx, "supervisor.what_if.leave", "Time", text.Spoken(ctx, time.Duration(after*float64(time.Second))))
	}
	return text.T(ctx, "supervisor.what_if.leave_never")
}

func waitValue(ctx context.Context, e models.Estimate) view.WhatIfValue {
	switch {
	case !e.Known:
		return view.WhatIfValue{Text: text.T(ctx, "supervisor.what_if.unknown")}
	case e.Seconds == 0:
		return view.WhatIfValue{Text: text.T(ctx, "supervisor.queue.expected_now")}
	}
	low, high := time.Duration(e.LowSeconds)*time.Second, time.Duration(e.HighSeconds)*time.Second
	return view.WhatIfValue{Text: text.Spoken(ctx, time.Duration(e.Seconds)*time.Second), Note: text.Range(ctx, low, high)}
}

func lastValue(ctx context.Context, s models.QueueState, e models.Estimate) view.WhatIfValue {
	if s.Waiting == 0 {
		return view.WhatIfValue{Text: text.T(ctx, "supervisor.tile.waiting_nobody")}
	}
	return waitValue(ctx, e)
}

func emptyValue(ctx context.Context, after *time.Duration) view.WhatIfValue {
	switch {
	case after == nil:
		return view.WhatIfValue{Text: text.T(ctx, "supervisor.what_if.never")}
	case *after == 0:
		return view.WhatIfValue{Text: text.T(ctx, "supervisor.what_if.empty_now")}
	}
	return view.WhatIfValue{Text: text.Spoken(ctx, *after)}
}

// compareWaits returns a number below 0 if a wait becomes shorter, and above 0 if it becomes longer.
func compareWaits(before, after models.Estimate) int {
	switch {
	case before.Known != after.Known && after.Known:
		return -1
	case before.Known != after.Known:
		return 1
	case !before.Known:
		return 0
	}
	return after.Seconds - before.Seconds
}

func compareEmpty(before, after *time.Duration) int {
	seconds := func(d *time.Duration) int {
		if d == nil {
			return 1 << 30
		}
		return int(d.Seconds())
	}
	return seconds(after) - seconds(before)
}
