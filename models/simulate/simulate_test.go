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
