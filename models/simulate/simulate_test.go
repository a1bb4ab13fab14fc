package main

import (
	"strings"
	"testing"
)

func TestTheEstimatorKeepsItsBoundsInAllDesks(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	if worse := report(&table); worse > 0 {
		t.Errorf("it is worse in %d desks:\n%s", worse, table.String())
	}
}

// To know when a break or a temporary capacity ends makes estimates better.
func TestKnownChangesOfTheSlotsMakeEstimatesBetter(t *testing.T) {
	t.Parallel()
	for d, most := range map[*desk]float64{&withBreaks: 0.85, &withTemporaryCapacity: 0.99} {
		_, knowing, _, _ := d.measure()
		_, blind, _, _ := d.blind().measure()
		if knowing > most*blind {
			t.Errorf("%s: the median error is %.3f, and %.3f without knowing", d.name, knowing, blind)
		}
	}
}
