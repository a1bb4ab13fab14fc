package testdb_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// volatileBound is a column that is compared with a clock which may differ for each row: PostgreSQL searches no index for it, and reads
// the whole table once that has grown.
var volatileBound = regexp.MustCompile(`\b([a-z_]+_(?:at|until|since)|at) *[<>]=? *clock_timestamp\(\)`)

// presentBounds are compared with the present clock on purpose, also after a wait, in rows that are found without them: the heartbeat, and
// the file that a message takes before it is deleted.
var presentBounds = []string{"alive_at < clock_timestamp()", "due_at > clock_timestamp()"}

// TestTimesAreComparedWithTheClockOfTheStatement looks for them in the statements of models. Invariants are checked in slices that other
// columns select.
func TestTimesAreComparedWithTheClockOfTheStatement(t *testing.T) {
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of models: %v", err)
	}
	for _, name := range files {
		if base := filepath.Base(name); base == "invariants.go" || strings.HasSuffix(base, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range volatileBound.FindAllString(string(source), -1) {
			if !slices.Contains(presentBounds, found) {
				t.Errorf("%s: %s: compare with statement_timestamp() instead", name, found)
			}
		}
	}
}
