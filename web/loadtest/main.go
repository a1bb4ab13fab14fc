package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs the benchmark and returns the exit code: 0 if every row meets its bound, 1 if a row misses its bound or could not be measured,
// 2 if the command line is invalid.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && helpers[args[0]] != nil {
		if err := helpers[args[0]](ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(stderr, "%s: %v\n", args[0], err)
			return 1
		}
		return 0
	}
	opts, err := parse(args, stderr)
	if err != nil {
		return 2
	}
	b, err := newBench(ctx, opts, stderr)
	if err == nil {
		b.measure(ctx)
		b.table.print(stdout)
		err = errors.Join(b.table.write(opts), ctx.Err())
	}
	if err := errors.Join(err, b.close()); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	if !b.table.holds() {
		return 1
	}
	return 0
}

// helpers are the subcommands that run in a process of their own, so that their CPU time is counted separately from the load generator.
var helpers = map[string]func(context.Context) error{"bare": serveBare, "stream-pool": runStreamPool}

// scenario measures one or more rows of the table with its own database and processes.
type scenario struct {
	name string
	run  func(context.Context, *bench) error
}

// scenarioTimeout limits one scenario. A program that meets its bounds needs less.
const scenarioTimeout = 8 * time.Minute

// scenarios lists all scenarios in the order of the table.
var scenarios = []scenario{
	{"messages", measureMessages},
	{"mail", measureMail},
	{"delivery", measureDelivery},
	{"instances", measureInstances},
	{"life", measureChatCost},
	{"streams", measureStreams},
	{"position", measurePosition},
	{"places", measureQueueChanges},
	{"drain", measureDrain},
	{"pages", measurePages},
	{"board", measureBoard},
	{"workbench", measureWorkbench},
	{"search", measureSearch},
	{"reports", measureReports},
	{"export", measureExport},
	{"sweep", measureSweep},
	{"growth", measureGrowth},
	{"stored", measureStored},
	{"months", measureMonths},
	{"widget", measureWidget},
	{"pgbench", measurePgbench},
}

// measure runs the selected scenarios. A scenario that fails adds a row with the error as its note.
func (b *bench) measure(ctx context.Context) {
	for _, s := range scenarios {
		if !b.opts.wants(s.name) || ctx.Err() != nil {
			continue
		}
		b.log("%s", s.name)
		bounded, cancel := context.WithTimeout(ctx, scenarioTimeout)
		err := s.run(bounded, b)
		cancel()
		if err != nil {
			b.table.add(Row{Name: s.name, Bound: "measured", Note: err.Error()})
			b.log("  %v", err)
			b.reportLogs()
		}
		b.stopAll()
	}
}
