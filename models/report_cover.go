package models

import "time"

// segment is a part of a period that buckets of one grain cover. key is the row of the report that it belongs to.
type segment struct {
	key      int
	grain    int
	from, to time.Time
}

// coverPeriod returns the fewest segments that cover a period of whole quarters: of days where whole ones lie in it, of hours where there
// are buckets for hours, and of quarters. The grains begin with the longest and end with quarters.
func coverPeriod(segments []segment, key int, from, to time.Time, grains []int) []segment {
	if !from.Before(to) {
		return segments
	}
	length := time.Duration(grains[0]) * time.Second
	if len(grains) == 1 {
		return append(segments, segment{key, grains[0], from, to})
	}
	start, end := from.Add(length-1).Truncate(length), to.Truncate(length)
	if !start.Before(end) {
		return coverPeriod(segments, key, from, to, grains[1:])
	}
	segments = coverPeriod(segments, key, from, start, grains[1:])
	segments = append(segments, segment{key, grains[0], start, end})
	return coverPeriod(segments, key, end, to, grains[1:])
}

// span is a part of a period that counts in one row of a report.
type span struct {
	key      int
	from, to time.Time
}

// spansOf cuts a period in a time zone into the spans of a grouping by time: consecutive days, weeks (from Monday) or months with growing
// keys from 0, or the hours of the day (0 to 23) or the days of the week (0 for Monday), each of which has many spans. Days in which clocks
// change are shorter or longer, and an hour that they repeat counts in the same row.
func spansOf(by ReportGroup, from, to time.Time, zone *time.Location) []span {
	var spans []span
	for at := from; at.Before(to); {
		local := at.In(zone)
		y, m, d := local.Date()
		var key int
		var next time.Time
		weekday := (int(local.Weekday()) + 6) % 7
		switch by {
		case ByHour:
			key, next = local.Hour(), nextHour(local)
		case ByWeekday:
			key, next = weekday, DayStart(y, m, d+1, zone)
		case ByWeek:
			key, next = len(spans), DayStart(y, m, d+7-weekday, zone)
		case ByMonth:
			key, next = len(spans), DayStart(y, m+1, 1, zone)
		default:
			key, next = len(spans), DayStart(y, m, d+1, zone)
		}
		if !next.After(at) { // clocks went back to the day before
			next = at.Add(quarter)
		}
		if next.After(to) {
			next = to
		}
		spans = append(spans, span{key, at.UTC(), next.UTC()})
		at = next
	}
	return spans
}

// nextHour returns when the hour of a local time ends. An hour may begin at any quarter in UTC, and may be cut where clocks change.
func nextHour(local time.Time) time.Time {
	next := local
	for next = next.Add(quarter); next.Hour() == local.Hour() && next.Sub(local) < time.Hour; {
		next = next.Add(quarter)
	}
	return next
}
