package embedded_test

import (
	"path/filepath"
	"testing"
)

// TestServersRunBelowAnyPath checks that both servers start in folders with unusual names and are reachable by their addresses.
func TestServersRunBelowAnyPath(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		" with spaces, a comma ", "50% %2f#b?c&d=e;f:g", `it's "quoted" \x41`, "客服 e\u0301 \xff", "@at", "[brackets]* $HOME `id` {listen-addr}", "-dash\ttab",
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			s := startUnsynced(t, dir)
			remember(t, s, "kept")
			if got := recall(t, s); got != "kept" {
				t.Errorf("%q is remembered", got)
			}
			mustClose(t, s)
		})
	}
}

// TestDataIsFoundAgainBelowAnyPath checks that the data of both servers is available after a restart.
func TestDataIsFoundAgainBelowAnyPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), `a, b%20#c 客服 'q" \ [0-9]* @$HOME`)
	s := start(t, dir)
	remember(t, s, "kept")
	mustClose(t, s)
	s = start(t, dir)
	if got := recall(t, s); got != "kept" {
		t.Errorf("%q is remembered", got)
	}
	mustClose(t, s)
}
