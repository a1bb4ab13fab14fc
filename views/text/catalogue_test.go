package text

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	callOfText = regexp.MustCompile(`(?:text\.(?:T\(ctx|In\([a-zA-Z.]+)|\bword\()\s*,?\s*["']([a-z0-9_.]+)["']`)
	// literal is anything in quotes that may be a key, or the beginning of one that is put together.
	literal = regexp.MustCompile("[\"'`]([a-z0-9.][a-z0-9_.-]*)(?:[\"'`]|\\$\\{)")
	// beginning is what a key is put together from, or the table that the build gives to a script, which knows the rest of its keys.
	beginning  = regexp.MustCompile("[\"'`]([a-z][a-z0-9_.-]*)(?:[\"'`]\\s*\\+|\\$\\{)|[wW]ordsOf = \"([a-z.]+)\"")
	nameInText = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)
)

func TestBothLanguagesHaveTheSameKeysAndNames(t *testing.T) {
	en, zh := catalogues()[English], catalogues()[Chinese]
	for key, value := range en {
		other, ok := zh[key]
		if !ok {
			t.Errorf("zh-CN.toml lacks %s", key)
			continue
		}
		if a, b := namesOf(value), namesOf(other); !mayDiffer(a, b) && !strings.HasPrefix(key, "widget.queue.reason.") {
			t.Errorf("%s: the names are %v in English and %v in Chinese", key, a, b)
		}
	}
	for key := range zh {
		if _, ok := en[key]; !ok {
			t.Errorf("en.toml lacks %s", key)
		}
	}
}

func TestEveryKeyThatTheCodeAsksForIsThere(t *testing.T) {
	for path, source := range sources(t) {
		for _, call := range callOfText.FindAllStringSubmatch(source, -1) {
			if _, ok := catalogues()[English][call[1]]; !ok && !strings.HasSuffix(call[1], ".") {
				t.Errorf("%s asks for %s, which en.toml lacks", path, call[1])
			}
		}
	}
}

func TestEveryKeyIsUsed(t *testing.T) {
	said, begun := map[string]bool{}, map[string]bool{}
	for path, source := range sources(t) {
		if strings.HasSuffix(path, filepath.Join("views", "text", "public.go")) { // it lists keys and uses none
			continue
		}
		for _, found := range literal.FindAllStringSubmatch(source, -1) {
			said[found[1]] = true
		}
		for _, found := range beginning.FindAllStringSubmatch(source, -1) {
			begun[found[1]+found[2]] = true
		}
	}
	for key := range catalogues()[English] {
		if !said[key] && !putTogether(key, said, begun) {
			t.Errorf("%s is not used", key)
		}
	}
}

// putTogether reports whether a key may be built in the code, as "error." and "chat_ended", or with an end such as ".name".
func putTogether(key string, said, begun map[string]bool) bool {
	for i := range key {
		if i == 0 || !begun[key[:i]] || !strings.Contains(key[:i], ".") {
			continue
		}
		tail := key[i:]
		if last := strings.LastIndex(tail, "."); key[i-1] != '.' || said[tail] || last >= 0 && said[tail[last:]] {
			return true
		}
	}
	return false
}

// mayDiffer applies to all keys except the reasons of the queue, for which Chinese uses the distance moved. It allows a language to omit
// a name, but not to use one that is not passed.
func mayDiffer(en, zh []string) bool {
	for _, name := range zh {
		if !slices.Contains(en, name) {
			return false
		}
	}
	return true
}

func namesOf(value any) []string {
	var names []string
	for _, m := range nameInText.FindAllStringSubmatch(fmt.Sprint(value), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sources reads the code that may use a text: Go and templ, and the scripts of the browser.
func sources(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "dist") {
				return filepath.SkipDir
			}
			return nil
		}
		generated := strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "_test.go")
		if generated || !slices.Contains([]string{".go", ".templ", ".js", ".mjs"}, filepath.Ext(name)) {
			return nil
		}
		raw, err := os.ReadFile(path)
		found[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 3 {
		t.Fatalf("only %d source files found", len(found))
	}
	return found
}
