package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// options are what the command line says.
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
	flags.StringVar(&only, "only", "", "measure only these, separated by commas: "+strings.Join(sceneNames(), ", "))
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
		if !slices.Contains(sceneNames(), name) {
			fmt.Fprintf(out, "unknown scenario %q; choose from %s\n", name, strings.Join(sceneNames(), ", "))
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

func sceneNames() []string {
	names := make([]string, 0, len(scenes))
	for _, s := range scenes {
		names = append(names, s.name)
	}
	return names
}

func (o *options) wants(scene string) bool { return len(o.only) == 0 || slices.Contains(o.only, scene) }

// whole tells that everything was measured as it should be.
func (o *options) whole() bool { return len(o.only) == 0 && !o.quick && o.rounds >= 5 }

// size is a number of things, or the small number for a quick run.
func (o *options) size(full, quick int) int {
	if o.quick {
		return quick
	}
	return full
}

// span is a stretch of time, or the short one for a quick run.
func (o *options) span(full, quick time.Duration) time.Duration {
	if o.quick {
		return quick
	}
	return full
}
