package ui

import (
	"context"
	"strconv"

	"parley/views/text"
)

var segmentTextKey = map[string]string{
	"late": "ui.slots.late", "awaiting": "ui.slots.awaiting", "answered": "ui.slots.answered",
	"idle": "ui.slots.idle", "offered": "ui.slots.offered", "free": "ui.slots.free",
}

func capacityCount(ctx context.Context, segments []CapacitySegment, capacity int) string {
	used := 0
	for _, s := range segments {
		if s.Kind != "free" && s.Kind != "offered" {
			used++
		}
	}
	return text.T(ctx, "ui.slots.count", "Used", used, "All", capacity)
}

func capacityText(ctx context.Context, segments []CapacitySegment) string {
	count := map[string]int{}
	for _, s := range segments {
		count[s.Kind]++
	}
	var parts []string
	for _, kind := range []string{"late", "awaiting", "answered", "idle", "offered", "free"} {
		if n := count[kind]; n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+text.T(ctx, segmentTextKey[kind]))
		}
	}
	return text.Series(ctx, parts)
}
