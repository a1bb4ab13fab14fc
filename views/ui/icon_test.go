package ui

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThePagesHaveTheIconsTheyAskFor also fails for one that no page asks for.
func TestThePagesHaveTheIconsTheyAskFor(t *testing.T) {
	asked := regexp.MustCompile(`Icon(?:Small|Turning)?\("([a-z0-9-]+)"\)`)
	used := map[string]bool{}
	var sources strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil ||
			filepath.Ext(path) != ".templ" &&
				(filepath.Ext(path) != ".go" || strings.Contains(path, "_gen.go") || strings.HasSuffix(path, "_templ.go")) {
			return err
		}
		raw, err := os.ReadFile(path)
		sources.Write(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range asked.FindAllStringSubmatch(sources.String(), -1) {
		used[found[1]] = true
		if icons[found[1]] == "" {
			t.Errorf("there is no icon %s: add it in gen_icons.go and run go generate", found[1])
		}
	}
	for name := range icons {
		if !used[name] && !strings.Contains(sources.String(), `"`+name+`"`) {
			t.Errorf("no page asks for the icon %s", name)
		}
	}
}
