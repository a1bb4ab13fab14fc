package testdb_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// mayImport lists the packages of the repository that each package may import. A folder that is not listed follows the
// nearest listed parent. A * means everything below.
var mayImport = map[string][]string{
	".":          {"web", "web/*", "jobs", "jobs/*", "models", "models/redisclient", "models/tracing", "migrations"},
	"models":     {},
	"migrations": {},
	"static":     {},

	"jobs":               {"models", "models/redisclient"},
	"models/embedded":    {},
	"models/redisclient": {},
	"models/tracing":     {"models"},
	"models/simulate":    {"models"},
	"jobs/cli":           {"models", "models/embedded", "models/redisclient", "migrations"}, // the commands of main.go
	"jobs/cli/gendocs":   {"jobs/cli"},                                                      // a program of its own, for make generate

	"web": {"models", "models/redisclient", "web/*", "views/*", "static"},
	// What every handler uses, below the packages of the audiences.
	"web/kit": {
		"models",
		"models/redisclient",
		"views/login",
		"views/paths",
		"views/staff",
		"views/text",
		"views/ui",
		"web/api",
		"web/assistant",
		"web/limit",
		"web/live",
		"static",
	},
	"web/auth":    {"models", "views/text", "web/kit", "web/limit"},
	"web/api":     {"models", "models/redisclient", "views/text", "web/live"},
	"web/present": {"models", "views/chat", "views/text", "web/api", "web/live"},
	// The packages of the audiences do not import one another.
	"web/chat": {
		"models",
		"views/chat",
		"views/text",
		"web/kit",
		"web/auth",
		"web/api",
		"web/present",
		"web/limit",
		"web/live",
		"web/files",
		"web/incoming",
		"web/media",
	},
	"web/widget":       {"models", "static", "views/*", "web/kit", "web/auth", "web/api", "web/present", "web/limit", "web/live"},
	"web/workbench":    {"models", "views/*", "web/kit", "web/api", "web/present", "web/live", "web/assistant"},
	"web/supervisor":   {"models", "views/*", "web/kit", "web/api", "web/present", "web/live"},
	"web/admin":        {"models", "models/redisclient", "views/*", "web/kit", "web/api", "web/present", "web/media", "web/sso"},
	"web/account":      {"models", "views/*", "web/kit", "web/auth", "web/api", "web/present", "web/limit", "web/sso"},
	"web/sso":          {"models"},
	"web/assistant":    {"models"},
	"web/mail":         {"models", "views/mail", "views/text", "views/ui", "web/api", "web/present"},
	"web/live":         {"models", "models/redisclient"},
	"web/limit":        {"models/redisclient"},
	"web/files":        {},
	"web/push":         {"models", "views/text"},
	"web/webhook":      {"models", "views/text", "web/api"},
	"web/media":        {"web/media/samples"}, // only tests do
	"web/incoming":     {"models", "web/files", "web/media"},
	"web/mail/inbound": {"models", "web/incoming", "web/media"},
	"web/demo":         {"models", "views/*", "static"},
	"web/loadtest":     {"models", "migrations", "models/embedded"}, // a program of its own, which runs the real one
	"web/proxytest":    {},

	"web/mail/mailtest": {},

	"views/text":       {},
	"views/paths":      {},
	"views/ui":         {"views/text", "views/paths", "static"},
	"views/chat":       {"views/ui", "views/text", "views/paths", "static"},
	"views/staff":      {"views/ui", "views/text", "views/paths", "static"}, // the frame of every signed-in page
	"views/widget":     {"views/chat", "views/ui", "views/text", "views/paths", "static"},
	"views/account":    {"views/staff", "views/ui", "views/text", "views/paths", "static"},
	"views/login":      {"views/ui", "views/text", "views/paths", "static"},
	"views/demo":       {"views/ui", "views/text", "views/paths", "static"},
	"views/workbench":  {"views/staff", "views/chat", "views/ui", "views/text", "views/paths", "static"},
	"views/supervisor": {"views/staff", "views/chat", "views/ui", "views/text", "views/paths", "static"},
	"views/mail":       {"views/ui", "views/text"},
	"views/admin":      {"views/staff", "views/chat", "views/ui", "views/text", "views/paths", "static"},

	"models/testdb": {"models/embedded", "migrations"},
}

// neverImport lists the external packages that a package must not import.
var neverImport = map[string][]string{
	"models":     {"net/http", "github.com/labstack/echo", "github.com/a-h/templ", "github.com/hibiken/asynq", "github.com/redis"},
	"migrations": {"net/http", "github.com/labstack/echo", "github.com/a-h/templ", "github.com/hibiken/asynq", "github.com/redis"},
	"views": {
		"github.com/labstack/echo",
		"github.com/uptrace/bun",
		"github.com/jackc/pgx",
		"github.com/hibiken/asynq",
		"github.com/redis",
	},
	"jobs": {"net/http", "github.com/labstack/echo", "github.com/a-h/templ"},
	"web": {
		"parley/web/proxytest",
		"parley/web/mail/mailtest",
		"github.com/hibiken/asynq",
		"github.com/uptrace/bun",
		"github.com/jackc/pgx",
	},
	"web/live": {"github.com/labstack/echo", "github.com/a-h/templ"},
	"web/api": {
		"net/http",
		"github.com/labstack/echo",
		"github.com/a-h/templ",
		"github.com/uptrace/bun",
		"github.com/jackc/pgx",
		"github.com/hibiken/asynq",
	},
	"web/present":   {"net/http", "github.com/labstack/echo", "github.com/uptrace/bun", "github.com/jackc/pgx", "github.com/hibiken/asynq"},
	"web/files":     {"github.com/labstack/echo", "github.com/a-h/templ"},
	"web/assistant": {"github.com/labstack/echo", "github.com/a-h/templ", "github.com/uptrace/bun"},
	"web/sso":       {"github.com/labstack/echo", "github.com/a-h/templ", "github.com/uptrace/bun"},
	"web/push":      {"github.com/labstack/echo", "github.com/a-h/templ", "github.com/uptrace/bun"},
	"web/media":     {"net/http", "github.com/labstack/echo", "github.com/a-h/templ"},
	"web/loadtest":  {"github.com/labstack/echo", "github.com/a-h/templ", "github.com/hibiken/asynq", "github.com/uptrace/bun"},

	"models/testdb":            {},
	"models/tracing/tracetest": {},
	"models/redisclient":       {"net/http", "github.com/labstack/echo", "github.com/a-h/templ", "github.com/hibiken/asynq"},
}

// TestImportsFollowTheGraph checks the imports of the program. Tests may import any package.
func TestImportsFollowTheGraph(t *testing.T) {
	t.Parallel()
	seen := 0
	for dir, imports := range programImports(t) {
		seen++
		allowed, known := nearest(mayImport, dir)
		if !known {
			t.Errorf("%s: nothing says what this new room may import", dir)
			continue
		}
		banned, _ := nearest(neverImport, dir)
		for _, name := range imports {
			if ours, ok := strings.CutPrefix(name, "parley/"); ok && !matches(allowed, ours) {
				t.Errorf("%s must not import %s", dir, name)
			}
			for _, ban := range banned {
				if name == ban || strings.HasPrefix(name, ban+"/") {
					t.Errorf("%s must not import %s", dir, name)
				}
			}
		}
	}
	if seen < 4 {
		t.Fatalf("looked at %d folders only; the test has lost its way", seen)
	}
}

// programImports returns the imports of the files of each folder, without tests.
func programImports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); name != root &&
				(strings.HasPrefix(base, ".") || base == "node_modules" || base == "tools" || base == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			found[dir] = append(found[dir], strings.Trim(spec.Path.Value, `"`))
		}
		return nil
	})
	must(t, err)
	return found
}

func nearest(rules map[string][]string, dir string) (rule []string, known bool) {
	for {
		if rule, known = rules[dir]; known {
			return rule, true
		}
		above := path.Dir(dir)
		if above == "." {
			return nil, false
		}
		dir = above
	}
}

func matches(allowed []string, ours string) bool {
	return slices.ContainsFunc(allowed, func(pattern string) bool {
		above, below := strings.CutSuffix(pattern, "/*")
		return ours == pattern || below && strings.HasPrefix(ours, above+"/")
	})
}
