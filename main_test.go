package main

import (
	"log/slog"
	"testing"
	"time"

	"parley/jobs/cli"
	"parley/models"
	"parley/models/testdb"
)

// The exit code tells the parent process that the stop failed.
func TestAStopThatDoesNotStopFails(t *testing.T) {
	codes := make(chan int, 1)
	exit = func(code int) { codes <- code }
	p := &program{log: slog.New(slog.DiscardHandler)}
	p.giveUpAfter(time.Millisecond)
	if code := <-codes; code != exitFailed {
		t.Errorf("it exits with %d, want %d", code, exitFailed)
	}
}

// `parley run` migrates, seeds and serves: with one desk, on one pool of connections.
func TestACommandHasOneDesk(t *testing.T) {
	p := &program{log: slog.New(slog.DiscardHandler), settings: models.DefaultSettings(), env: cli.Environment{DatabaseURL: testdb.Postgres(t)}}
	defer p.close()
	seeds, err := p.desk(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	serves, err := p.readyDesk(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if seeds != serves {
		t.Error("there are two desks, each with a pool")
	}
}
