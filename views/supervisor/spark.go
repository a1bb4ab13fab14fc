package supervisor

import (
	"fmt"
	"slices"
	"strings"
)

// A spark line fills a box of 116 by 26 with a margin for its last point.
const (
	sparkLeft, sparkWidth = 2.0, 116.0
	sparkTop, sparkHeight = 4.0, 26.0
)

// sparkY places a value between the floor, which is zero, and the highest of the hour.
func sparkY(v float64, values []float64) float64 {
	highest := slices.Max(values)
	if highest <= 0 {
		return sparkTop + sparkHeight
	}
	return sparkTop + sparkHeight*(1-max(v, 0)/highest)
}

func sparkPath(values []float64) string {
	var path strings.Builder
	for i, v := range values {
		step := "L"
		if i == 0 {
			step = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", step, sparkLeft+sparkWidth*float64(i)/float64(len(values)-1), sparkY(v, values))
	}
	return path.String()
}

func sparkEnd(values []float64) string {
	return fmt.Sprintf("%.1f", sparkY(values[len(values)-1], values))
}
