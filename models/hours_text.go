package models

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// intervalForm is one interval as people write it: 9-17, 09:00–12:30, 22:00 - 2:00.
var intervalForm = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?$`)

// ParseIntervals reads the intervals of a day, such as "09:00-12:30, 13:30-18:00"; "" has none. One whose end is not after
// its beginning ends on the next day. It returns false for anything else.
func ParseIntervals(text string) ([]Interval, bool) {
	var intervals []Interval
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",;，；、\n", r) }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		found := intervalForm.FindStringSubmatch(part)
		if found == nil {
			return nil, false
		}
		from, fromOK := minutesOfClock(found[1], found[2])
		to, toOK := minutesOfClock(found[3], found[4])
		if !fromOK || !toOK || from == minutesOfDay {
			return nil, false
		}
		if to <= from {
			to += minutesOfDay
		}
		intervals = append(intervals, Interval{from, to})
	}
	return intervals, true
}

func minutesOfClock(hours, minutes string) (int, bool) {
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes) // "" is 0
	at := h*60 + m
	return at, m < 60 && at <= minutesOfDay
}

// FormatIntervals returns intervals in the form that [ParseIntervals] reads.
func FormatIntervals(intervals []Interval) string {
	parts := make([]string, len(intervals))
	for n, i := range intervals {
		to := i.To
		if to > minutesOfDay {
			to -= minutesOfDay
		}
		parts[n] = fmt.Sprintf("%02d:%02d-%02d:%02d", i.From/60, i.From%60, to/60, to%60)
	}
	return strings.Join(parts, ", ")
}
