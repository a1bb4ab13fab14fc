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

// run is the program; it returns the exit code: 0 when every row holds, 1 when one misses its bound or could not be measured, 2 when
// it was called wrongly.
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

// helpers are processes of this same program, so that what they use is counted apart from the load.
var helpers = map[string]func(context.Context) error{"bare": serveBare, "crowd": runStreamPool}

// scene measures some rows on a database and processes of its own.
type scene struct {
	name string
	run  func(context.Context, *bench) error
}

// sceneTime is more than any scene takes with a program that keeps its bounds.
const sceneTime = 4 * time.Minute

// scenes are everything that can be measured, in the order of the table.
var scenes = []scene{
	{"messages", measureMessages},
	{"delivery", measureDelivery},
	{"life", measureLife},
	{"streams", measureStreams},
	{"position", measurePosition},
	{"places", measureQueueChanges},
	{"drain", measureDrain},
	{"pages", measurePages},
	{"sweep", measureSweep},
	{"widget", measureWidget},
	{"pgbench", measurePgbench},
}

// measure runs the scenes that were asked for. One that cannot be measured becomes a row that says why.
func (b *bench) measure(ctx context.Context) {
	for _, s := range scenes {
		if !b.opts.wants(s.name) || ctx.Err() != nil {
			continue
		}
		b.log("%s", s.name)
		bounded, cancel := context.WithTimeout(ctx, sceneTime)
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
