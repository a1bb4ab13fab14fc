package ui

import (
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"parley/views/text"
)

// TestPagesHaveTheTextsOfTheirScripts checks the texts that the scripts of several pages use.
func TestPagesHaveTheTextsOfTheirScripts(t *testing.T) {
	var texts map[string]any
	if err := json.Unmarshal([]byte(Page{}.words(text.With(t.Context(), text.English))), &texts); err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile("[\"'](chat\\.[a-z_.]+)[\"']")
	found := 0
	scripts := os.DirFS("../../static/src")
	err := fs.WalkDir(scripts, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "js") {
			return err
		}
		source, err := fs.ReadFile(scripts, path)
		for _, match := range key.FindAllSubmatch(source, -1) {
			found++
			if _, ok := texts[string(match[1])]; !ok {
				t.Errorf("%s uses %s, which is not among commonWords", path, match[1])
			}
		}
		return err
	})
	if err != nil || found == 0 {
		t.Errorf("read %d keys, %v", found, err)
	}
}
