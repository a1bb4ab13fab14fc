package static

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// matching returns the files below dir whose name ends in ending and whose content matches.
func matching(t *testing.T, dir, ending string, content *regexp.Regexp) (names []string) {
	t.Helper()
	seen := 0
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ending) {
			return err
		}
		seen++
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if content.Match(raw) {
			names = append(names, name)
		}
		return err
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d files %s in %s, %v", seen, ending, dir, err)
	}
	return names
}

// Requests that ask for a part and swap it are hx-* attributes in the templates. Scripts send the others through lib/request.js; the
// stream and the session of the panel need more than that. docs/architecture.md explains which is used where.
func TestScriptsRequestInFewPlaces(t *testing.T) {
	t.Parallel()
	found := matching(t, "src", ".js", regexp.MustCompile(`\bfetch\(|new (XMLHttpRequest|EventSource)\b|sendBeacon\(`))
	want := []string{"lib/request.js", "widget/session.js"}
	if slices.Sort(found); !slices.Equal(found, want) {
		t.Errorf("%v send requests of their own, not only %v: use hx-* attributes or lib/request.js", found, want)
	}
	for module, users := range map[string][]string{"stream": {"lib/live.js"}, "poll": {"lib/stream.js"}} {
		importing := matching(t, "src", ".js", regexp.MustCompile(`from "[./a-z]*/`+module+`\.js"`))
		if !slices.Equal(importing, users) {
			t.Errorf("%v import %s.js, not %v", importing, module, users)
		}
	}
}

// The content policy forbids eval, so htmx must be asked for nothing that needs it: handlers in attributes, values and
// headers computed by scripts, and filters of triggers.
func TestTemplatesNeedNoEval(t *testing.T) {
	t.Parallel()
	evaluated := regexp.MustCompile(`hx-on\b|hx-vars\b|["` + "`" + `]\s*(js|javascript):|hx-trigger=["` + "`{" + `][^>\n]*\[`)
	if found := matching(t, "../views", ".templ", evaluated); len(found) > 0 {
		t.Errorf("%v need eval", found)
	}
	samples := []string{`hx-on:click="x"`, `hx-vals="js:{a: 1}"`, `hx-trigger="click[ctrlKey]"`, "hx-trigger={ `every 1s [visible]` }"}
	for _, sample := range samples {
		if !evaluated.MatchString(sample) {
			t.Errorf("%s is not found", sample)
		}
	}
}
