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

func (b *board) tiles(ctx context.Context) []view.Tile {
	return []view.Tile{b.waitingTile(ctx), b.longestWaitTile(ctx), b.estimatedWaitTile(ctx), b.capacityTile(ctx), b.abandonedTile(ctx)}
}

func (b *board) waitingTile(ctx context.Context) view.Tile {
	n, _ := b.waiting()
	t := view.Tile{
		ID: "waiting", Figure: "waiting", Href: "#queue", Label: text.T(ctx, "supervisor.tile.waiting"), Number: strconv.Itoa(n),
		Spark: b.spark(func(s models.MinuteSample) int { return s.Waiting }),
	}
	switch {
	case n > maxWaiting:
		t.Level, t.ThresholdText = view.Over, text.T(ctx, "supervisor.tile.over", "Limit", maxWaiting)
	case n == 0:
		t.Note = text.T(ctx, "supervisor.tile.waiting_nobody")
	}
	return t
}

func (b *board) longestWaitTile(ctx context.Context) view.Tile {
	t := view.Tile{
		ID: "longest", Figure: "longest_wait", Href: "#queue", Label: text.T(ctx, "supervisor.tile.longest"), Number: text.Clock(0),
		Spark: b.spark(func(s models.MinuteSample) int { return s.LongestWaitSeconds }),
	}
	if _, t.Since = b.waiting(); !t.Since.IsZero() {
		t.Level = levelOf(b.readAt.Sub(t.Since), waitWarning, waitCritical)
	}
	switch {
	case t.Since.IsZero():
		t.Note = text.T(ctx, "supervisor.tile.waiting_nobody")
	case t.Level == view.Late:
		t.ThresholdText = text.T(ctx, "supervisor.tile.over", "Limit", text.Clock(waitCritical))
	case t.Level == view.Over:
		t.ThresholdText = text.T(ctx, "supervisor.tile.over", "Limit", text.Clock(waitWarning))
	}
	return t
}

func (b *board) estimatedWaitTile(ctx context.Context) view.Tile {
	t := view.Tile{
		ID: "expected", Figure: "estimated_wait", Href: "#queue", Label: text.T(ctx, "supervisor.tile.expected"),
		Note: text.T(ctx, "supervisor.tile.expected_note"), Word: true,
	}
	e := b.nextEstimate()
	switch low, high := text.Minutes(time.Duration(e.LowSeconds)*time.Second, time.Duration(e.HighSeconds)*time.Second); {
	case b.online() == 0:
		t.Number, t.Note = text.T(ctx, "supervisor.tile.expected_unknown"), text.T(ctx, "supervisor.tile.expected_nobody")
	case !e.Known:
		t.Number = text.T(ctx, "supervisor.tile.expected_unknown")
	case e.Seconds == 0:
		t.Number = text.T(ctx, "supervisor.tile.expected_now")
	default:
		t.Word, t.Unit = false, text.T(ctx, "supervisor.tile.expected_unit")
		switch {
		case high <= 1:
			t.Number, t.Word = text.T(ctx, "supervisor.tile.expected_soon"), true
		case low == 0:
			t.Number = fmt.Sprintf("≤ %d", high)
		case low == high:
			t.Number = strconv.Itoa(high)
		default:
			t.Number = fmt.Sprintf("%d–%d", low, high)
		}
	}
	return t
}

// nextEstimate returns the estimated wait of a chat that would start now. It is 0 while there is capacity and no chat waits.
func (b *board) nextEstimate() models.Estimate {
	if b.department == "" {
		return b.overview.Estimate
	}
	for _, l := range b.departmentQueues {
		if l.Department == b.department {
			return l.Estimate
		}
	}
	used, slots := b.capacity()
	return models.Estimate{Known: used < slots}
}

func (b *board) capacityTile(ctx context.Context) view.Tile {
	used, slots := b.capacity()
	t := view.Tile{
		ID: "slots", Figure: "places", Href: "#agents", Label: text.T(ctx, "supervisor.tile.slots"), Number: strconv.Itoa(used),
		Unit: text.T(ctx, "supervisor.tile.slots_of", "All", slots), Spark: b.spark(func(s models.MinuteSample) int { return s.Load }),
	}
	switch {
	case slots == 0:
		t.Note = text.T(ctx, "supervisor.tile.slots_none")
	case used >= slots:
		t.Level, t.ThresholdText = view.Over, text.T(ctx, "supervisor.tile.slots_full")
	default:
		t.Note = text.T(ctx, "supervisor.tile.slots_free", "Count", slots-used)
	}
	return t
}

func (b *board) abandonedTile(ctx context.Context) view.Tile {
	n := b.overview.AbandonedLast30
	t := view.Tile{
		ID: "left", Figure: "left_lately", Href: "#totals", Label: text.T(ctx, "supervisor.tile.left"), Number: strconv.Itoa(n),
		Unit: text.T(ctx, "supervisor.tile.left_unit"),
	}
	switch {
	case n > maxAbandoned:
		t.Level, t.ThresholdText = view.Over, text.T(ctx, "supervisor.tile.over", "Limit", maxAbandoned)
	case b.department != "":
		t.Note = text.T(ctx, "supervisor.tile.left_all")
	case b.stats != nil && b.stats.Started > 0:
		left := b.stats.Abandoned + b.stats.Cancelled
		t.Note = text.T(ctx, "supervisor.tile.left_day", "Count", left, "Percent", percent(left, b.stats.Started))
	}
	return t
}

// spark returns a figure of the last hour, one point a minute. Samples are not kept by department, so a filtered board has none.
func (b *board) spark(figure func(models.MinuteSample) int) []float64 {
	if b.department != "" {
		return nil
	}
	var points []float64
	for _, s := range b.day {
		if b.readAt.Sub(s.Minute) <= time.Hour {
			points = append(points, float64(figure(s)))
		}
	}
	return points
}

func percent(part, total int) int {
	if total == 0 {
		return 0
	}
	return (200*part + total) / (2 * total)
}
