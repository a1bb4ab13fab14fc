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

// nameInCode returns the string by which code names a built file. One of several languages is put together from its beginning and the tag,
// or from its name in English.
func nameInCode(t *testing.T, name string) string {
	t.Helper()
	catalogues, err := filepath.Glob("../views/text/*.toml")
	if err != nil || len(catalogues) == 0 {
		t.Fatal("no catalogues", err)
	}
	for _, file := range catalogues {
		tag := strings.TrimSuffix(filepath.Base(file), ".toml")
		switch name {
		case "loader." + tag + ".js":
			return "loader.js"
		case "loader." + tag + ".mjs":
			return "loader.mjs"
		case "words." + tag + ".mjs":
			return "words."
		case "emoji-" + tag + ".mjs":
			return "emoji-"
		}
	}
	return name
}

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
		if !strings.Contains(sources.String(), `"`+nameInCode(t, name)+`"`) {
			t.Errorf("no template and no handler names %s: take it out of static/build.mjs", name)
		}
	}
	if checked < 10 {
		t.Errorf("only %d built files were found: run the build first", checked)
	}
}
