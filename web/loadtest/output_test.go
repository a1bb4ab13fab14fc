package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocumentsKeepWholeRunsOnly(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "performance.md")
	const text = "before\n<!-- table -->\nold\n<!-- end of table -->\nafter\n"
	b := &table{log: func(string, ...any) {}}
	b.against("messages a second", "/s", sampleOf(3, 4, 5), sampleOf(5, 5, 6), 0.6, true, "a note")
	for _, c := range []struct {
		opts options
		kept bool
	}{
		{options{docs: dir, rounds: 5}, true},
		{options{docs: dir, rounds: 3}, false},
		{options{docs: dir, rounds: 5, quick: true}, false},
		{options{docs: dir, rounds: 5, only: []string{"messages"}}, false},
	} {
		if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := b.write(&c.opts); err != nil {
			t.Fatal(err)
		}
		got, _ := os.ReadFile(page)
		kept := strings.Contains(string(got), "| messages a second | 4 /s | 3–5 | 5 | 5–6 | 0.8 | ≥ 0.6× | ok |") &&
			strings.Contains(string(got), "- messages a second: a note\n") &&
			strings.HasPrefix(string(got), "before\n") &&
			strings.HasSuffix(string(got), "<!-- end of table -->\nafter\n") &&
			!strings.Contains(string(got), "old")
		if kept != c.kept || !kept && string(got) != text {
			t.Errorf("%+v: %s", c.opts, got)
		}
	}
	if err := os.WriteFile(page, []byte("no place"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.write(&options{docs: dir, rounds: 5}); err == nil {
		t.Error("a document without markers was accepted")
	}
}
