package models

import (
	"math"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// WaitModel is what the wait in one queue depends on, besides the position.
type WaitModel struct {
	Slots    int           // how many chats the agents of the queue can have at once; at least 1
	Handling time.Duration // mean time from the assignment of a chat to its end; more than 0
	// AbandonRate is how often a user who waits leaves the queue, per second of waiting: 0 if they never do.
	AbandonRate float64
	Over        int          // chats beyond the capacity of their agents: as many have to end before a slot is free
	Changes     []SlotChange // that are known beforehand, by their time
}

// SlotChange is a change of the slots at a time that is known beforehand: an agent comes back from a break, or a temporary capacity ends.
type SlotChange struct {
	After time.Duration // from now
	Slots int           // so many more or, if negative, fewer
	// Free is how many of them can have a chat at once. A negative number is how many chats have to end before a slot is free again.
	Free int
}

// WaitRange is an estimated wait: the median, and the 10th and 90th percentile.
type WaitRange struct{ Low, Median, High time.Duration }

// summedAhead is up to how many users ahead the sums of [WaitModel.Wait] are added up one by one. The rest is
// an integral, so that a position far back costs no more than one in front.
const summedAhead = 400

// Wait returns how long a user waits until the turns-th slot becomes free, when all are taken now: 1 for the first in
// the queue. It is 0 if turns is less than 1.
//
// A change of the slots that a percentile comes after speeds up or slows down the rest of that wait; see [WaitModel.through].
//
// It is the queue-length estimator that knows abandonment. With n users ahead, the time until there is one less is
// exponential with the rate μ + nθ: one of the chats ends (μ = Slots ÷ Handling), or one of the n leaves (θ = AbandonRate). So the
// mean of the wait is Σ 1/(μ+nθ) and its variance Σ 1/(μ+nθ)², n from 0 to turns−1, and the percentiles are those of the
// Gamma distribution with that mean and variance.
//
// Whitt, "Predicting queueing delays", Management Science 45 (1999); Ibrahim and Whitt, "Real-time delay estimation in
// overloaded multiserver queues with abandonments", Management Science 55 (2009).
func (m WaitModel) Wait(turns int) WaitRange {
	if turns < 1 {
		return WaitRange{}
	}
	rate := float64(m.Slots) / m.Handling.Seconds()
	mean, variance := m.over()
	left := max(1, turns-int(math.Round(mean*m.AbandonRate*float64(turns)))) // without those who leave meanwhile
	for n := range min(left, summedAhead) {
		step := 1 / (rate + float64(n)*m.AbandonRate)
		mean += step
		variance += step * step
	}
	if rest := float64(left - summedAhead); rest > 0 {
		// The integrals from half a step before the first term to half a step after the last.
		from := rate + (summedAhead-0.5)*m.AbandonRate
		to := from + rest*m.AbandonRate
		variance += rest / (from * to)
		if m.AbandonRate > 0 {
			mean += math.Log(to/from) / m.AbandonRate
		} else {
			mean += rest / rate
		}
	}
	r := gammaRange(mean*mean/variance, variance/mean)
	if len(m.Changes) == 0 || r.High <= m.Changes[0].After {
		return r
	}
	for _, wait := range []*time.Duration{&r.Low, &r.Median, &r.High} {
		if *wait > m.Changes[0].After {
			*wait = time.Duration(m.through(turns, wait.Seconds()/mean) * float64(time.Second))
		}
	}
	return r
}

// through returns after how many seconds the turn comes if every step takes slow times its mean and the slots change on the way. Without
// changes that is slow times the mean wait, so a percentile is a course at the pace of the whole distribution. Free slots are turns that
// pass at once. Far positions go through in blocks, so that they cost no more than near ones.
func (m WaitModel) through(turns int, slow float64) (seconds float64) {
	slots, over, left, changes := float64(m.Slots), float64(m.Over), float64(turns), m.Changes
	block := max(1, left/summedAhead)
	for left > 0 {
		size := min(block, left)
		pace := slots/m.Handling.Seconds() + (left-(size+1)/2)*m.AbandonRate // turns a second
		if over > 0 {
			size = min(1, over)
			pace = (slots + over) / m.Handling.Seconds() // ends a second
		}
		passed, isChange := slow*size/pace, false
		if len(changes) > 0 && seconds+passed > changes[0].After.Seconds() {
			passed, isChange = max(0, changes[0].After.Seconds()-seconds), true
		}
		seconds += passed
		if over > 0 {
			over = max(0, over-passed/slow*pace)
			left -= passed / slow * left * m.AbandonRate
		} else {
			left -= passed / slow * pace
		}
		if isChange {
			slots = max(1, slots+float64(changes[0].Slots))
			if free := float64(changes[0].Free); free < 0 {
				over -= free
			} else {
				left -= free
			}
			changes = changes[1:]
		} else if left < 1e-9 {
			break
		}
	}
	return seconds
}

// over returns the mean and the variance of the seconds until the chats beyond the capacity have ended, while those within it end too.
func (m WaitModel) over() (mean, variance float64) {
	for n := range m.Over {
		step := m.Handling.Seconds() / float64(m.Slots+n+1)
		mean += step
		variance += step * step
	}
	return mean, variance
}

// normalShape is the shape from which the percentiles of a Gamma distribution are taken from the normal one, within 0.1 %
// and at a tenth of the time: a pass over a long queue estimates every position.
const normalShape = 20

// gammaRange returns the percentiles of a Gamma distribution in seconds. Those of a large shape are the approximation of
// Wilson and Hilferty, "The distribution of chi-square", PNAS 17 (1931).
func gammaRange(shape, scale float64) WaitRange {
	exact := distuv.Gamma{Alpha: shape, Beta: 1 / scale}
	percentile := func(p, normal float64) time.Duration {
		var x float64
		if shape < normalShape {
			x = exact.Quantile(p)
		} else {
			x = shape * scale * math.Pow(1-1/(9*shape)+normal/(3*math.Sqrt(shape)), 3)
		}
		return time.Duration(x * float64(time.Second))
	}
	const tenth = 1.2815515655446004 // the 90th percentile of the normal distribution; the 10th is its negative
	return WaitRange{Low: percentile(0.1, -tenth), Median: percentile(0.5, 0), High: percentile(0.9, tenth)}
}

// leastWaited is the least time waited by which a number of users who left is divided, in seconds, so that the first one
// who leaves does not look like a crowd.
const leastWaited = 600

// AbandonRate returns how often a user who waits leaves, per second, when so many left out of users who waited so many
// seconds in total, served and left.
func AbandonRate(left int, waitedSeconds float64) float64 {
	return float64(left) / max(waitedSeconds, leastWaited)
}
