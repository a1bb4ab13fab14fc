package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"parley/jobs/cli"
)

// TestVersion checks that the program tells what it was built from, even where its settings are invalid.
func TestVersion(t *testing.T) {
	t.Parallel()
	for _, environ := range [][]string{nil, {"LOG_FORMAT=xml"}} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"version", "--json"}, environ, nil, &stdout, &stderr); code != 0 {
			t.Fatalf("it ends with %d: %s", code, stderr.String())
		}
		var b cli.Build
		if err := json.Unmarshal(stdout.Bytes(), &b); err != nil {
			t.Fatal(err)
		}
		if b.Version != version || b.Commit == "" || !strings.HasPrefix(b.Go, "go1.") || !strings.Contains(b.System, "/") {
			t.Errorf("it prints %+v", b)
		}
		if found, _ := filepath.Glob("migrations/" + b.Schema + ".*up.sql"); len(found) != 1 {
			t.Errorf("the schema %q has the files %v", b.Schema, found)
		}
		stdout.Reset()
		if code := run(t.Context(), []string{"version"}, environ, nil, &stdout, &stderr); code != 0 ||
			!strings.HasPrefix(stdout.String(), "parley "+version+"\n") || !strings.Contains(stdout.String(), b.Schema) {
			t.Errorf("it ends with %d and prints %q", code, stdout.String())
		}
	}
}
