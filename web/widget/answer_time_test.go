package widget

import (
	"testing"
	"time"
)

func TestThePaceIsNeverFlattering(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{
		0: 10 * time.Second, 31 * time.Second: 40 * time.Second, 40 * time.Second: 40 * time.Second,
		119 * time.Second: 2 * time.Minute, 121 * time.Second: 3 * time.Minute,
	} {
		if got := roundUp(d); got != want {
			t.Errorf("%s is told as %s, want %s", d, got, want)
		}
	}
}
