package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityNamesItsTests checks that each guarantee of SECURITY.md names existing tests, and that it names every attack test.
func TestSecurityNamesItsTests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := testsOf(t, "..")
	_, promises, found := strings.Cut(string(page), "## Guarantees and their tests")
	promises, _, ends := strings.Cut(promises, "\n## ")
	if !found || !ends {
		t.Fatal("SECURITY.md has no guarantees")
	}
	named, rows := map[string]bool{}, 0
	for line := range strings.Lines(promises) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| guarantee") {
			continue
		}
		rows++
		tests := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(line, -1)
		if len(tests) == 0 {
			t.Errorf("no test is named for the guarantee: %s", line)
		}
		for _, name := range tests {
			if named[name[1]] = true; !there[name[1]] {
				t.Errorf("%s is named and does not exist", name[1])
			}
		}
	}
	if rows < 20 {
		t.Errorf("only %d guarantees", rows)
	}
	for name := range there {
		if strings.HasPrefix(name, "TestAttack") && !named[name] {
			t.Errorf("%s is named by no guarantee of SECURITY.md", name)
		}
	}
}

// testsOf returns the names of all tests below a folder.
func testsOf(t *testing.T, root string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := entry.Name(); entry.IsDir() && path != root && (strings.HasPrefix(base, ".") || base == "node_modules") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil || len(names) < 100 {
		t.Fatalf("found %d functions, %v", len(names), err)
	}
	return names
}
