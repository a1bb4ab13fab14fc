package models_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parley/models"
)

func TestARefusalIsKnownByItsCode(t *testing.T) {
	t.Parallel()
	cause := errors.New("the bucket does not answer")
	refused := fmt.Errorf("open: %w", models.ErrFilesUnavailable.WithCause(cause))
	if !errors.Is(refused, models.ErrFilesUnavailable) || !errors.Is(refused, cause) || errors.Is(refused, models.ErrChatNotFound) {
		t.Errorf("%v is not known by its code and by its cause", refused)
	}
	other := models.ErrUnauthorized.WithDetail("This token opens no session.")
	if !errors.Is(other, models.ErrUnauthorized) || other.Detail != "This token opens no session." || other.Kind != models.Unauthorized {
		t.Errorf("with another sentence it is %+v", other)
	}
	if models.ErrUnauthorized.Detail == other.Detail || models.ErrFilesUnavailable.Unwrap() != nil {
		t.Error("the shared error was changed")
	}
}

// goFiles calls f with every Go file of the program, tests and generated files aside.
func goFiles(t *testing.T, f func(path string, file *ast.File)) {
	t.Helper()
	root, n := "..", 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		n++
		f(filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator))), file)
		return nil
	})
	if err != nil || n < 100 {
		t.Fatalf("read %d files: %v", n, err)
	}
}

// The compiler does not notice a misspelt code in a comparison of strings.
func TestCodesAreNotComparedAsStrings(t *testing.T) {
	t.Parallel()
	goFiles(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			compared, ok := n.(*ast.BinaryExpr)
			if !ok || compared.Op != token.EQL && compared.Op != token.NEQ {
				return true
			}
			call, ok := compared.X.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch called := call.Fun.(type) {
			case *ast.Ident:
				ok = called.Name == "CodeOf"
			case *ast.SelectorExpr:
				ok = called.Sel.Name == "CodeOf"
			default:
				ok = false
			}
			if ok {
				t.Errorf("%s compares models.CodeOf with a string: use errors.Is with an error of models/errors.go", path)
			}
			return true
		})
	})
}

// constraintsOf returns the values of the constants of type constraint in a file.
func constraintsOf(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "constraint" {
			for _, value := range spec.Values {
				name, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, name)
			}
		}
		return true
	})
	if len(names) == 0 {
		t.Fatalf("%s has no constants of type constraint", path)
	}
	return names
}

func TestConstraintNamesAreInOneFileAndInTheSchema(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	var stored []string
	h.must(h.DB().NewRaw(`SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace ORDER BY 1`).Scan(t.Context(), &stored))
	isStored := map[string]bool{}
	for _, name := range stored {
		isStored[name] = true
	}
	for _, name := range constraintsOf(t, "pgerror.go") {
		if !isStored[name] {
			t.Errorf("pgerror.go names the constraint %s, which the schema does not have", name)
		}
	}
	word := regexp.MustCompile(`\w+`)
	goFiles(t, func(path string, file *ast.File) {
		if path == "models/pgerror.go" || path == "migrations/partition.go" { // which changes the schema
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			for _, name := range word.FindAllString(literal.Value, -1) {
				if isStored[name] {
					t.Errorf("%s names the constraint %s, which only models/pgerror.go does", path, name)
				}
			}
			return true
		})
	})
}
