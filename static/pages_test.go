package static

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryBuiltFileIsNamedByAPage keeps unused bundles out of the binary: each file of dist is named, as a string, by a template or a
// handler.
func TestEveryBuiltFileIsNamedByAPage(t *testing.T) {
	t.Parallel()
	var sources strings.Builder
	for _, dir := range []string{"../views", "../web"} {
		err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			isSource := strings.HasSuffix(name, ".templ") || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
			if err != nil || entry.IsDir() || !isSource || strings.HasSuffix(name, "_templ.go") {
				return err
			}
			raw, err := os.ReadFile(name)
			sources.Write(raw)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	entries, err := fs.ReadDir(FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || slices.Contains([]string{".br", ".gz"}, path.Ext(name)) {
			continue // those are other codings of a file that is checked by its own name
		}
		checked++
		if !strings.Contains(sources.String(), `"`+name+`"`) {
			t.Errorf("no template and no handler names %s: take it out of static/build.mjs", name)
		}
	}
	if checked < 10 {
		t.Errorf("only %d built files were found: run the build first", checked)
	}
}
