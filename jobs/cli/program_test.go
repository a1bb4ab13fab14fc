package cli_test

import (
	"io"
	"slices"
	"testing"

	"parley/jobs/cli"
	"parley/models/testdb"
)

func newProgram(t *testing.T, environ ...string) *cli.Program {
	t.Helper()
	p, err := cli.NewProgram(environ, nil, io.Discard, io.Discard)
	must(t, err)
	t.Cleanup(p.Close)
	return p
}

// `parley run` migrates, seeds and serves: with one desk, on one pool of connections.
func TestAProgramHasOneDesk(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "DATABASE_URL="+testdb.Postgres(t))
	seeds, err := p.Desk(t.Context())
	must(t, err)
	serves, err := p.ReadyDesk(t.Context())
	must(t, err)
	if seeds != serves {
		t.Error("there are two desks, each with a pool")
	}
}

func TestAProgramClosesInReverse(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	var closed []string
	p.OnClose(func() { closed = append(closed, "database") })
	p.OnClose(func() { closed = append(closed, "server") })
	p.OnCloseLast(func() { closed = append(closed, "timer") })
	p.Close()
	p.Close()
	if want := []string{"server", "database", "timer"}; !slices.Equal(closed, want) {
		t.Errorf("closed %v, want %v", closed, want)
	}
}
