package models

import (
	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"
)

// sketchAccuracy is by how much a quantile of a report may differ from the exact one, as a share of it. It is part of
// what is stored: sketches of different accuracies cannot be merged.
const sketchAccuracy = 0.01

// sketcher makes and merges sketches. A sketch is stored without its mapping, which is the same for all, so that
// several of them written one after the other are the sketch of all their values. It is used again and again, by one
// goroutine.
type sketcher struct{ s *ddsketch.DDSketch }

func newSketcher() (*sketcher, error) {
	m, err := mapping.NewLogarithmicMapping(sketchAccuracy)
	if err != nil {
		return nil, err
	}
	return &sketcher{ddsketch.NewDDSketchFromStoreProvider(m, store.DenseStoreConstructor)}, nil
}

// of returns the sketch of some values, nil for none. A value below 0 counts as 0.
func (k *sketcher) of(values []float64) ([]byte, error) {
	k.s.Clear()
	for _, v := range values {
		if err := k.s.Add(max(0, v)); err != nil {
			return nil, err
		}
	}
	return k.encoded(), nil
}

// merged returns one sketch of the values of several ones, which are written one after the other.
func (k *sketcher) merged(sketches []byte) ([]byte, error) {
	k.s.Clear()
	if err := k.s.DecodeAndMergeWith(sketches); err != nil {
		return nil, err
	}
	return k.encoded(), nil
}

func (k *sketcher) encoded() (b []byte) {
	if !k.s.IsEmpty() {
		k.s.Encode(&b, true)
	}
	return b
}

// quantiles returns the median and the 90th percentile of sketches that are written one after the other; nil for none.
func (k *sketcher) quantiles(sketches []byte) (median, p90 *float64, err error) {
	k.s.Clear()
	if err := k.s.DecodeAndMergeWith(sketches); err != nil || k.s.IsEmpty() {
		return nil, nil, err
	}
	q, err := k.s.GetValuesAtQuantiles([]float64{0.5, 0.9})
	if err != nil {
		return nil, nil, err
	}
	return &q[0], &q[1], nil
}
