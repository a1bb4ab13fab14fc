// Command simulate runs the estimator of the wait ([models.WaitModel]) through simulated desks and prints how good it is.
// It exits with 1 if it is worse than the bounds of a desk. It needs no services, and the same seeds are used each time.
package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"text/tabwriter"
)

// mean is the handling time of most desks, in seconds, and seeds how many days of each desk are simulated.
const (
	mean  = 480
	seeds = 20
)

func always(n int) func(float64) int { return func(float64) int { return n } }

func evenly(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

// usual is the handling time of most desks.
var usual = lognormal{mean, 0.8}

var desks = []desk{
	{
		name: "steady: 20 slots, as many users as they can serve", hours: 10, slots: always(20), handling: usual,
		arrivals: evenly(20.0 / mean), maxRate: 20.0 / mean, maxError: 0.15, minCoverage: 0.75, maxCoverage: 0.95,
	},
	{
		name: "overload: 25 % too many users, who leave after 5 min", hours: 10, slots: always(20), handling: usual, patience: 300,
		arrivals: evenly(1.25 * 20 / mean), maxRate: 1.25 * 20 / mean, maxError: 0.30, minCoverage: 0.75, maxCoverage: 0.95,
	},
	{
		name: "small: 3 slots", hours: 10, slots: always(3), handling: usual, patience: 1200,
		arrivals: evenly(3.0 / mean), maxRate: 3.0 / mean, maxError: 0.40, minCoverage: 0.75, maxCoverage: 0.95,
	},
	{
		name: "waves and shifts: 20 slots, 15 in every fourth hour", hours: 10, handling: usual, patience: 600,
		slots: func(t float64) int {
			if int(t/3600)%4 == 3 {
				return 15
			}
			return 20
		},
		arrivals: func(t float64) float64 {
			wave := math.Sin(math.Pi * t / 14400)
			return (0.6 + 0.7*wave*wave) * 25 / mean
		},
		maxRate: 1.3 * 25 / mean, maxError: 0.25, minCoverage: 0.75, maxCoverage: 0.95,
	},
	{
		name: "large: 200 slots, 8 % too many users", hours: 10, slots: always(200), handling: usual, patience: 600,
		arrivals: evenly(1.08 * 200 / mean), maxRate: 1.08 * 200 / mean, maxError: 0.15, minCoverage: 0.75, maxCoverage: 0.95,
	},
	{
		name: "short chats: 10 slots, 2 min each, very unequal", hours: 10, slots: always(10), handling: lognormal{120, 1.2}, patience: 240,
		arrivals: evenly(1.1 * 10 / 120), maxRate: 1.1 * 10 / 120, maxError: 0.35, minCoverage: 0.75, maxCoverage: 0.95,
	},
	{
		name: "Monday: 30 slots, twice too many users in the first of three hours", hours: 10, slots: always(30), handling: usual,
		patience: 1800,
		arrivals: func(t float64) float64 {
			if int(t/3600)%3 == 0 {
				return 2.0 * 30 / mean
			}
			return 0.5 * 30 / mean
		},
		maxRate: 2.0 * 30 / mean, maxError: 0.25, minCoverage: 0.65, maxCoverage: 0.95,
	},
	{
		name: "one agent with 5 slots, users who hardly ever leave", hours: 10, slots: always(5), handling: usual, patience: 7200,
		arrivals: evenly(1.05 * 5 / mean), maxRate: 1.05 * 5 / mean, maxError: 0.35, minCoverage: 0.75, maxCoverage: 0.95,
	},
	withBreaks, withTemporaryCapacity,
}

// withBreaks is a team of which half takes a break of 15 minutes in each hour.
var withBreaks = desk{
	name: "breaks: 20 slots, 10 of them away for 15 min of each hour", hours: 10, slots: always(10), breakSlots: 10, handling: usual,
	patience: 1200, arrivals: evenly(0.95 * 20 / mean), maxRate: 0.95 * 20 / mean,
	backIn: func(t float64) float64 {
		if in := math.Mod(t, 3600); in >= 2400 && in < 3300 {
			return 3300 - in
		}
		return 0
	},
	maxError: 0.25, minCoverage: 0.75, maxCoverage: 0.95,
}

// withTemporaryCapacity is a team that takes more chats at once for 20 minutes of each hour.
var withTemporaryCapacity = desk{
	name: "temporary capacity: 15 slots, 24 for 20 min of each hour", hours: 10, slots: always(15), handling: usual, patience: 1200,
	arrivals: evenly(1.3 * 15 / mean), maxRate: 1.3 * 15 / mean,
	temporary: func(t float64) (int, float64) {
		if in := math.Mod(t, 3600); in < 1200 {
			return 9, 1200 - in
		}
		return 0, 0
	},
	maxError: 0.25, minCoverage: 0.75, maxCoverage: 0.95,
}

func main() {
	if worse := report(os.Stdout); worse > 0 {
		fmt.Fprintf(os.Stderr, "The estimator is worse than its bounds in %d of %d desks.\n", worse, len(desks))
		os.Exit(1)
	}
}

// report prints a table of all desks and returns in how many the estimator is worse than its bounds.
func report(out io.Writer) (worse int) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "desk\twaits\tmedian error\tat most\tinside the range\tbetween\tbias\t")
	for i := range desks {
		d := &desks[i]
		n, medianError, coverage, bias := d.measure()
		verdict := ""
		if medianError > d.maxError || coverage < d.minCoverage || coverage > d.maxCoverage {
			verdict = "FAIL"
			worse++
		}
		fmt.Fprintf(table, "%s\t%d\t%.3f\t%.2f\t%.0f %%\t%.0f to %.0f %%\t%+.0f %%\t%s\n", d.name, n, medianError, d.maxError,
			100*coverage, 100*d.minCoverage, 100*d.maxCoverage, 100*bias, verdict)
		if d.breakSlots > 0 || d.temporary != nil {
			n, medianError, coverage, bias := d.blind().measure()
			fmt.Fprintf(table, "  without knowing when that ends\t%d\t%.3f\t\t%.0f %%\t\t%+.0f %%\t\n",
				n, medianError, 100*coverage, 100*bias)
		}
	}
	_ = table.Flush() // what it writes to is the standard output, or a test's
	return worse
}

// measure returns how many predictions of all seeds were scored, and their score.
func (d *desk) measure() (n int, medianError, coverage, bias float64) {
	var all []prediction
	for seed := range uint64(seeds) {
		all = append(all, d.simulate(seed+1)...)
	}
	medianError, coverage, bias = score(all)
	return len(all), medianError, coverage, bias
}

// blind returns the same desk with an estimator that does not know what will change.
func (d *desk) blind() *desk {
	same := *d
	same.isBlind = true
	return &same
}

// score returns the median of |median − actual| ÷ actual, the share of waits inside the range, and the median of
// (median − actual) ÷ actual.
func score(all []prediction) (medianError, coverage, bias float64) {
	var errors, signed []float64
	inside := 0
	for _, p := range all {
		signed = append(signed, (p.median-p.actual)/p.actual)
		errors = append(errors, math.Abs(p.median-p.actual)/p.actual)
		if p.low <= p.actual && p.actual <= p.high {
			inside++
		}
	}
	slices.Sort(errors)
	slices.Sort(signed)
	return errors[len(errors)/2], float64(inside) / float64(len(all)), signed[len(signed)/2]
}
