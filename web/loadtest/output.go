package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// write writes the table to the files named in the options. The documents are only updated by a complete run.
func (t *table) write(opts *options) error {
	var err error
	if opts.json != "" {
		err = t.writeJSON(opts, opts.json)
	}
	if opts.docs != "" && opts.complete() {
		err = errors.Join(err, t.writeJSON(opts, filepath.Join(opts.docs, "performance.json")),
			t.writeDocument(opts, filepath.Join(opts.docs, "performance.md")))
	}
	return err
}

func (t *table) writeJSON(opts *options, file string) error {
	text, err := json.MarshalIndent(struct {
		Measured time.Time `json:"measured_at"`
		Seconds  float64   `json:"seconds"`
		Version  string    `json:"version,omitempty"`
		Cores    int       `json:"cores"`
		Go       string    `json:"go"`
		Quick    bool      `json:"quick,omitempty"`
		Rows     []Row     `json:"rows"`
	}{t.began.UTC().Truncate(time.Second), t.seconds(), opts.version, runtime.NumCPU(), runtime.Version(), opts.quick, t.rows}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

func (t *table) seconds() float64 { return math.Round(time.Since(t.began).Seconds()) }

// tableBegin and tableEnd are the lines that enclose the table in the document.
const tableBegin, tableEnd = "<!-- table -->\n", "<!-- end of table -->\n"

// writeDocument replaces the table in a document.
func (t *table) writeDocument(opts *options, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), tableBegin)
	_, after, ended := strings.Cut(rest, tableEnd)
	if !found || !ended {
		return fmt.Errorf("%s has no markers for the table", file)
	}
	return os.WriteFile(file, []byte(before+tableBegin+t.markdown(opts)+tableEnd+after), 0o644)
}

func (t *table) markdown(opts *options) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Version %s, %s, %d cores, %s; %.0f s for all of it.\n\n", opts.version, t.began.UTC().Format("2 January 2006"),
		runtime.NumCPU(), runtime.Version(), t.seconds())
	out.WriteString(
		"| what | measured | spread | yardstick | spread | ratio | bound | |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n",
	)
	for _, r := range t.rows {
		yardstick, spread, ratio := "", "", ""
		if r.Yardstick != nil {
			yardstick, spread = figure(r.Yardstick.Median), r.Yardstick.spread()
		}
		if r.Ratio != nil {
			ratio = figure(*r.Ratio)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Name, strings.TrimSpace(figure(r.Measured.Median)+" "+r.Unit),
			r.Measured.spread(), yardstick, spread, ratio, r.Bound, r.verdict())
	}
	out.WriteString("\n")
	for _, r := range t.rows {
		if r.Note != "" {
			fmt.Fprintf(&out, "- %s: %s\n", r.Name, strings.ReplaceAll(r.Note, "\n", " "))
		}
	}
	return out.String()
}
