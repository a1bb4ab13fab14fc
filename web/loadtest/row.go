package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"
)

// Row is one line of the table: the measured value, the value of the yardstick if there is one, and the bound.
type Row struct {
	Name      string   `json:"name"`
	Unit      string   `json:"unit,omitempty"`
	Measured  Sample   `json:"measured"`
	Yardstick *Sample  `json:"yardstick,omitempty"`
	Ratio     *float64 `json:"ratio,omitempty"`
	Bound     string   `json:"bound,omitempty"` // empty for a row without a bound
	OK        bool     `json:"ok"`
	Note      string   `json:"note,omitempty"`
}

// table holds all rows of a run.
type table struct {
	mu    sync.Mutex
	began time.Time
	rows  []Row
	log   func(string, ...any)
}

func (t *table) add(r Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
	t.log("  %s: %s", r.Name, r.summary())
}

// atMost adds a row whose median may not exceed bound.
func (t *table) atMost(name, unit string, got Sample, bound float64, note string) {
	t.add(Row{Name: name, Unit: unit, Measured: got, Bound: "≤ " + figure(bound), OK: got.Rounds > 0 && got.Median <= bound, Note: note})
}

// atLeast adds a row whose median may not be less than bound.
func (t *table) atLeast(name, unit string, got Sample, bound float64, note string) {
	t.add(Row{Name: name, Unit: unit, Measured: got, Bound: "≥ " + figure(bound), OK: got.Rounds > 0 && got.Median >= bound, Note: note})
}

// against adds a row that is compared with a yardstick: the ratio of the medians may be at most times or, if moreIsBetter, must be at least
// times.
func (t *table) against(name, unit string, got, yardstick Sample, times float64, moreIsBetter bool, note string) {
	ratio := got.Median / yardstick.Median
	r := Row{
		Name: name, Unit: unit, Measured: got, Yardstick: &yardstick, Ratio: &ratio, Bound: "≤ " + figure(times) + "×",
		OK: ratio <= times, Note: note,
	}
	if moreIsBetter {
		r.Bound, r.OK = "≥ "+figure(times)+"×", ratio >= times
	}
	t.add(r)
}

// inform adds a row without a bound.
func (t *table) inform(name, unit string, got Sample, yardstick *Sample, note string) {
	r := Row{Name: name, Unit: unit, Measured: got, Yardstick: yardstick, OK: true, Note: note}
	if yardstick != nil && yardstick.Median != 0 {
		ratio := got.Median / yardstick.Median
		r.Ratio = &ratio
	}
	t.add(r)
}

func (t *table) holds() bool {
	for _, r := range t.rows {
		if !r.OK {
			return false
		}
	}
	return len(t.rows) > 0
}

func (r Row) summary() string {
	text := figure(r.Measured.Median) + " " + r.Unit
	if r.Yardstick != nil {
		text += " against " + figure(r.Yardstick.Median)
	}
	if r.Ratio != nil {
		text += " = " + figure(*r.Ratio)
	}
	return text + " " + r.verdict()
}

func (r Row) verdict() string {
	switch {
	case r.Bound == "":
		return ""
	case r.OK:
		return "ok"
	}
	return "MISSED"
}

// print writes the table as aligned text. A spread is the minimum and the maximum of the rounds.
func (t *table) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "what\tunit\tmeasured\tspread\tyardstick\tspread\tratio\tbound\t")
	for _, r := range t.rows {
		yardstick, spread, ratio := "", "", ""
		if r.Yardstick != nil {
			yardstick, spread = figure(r.Yardstick.Median), r.Yardstick.spread()
		}
		if r.Ratio != nil {
			ratio = figure(*r.Ratio)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, r.Unit, figure(r.Measured.Median), r.Measured.spread(),
			yardstick, spread, ratio, r.Bound, r.verdict())
	}
	_ = w.Flush()
	for _, r := range t.rows {
		if r.Note != "" {
			fmt.Fprintf(out, "  %s: %s\n", r.Name, r.Note)
		}
	}
}

func (s Sample) spread() string {
	if s.Rounds < 2 {
		return ""
	}
	return figure(s.Min) + "–" + figure(s.Max)
}

// figure formats a value with three significant digits, or an integer with all digits.
func figure(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v == math.Trunc(v) && math.Abs(v) < 1e15, math.Abs(v) >= 100:
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
