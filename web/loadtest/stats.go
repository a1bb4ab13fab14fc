package main

import (
	"math"
	"slices"
	"time"
)

// Sample is the median, minimum and maximum of several rounds.
type Sample struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Rounds int     `json:"rounds"`
}

func sampleOf(values ...float64) Sample {
	if len(values) == 0 {
		return Sample{}
	}
	sorted := slices.Sorted(slices.Values(values))
	return Sample{Median: quantile(sorted, 0.5), Min: sorted[0], Max: sorted[len(sorted)-1], Rounds: len(sorted)}
}

// quantile interpolates linearly between the two nearest sorted values. It returns NaN without values.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

func quantileOf(values []float64, q float64) float64 {
	return quantile(slices.Sorted(slices.Values(values)), q)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
