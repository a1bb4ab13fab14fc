package main

import (
	"log/slog"
	"testing"
	"time"

	"parley/jobs/cli"
)

// The exit code reports to the parent process that the stop failed.
func TestAStopThatDoesNotStopFails(t *testing.T) {
	codes := make(chan int, 1)
	exit = func(code int) { codes <- code }
	giveUpAfter(&cli.Program{Log: slog.New(slog.DiscardHandler)}, time.Millisecond)
	if code := <-codes; code != exitFailed {
		t.Errorf("it exits with %d, want %d", code, exitFailed)
	}
}
