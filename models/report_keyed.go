package models

import "time"

// maxSegments is how many spans are read one by one. More of them, as the hours of a year, are read together as the slots of a grid.
const maxSegments = 1000

// keyedRows selects the buckets of spans, each with the key of its span: some one by one as segments, and the slots of one grain
// between two times, whose keys are in a list.
type keyedRows struct {
	segments []segment
	keys     []int
	grain    int
	from, to time.Time
}

// keyedBy returns how to read spans, which follow one another, with buckets of some grains, the longest first.
func keyedBy(spans []span, grains []int) (k keyedRows) {
	if len(spans) <= maxSegments {
		for _, s := range spans {
			k.segments = coverPeriod(k.segments, s.key, s.from, s.to, grains)
		}
		return k
	}
	first, last := spans[0], spans[len(spans)-1]
	k.grain = gridOf(spans, grains)
	length := time.Duration(k.grain) * time.Second
	// A period may begin and end within a slot.
	k.from, k.to = first.from.Add(length-1).Truncate(length), last.to.Truncate(length)
	k.segments = coverPeriod(k.segments, first.key, first.from, k.from, grains)
	k.segments = coverPeriod(k.segments, last.key, k.to, last.to, grains)
	for _, s := range spans {
		for at := s.from.Add(length - 1).Truncate(length); at.Before(s.to.Truncate(length)); at = at.Add(length) {
			k.keys = append(k.keys, s.key)
		}
	}
	return k
}

// gridOf returns the longest grain at whose bounds every span begins, except the first, and ends, except the last.
func gridOf(spans []span, grains []int) int {
	for _, grain := range grains {
		length := time.Duration(grain) * time.Second
		fits := true
		for _, s := range spans[1:] {
			fits = fits && s.from.Equal(s.from.Truncate(length))
		}
		if fits {
			return grain
		}
	}
	return grainQ
}

// args returns the arguments $1 to $8 of a statement with [keyedBuckets].
func (k keyedRows) args() []any {
	return append(segmentArgs(k.segments), k.keys, k.grain, k.from, k.to)
}

// keyedBuckets returns, for FROM, the rows b of a table that a condition selects, each with its key. The condition's parameters begin
// with $9. Segments are looked up one by one by the subquery.
func keyedBuckets(table, condition string) string {
	return `(SELECT s.key, b.* FROM ` + segmentList + `CROSS JOIN LATERAL (SELECT * FROM ` + table + ` b WHERE ` + condition + `
			AND b.grain = s.grain AND b.starts_at >= s.from_at AND b.starts_at < s.to_at OFFSET 0) b
		UNION ALL SELECT ($5::int[])[1 + (extract(epoch FROM b.starts_at - $7::timestamptz) / $6::int)::int], b.* FROM ` + table + ` b
			WHERE ` + condition + ` AND b.grain = $6 AND b.starts_at >= $7 AND b.starts_at < $8) b`
}
