package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/web"
)

// answeringPackages are the packages whose errors become problem documents.
var answeringPackages = []string{".", "kit", "auth", "api", "chat", "widget", "workbench", "supervisor", "admin", "account", "../models"}

// TestOpenAPIListsEveryCode collects every code that the source can put into a problem and finds it in the document, and no other.
func TestOpenAPIListsEveryCode(t *testing.T) {
	t.Parallel()
	document, err := web.Document()
	if err != nil {
		t.Fatal(err)
	}
	codes := codesOfSource(t)
	for _, known := range []string{"chat_ended", "csrf_failed", "file_broken", "method_not_allowed", "timeout", "own_message", "identity_required"} {
		if !slices.Contains(codes, known) {
			t.Errorf("the source was read without finding %s", known)
		}
	}
	written := listed(t, document, "ProblemCode")
	for _, code := range codes {
		if !slices.Contains(written, code) {
			t.Errorf("the code %s can be answered and is not listed", code)
		}
	}
	for _, code := range written {
		if !slices.Contains(codes, code) {
			t.Errorf("the code %s is listed and not in the source", code)
		}
	}
}

// codesOfSource returns the values of fields and variables named code, of the parameters named code of functions, and of the table of refusals.
func codesOfSource(t *testing.T) []string {
	t.Helper()
	var files []*ast.File
	set := token.NewFileSet()
	for _, folder := range answeringPackages {
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	var codes []string
	found := func(e ast.Expr) {
		if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if value, err := strconv.Unquote(literal.Value); err == nil && value != "" {
				codes = append(codes, value)
			}
		}
	}
	takesCode := functionsTakingACode(files)
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "code") {
					found(n.Value)
				}
				if status, ok := n.Key.(*ast.SelectorExpr); ok && strings.HasPrefix(status.Sel.Name, "Status") { // refusals
					if entry, ok := n.Value.(*ast.CompositeLit); ok && len(entry.Elts) == 2 {
						found(entry.Elts[0])
					}
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if of, ok := left.(*ast.SelectorExpr); ok && of.Sel.Name == "Code" && len(n.Lhs) == len(n.Rhs) {
						found(n.Rhs[i])
					}
				}
			case *ast.CallExpr:
				if name := calledName(n); name != "" {
					if at, ok := takesCode[name]; ok && at < len(n.Args) {
						found(n.Args[at])
					}
				}
			}
			return true
		})
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// functionsTakingACode returns where the parameter named code is of each function, named or kept in a variable. Those that take a field as well are
// about the codes of fields.
func functionsTakingACode(files []*ast.File) map[string]int {
	all := map[string]int{}
	add := func(name string, of *ast.FuncType) {
		position, code, field := 0, -1, false
		for _, group := range of.Params.List {
			for _, param := range group.Names {
				if param.Name == "code" {
					code = position
				}
				field = field || param.Name == "field"
				position++
			}
		}
		if code >= 0 && !field {
			all[name] = code
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				add(n.Name.Name, n.Type)
			case *ast.AssignStmt:
				for i, right := range n.Rhs {
					if function, ok := right.(*ast.FuncLit); ok && i < len(n.Lhs) {
						if name, ok := n.Lhs[i].(*ast.Ident); ok {
							add(name.Name, function.Type)
						}
					}
				}
			}
			return true
		})
	}
	return all
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
