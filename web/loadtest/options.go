package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// options are the parsed command-line flags.
type options struct {
	only    []string
	rounds  int
	quick   bool
	verbose bool
	binary  string
	json    string
	docs    string
	profile string
	version string
}

func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	var only string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&only, "only", "", "measure only these, separated by commas: "+strings.Join(scenarioNames(), ", "))
	flags.IntVar(&o.rounds, "rounds", 5, "alternating rounds of each kind")
	flags.BoolVar(&o.quick, "quick", false, "one short round of everything on little data: checks that it works, not how fast")
	flags.BoolVar(&o.verbose, "v", false, "print the executed statements and where the time went")
	flags.StringVar(&o.binary, "binary", "", "the program to measure; built if empty")
	flags.StringVar(&o.json, "json", "", "write the table to this file as JSON")
	flags.StringVar(&o.docs, "docs", "", "after a complete run, store the table in performance.json and performance.md of this folder")
	flags.StringVar(&o.profile, "profile", "",
		"write CPU and heap profiles of the program into this folder, taken in rounds that do not count")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	for _, name := range o.only {
		if !slices.Contains(scenarioNames(), name) {
			fmt.Fprintf(out, "unknown scenario %q; choose from %s\n", name, strings.Join(scenarioNames(), ", "))
			return nil, flag.ErrHelp
		}
	}
	if o.quick {
		o.rounds = 1
	}
	if o.rounds = max(1, o.rounds); flags.NArg() > 0 {
		fmt.Fprintf(out, "unexpected argument %q\n", flags.Arg(0))
		return nil, flag.ErrHelp
	}
	return o, nil
}

func scenarioNames() []string {
	names := make([]string, 0, len(scenarios))
	for _, s := range scenarios {
		names = append(names, s.name)
	}
	return names
}

func (o *options) wants(scenario string) bool {
	return len(o.only) == 0 || slices.Contains(o.only, scenario)
}

// complete reports whether the run measures every scenario with the full amount of data and at least five rounds.
func (o *options) complete() bool { return len(o.only) == 0 && !o.quick && o.rounds >= 5 }

// size returns full, or quick in a quick run.
func (o *options) size(full, quick int) int {
	if o.quick {
		return quick
	}
	return full
}

// span returns the duration full, or quick in a quick run.
func (o *options) span(full, quick time.Duration) time.Duration {
	if o.quick {
		return quick
	}
	return full
}
