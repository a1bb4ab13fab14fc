package static

import (
	"io/fs"
	"os"
	"regexp"
	"testing"
)

// All key handlers use onKeyDown, which ignores keys that belong to the input method during composition.
func TestKeysAreHeardInOnePlaceOnly(t *testing.T) {
	t.Parallel()
	for dir, of := range map[string]struct{ files, keys *regexp.Regexp }{
		"src":      {regexp.MustCompile(`\.m?js$`), regexp.MustCompile("[\"'`]key(down|up|press)[\"'`]|\\bonkey(down|up|press)\\b")},
		"../views": {regexp.MustCompile(`\.templ$`), regexp.MustCompile(`(?i)\bonkey(down|up|press)\b|hx-(trigger|on)[^>]*\bkey(down|up|press)\b`)},
	} {
		var listening []string
		seen := 0
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !of.files.MatchString(path) {
				return err
			}
			seen++
			raw, err := os.ReadFile(dir + "/" + path)
			if of.keys.Match(raw) {
				listening = append(listening, path)
			}
			return err
		})
		if err != nil || seen == 0 {
			t.Fatalf("%d files in %s, %v", seen, dir, err)
		}
		if dir == "src" && len(listening) == 1 && listening[0] == "lib/keydown.js" {
			continue
		}
		if dir == "src" || len(listening) > 0 {
			t.Errorf("%v in %s listen for keys: only lib/keydown.js may, other scripts call its onKeyDown", listening, dir)
		}
	}
}
