package ui

import (
	"context"
	"strconv"
	"strings"

	"parley/views/text"
)

var slotWord = map[string]string{
	"late": "ui.slots.late", "owed": "ui.slots.owed", "answered": "ui.slots.answered",
	"quiet": "ui.slots.quiet", "free": "ui.slots.free",
}

func slotCount(ctx context.Context, slots []SlotData) string {
	used := 0
	for _, s := range slots {
		if s.Kind != "free" {
			used++
		}
	}
	return text.T(ctx, "ui.slots.count", "Used", used, "All", len(slots))
}

func slotWords(ctx context.Context, slots []SlotData) string {
	count := map[string]int{}
	for _, s := range slots {
		count[s.Kind]++
	}
	var said []string
	for _, kind := range []string{"late", "owed", "answered", "quiet", "free"} {
		if n := count[kind]; n > 0 {
			said = append(said, strconv.Itoa(n)+" "+text.T(ctx, slotWord[kind]))
		}
	}
	return strings.Join(said, ", ")
}
