package supervisor

import (
	"context"
	"strconv"
	"time"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
)

// maxDayRows is how many rows the table of the day may have; a longer span is summarized in longer steps.
const maxDayRows = 288

// daySteps are the spans that a row of the day may cover.
var daySteps = []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute}

// dayView summarizes the minutes in at most maxDayRows rows. Each row has the highest figures of its step.
func dayView(ctx context.Context, minutes []models.MinuteSample) view.Day {
	if len(minutes) == 0 {
		return view.Day{Step: time.Minute}
	}
	span := minutes[len(minutes)-1].Minute.Sub(minutes[0].Minute)
	step := daySteps[len(daySteps)-1]
	for _, s := range daySteps {
		if span/s <= maxDayRows {
			step = s
			break
		}
	}
	day := view.Day{Step: step}
	for _, m := range minutes {
		at := m.Minute.Truncate(step)
		if n := len(day.Rows); n == 0 || !day.Rows[n-1].At.Equal(at) {
			day.Rows = append(day.Rows, view.Sample{At: at})
		}
		row := &day.Rows[len(day.Rows)-1]
		row.Waiting = max(row.Waiting, m.Waiting)
		row.Longest = max(row.Longest, time.Duration(m.LongestWaitSeconds)*time.Second)
		row.Online = max(row.Online, m.AgentsOnline)
		row.Load = max(row.Load, m.Load)
		row.Capacity = max(row.Capacity, m.Capacity)
	}
	day.Summary = summary(ctx, day.Rows)
	return day
}

// summary describes the chart in a sentence.
func summary(ctx context.Context, rows []view.Sample) string {
	most, fewest, highest := 0, rows[0].Online, rows[0].Online
	var longest time.Duration
	for _, r := range rows {
		most, longest = max(most, r.Waiting), max(longest, r.Longest)
		fewest, highest = min(fewest, r.Online), max(highest, r.Online)
	}
	return text.T(ctx, "supervisor.day.summary", "Waiting", most, "Longest", text.Clock(longest), "From", fewest, "To", highest)
}

// totalsView returns the figures of the last 24 hours.
func totalsView(ctx context.Context, s *models.Stats) []view.Total {
	if s == nil {
		return nil
	}
	none := text.T(ctx, "supervisor.totals.none")
	left := s.Abandoned + s.Cancelled
	share := func(n int) string {
		if s.Started == 0 {
			return ""
		}
		return text.T(ctx, "supervisor.totals.percent", "Percent", percent(n, s.Started))
	}
	length := func(figure, label string, half, most *float64) view.Total {
		t := view.Total{Figure: figure, Label: label, Value: none}
		if half != nil {
			t.Value, t.Note = text.Clock(secondsToDuration(*half)), text.T(ctx, "supervisor.totals.half")
		}
		if most != nil {
			t.Note += " · " + text.T(ctx, "supervisor.totals.most", "Time", text.Spoken(ctx, secondsToDuration(*most)))
		}
		return t
	}
	csat := view.Total{Figure: "csat", Label: text.T(ctx, "supervisor.totals.csat"), Value: none}
	if s.CSAT != nil {
		csat.Value = text.T(ctx, "supervisor.totals.percent", "Percent", int(*s.CSAT*100+0.5))
		csat.Note = text.T(ctx, "supervisor.totals.ratings", "Count", s.Ratings)
	}
	wrapUp := view.Total{Figure: "wrap_up_mean", Label: text.T(ctx, "supervisor.totals.wrap_up"), Value: none}
	if s.WrapUpMean != nil {
		wrapUp.Value, wrapUp.Note = text.Clock(secondsToDuration(*s.WrapUpMean)), text.T(ctx, "supervisor.totals.mean")
	}
	return []view.Total{
		{Figure: "started", Label: text.T(ctx, "supervisor.totals.chats"), Value: strconv.Itoa(s.Started)},
		{Figure: "answered", Label: text.T(ctx, "supervisor.totals.answered"), Value: strconv.Itoa(s.Assigned), Note: share(s.Assigned)},
		{Figure: "left", Label: text.T(ctx, "supervisor.totals.left"), Value: strconv.Itoa(left), Note: share(left)},
		length("wait_median", text.T(ctx, "supervisor.totals.wait"), s.WaitP50, s.WaitP90),
		length("first_response_median", text.T(ctx, "supervisor.totals.first_response"), s.ResponseP50, s.ResponseP90),
		csat,
		wrapUp,
	}
}

func secondsToDuration(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
