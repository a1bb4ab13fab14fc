package demo

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"parley/models"
)

// sampleDays is how many days before the past one have figures, so that a forecast has enough weeks.
const sampleDays = 29

// weeksBefore returns the figures of the minutes of the weeks before the past day, day by day. There are no chats of that
// time.
func weeksBefore(now time.Time) iter.Seq[[]models.MinuteBucket] {
	return func(yield func([]models.MinuteBucket) bool) {
		for ago := sampleDays; ago >= 1; ago-- {
			if !yield(dayOfBuckets(now.AddDate(0, 0, -ago), uint64(ago))) {
				return
			}
		}
	}
}

// dayOfBuckets returns a day that ends at a time, of all chats and of each department. Days differ, and weekends are calmer.
func dayOfBuckets(end time.Time, seed uint64) []models.MinuteBucket {
	rng := rand.New(rand.NewPCG(31, seed))
	busy := 0.7 + 0.6*rng.Float64()
	var rows []models.MinuteBucket
	for _, s := range dayOfSamples(end) {
		scale := busy
		if day := s.Minute.Weekday(); day == time.Saturday || day == time.Sunday {
			scale *= 0.9
		}
		part := func(n int, share float64) int { return int(math.Round(float64(n) * scale * share)) }
		all := models.MinuteBucket{
			Minute: s.Minute, Waiting: part(s.Waiting, 1), Load: min(s.Capacity, part(s.Load, 1)), AgentsOnline: &s.AgentsOnline,
			Capacity: &s.Capacity, IsCounted: true,
		}
		if all.Waiting > 0 {
			all.LongestWaitSeconds = part(s.LongestWaitSeconds, 1)
		}
		first := all
		first.Department, first.Waiting, first.Load = departments[0].Slug, part(all.Waiting, 0.5), part(all.Load, 0.5)
		first.Waiting, first.Load = min(first.Waiting, all.Waiting), min(first.Load, all.Load)
		second := all
		second.Department, second.Waiting, second.Load = departments[1].Slug, all.Waiting-first.Waiting, all.Load-first.Load
		for range 3 { // a few chances a minute
			if rng.Float64() >= 0.04*scale*demandAt(s.Minute) {
				continue
			}
			one := &first
			if rng.IntN(2) == 0 {
				one = &second
			}
			left := 0
			if rng.IntN(12) == 0 {
				left = 1
			}
			for _, b := range []*models.MinuteBucket{&all, one} {
				b.Arrivals++
				b.Ends++
				b.Abandonments += left
				b.Assignments += 1 - left
			}
		}
		for _, b := range []*models.MinuteBucket{&first, &second} {
			if b.Waiting == 0 {
				b.LongestWaitSeconds = 0
			}
		}
		rows = append(rows, all, first, second)
	}
	return rows
}
