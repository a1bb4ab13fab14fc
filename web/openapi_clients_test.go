package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"parley/web"
)

// openAPITools is the folder of the linters and of the clients that are generated from the document.
const openAPITools = "../tools/openapi"

// servedDocument writes /openapi.json, as a server answers it, and the named files of openAPITools into a folder, and returns the folder.
func servedDocument(t *testing.T, h *testServer, names ...string) string {
	t.Helper()
	folder := t.TempDir()
	write := func(name string, raw []byte) {
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(name)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("openapi.json", h.ask("GET", "/openapi.json", "", nil).want(200).Body)
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(openAPITools, name))
		if err != nil {
			t.Fatal(err)
		}
		write(name, raw)
	}
	return folder
}

// withNodeModules links the npm packages of openAPITools into a folder.
func withNodeModules(t *testing.T, folder string) string {
	t.Helper()
	modules, err := filepath.Abs(filepath.Join(openAPITools, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = os.Stat(modules); err != nil {
		t.Fatalf("%v: `make openapi-tools` installs the packages", err)
	}
	if err = os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return folder
}

// runIn runs a command in a folder and returns its standard output.
func runIn(t *testing.T, folder, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "NO_COLOR=1", "GOWORK=off")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s\n%s", name, strings.Join(args, " "), err, out, problems.String())
	}
	return string(out)
}

func TestOpenAPILint(t *testing.T) {
	t.Parallel()
	folder := withNodeModules(t, servedDocument(t, startServer(t), "redocly.yaml", ".spectral.yaml"))
	t.Run("redocly", func(t *testing.T) {
		t.Parallel()
		raw := runIn(t, folder, "node_modules/.bin/redocly", "lint", "--format=json", "openapi.json")
		var found struct {
			Totals struct{ Errors, Warnings int }
		}
		if err := json.Unmarshal([]byte(raw), &found); err != nil || found.Totals.Errors+found.Totals.Warnings > 0 {
			t.Errorf("%v\n%s", err, raw)
		}
	})
	t.Run("spectral", func(t *testing.T) {
		t.Parallel()
		runIn(t, folder, "node_modules/.bin/spectral", "lint", "--fail-severity=hint", "openapi.json")
	})
}

func TestOpenAPITypeScriptClient(t *testing.T) {
	t.Parallel()
	folder := withNodeModules(t, servedDocument(t, startServer(t), "client.ts", "tsconfig.json", "package.json"))
	runIn(t, folder, "node_modules/.bin/openapi-typescript", "openapi.json", "-o", "schema.d.ts")
	runIn(t, folder, "node_modules/.bin/tsc", "-p", ".")
}

// TestOpenAPIGoClient generates a client with the defaults of oapi-codegen and calls a server with it, at first without an available agent.
func TestOpenAPIGoClient(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	folder := servedDocument(t, h, "goclient/go.mod", "goclient/go.sum", "goclient/main.go")
	if err := os.Mkdir(filepath.Join(folder, "api"), 0o700); err != nil {
		t.Fatal(err)
	}
	runIn(t, folder, "go", "tool", "oapi-codegen", "-package", "api", "-o", "api/api.go", "openapi.json")
	runIn(t, folder, "go", "build", "-o", "goclient", ".")
	call := func() (got map[string]any) {
		if err := json.Unmarshal([]byte(runIn(t, folder, "./goclient", h.url)), &got); err != nil {
			t.Fatal(err)
		}
		if got["health"] != "ok" || got["chat_id"] == "" || got["first_message"] != "Where is my parcel?" ||
			got["problem_code"] != "chat_not_ended" {
			t.Errorf("the client decoded %v", got)
		}
		return got
	}
	if got := call(); got["discriminator"] != "waiting" || got["error"] != "no_available_service" || got["agent"] != "" {
		t.Errorf("a waiting chat is decoded as %v", got)
	}
	h.online("anna")
	if got := call(); got["discriminator"] != "assigned" || got["agent"] == "" || got["error"] != "" {
		t.Errorf("an assigned chat is decoded as %v", got)
	}
}

// generatedName returns a name as generators write it: without separators and case-insensitive.
func generatedName(name string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, name))
}

// TestOpenAPINamesAreDistinct checks that names stay distinct in camel case: generators use one namespace for components of all sections,
// operations and their parameters.
func TestOpenAPINamesAreDistinct(t *testing.T) {
	document, err := web.Document()
	if err != nil {
		t.Fatal(err)
	}
	components := map[string]string{}
	add := func(names map[string]string, section, name string) {
		key := generatedName(name)
		if first, taken := names[key]; taken {
			t.Errorf("%s %s and %s have one name in generated code", section, name, first)
		}
		names[key] = section + " " + name
	}
	for name := range document.Components.Schemas {
		add(components, "schema", name)
	}
	for name := range document.Components.Parameters {
		add(components, "parameter", name)
	}
	for name := range document.Components.Responses {
		add(components, "response", name)
	}
	for name := range document.Components.RequestBodies {
		add(components, "request body", name)
	}
	for name, schema := range document.Components.Schemas {
		for property, of := range schema.Value.Properties { // an inline type is named for its schema and its property
			if of.Ref == "" && (len(of.Value.Enum) > 0 || of.Value.Type.Is("object") && len(of.Value.Properties) > 0) {
				add(components, "property", name+"."+property)
			}
		}
	}
	operations := map[string]string{}
	for path, item := range document.Paths.Map() {
		if len(item.Servers) > 0 {
			t.Errorf("%s has servers of its own, which generators ignore", path)
		}
		for _, operation := range item.Operations() {
			if operation.Servers != nil {
				t.Errorf("%s has servers of its own, which generators ignore", operation.OperationID)
			}
			add(operations, "operation", operation.OperationID)
			parameters := map[string]string{}
			for _, p := range append(item.Parameters[:len(item.Parameters):len(item.Parameters)], operation.Parameters...) {
				name := p.Value.Name
				if own, ok := p.Value.Extensions["x-go-name"].(string); ok {
					name = own
				}
				add(parameters, "parameter of "+operation.OperationID, name)
			}
		}
	}
}

// TestOpenAPINumbersHaveAFormat checks that all numbers have a format. Without one, generators use 32 bits for both kinds of numbers.
func TestOpenAPINumbersHaveAFormat(t *testing.T) {
	document, err := web.Document()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := document.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var whole any
	if err = json.Unmarshal(raw, &whole); err != nil {
		t.Fatal(err)
	}
	formats := map[string][]any{"number": {"double"}, "integer": {"int32", "int64"}}
	numbers := 0
	var visit func(at string, value any)
	visit = func(at string, value any) {
		switch v := value.(type) {
		case []any:
			for i, element := range v {
				visit(fmt.Sprint(at, "/", i), element)
			}
		case map[string]any:
			types, several := v["type"].([]any)
			if !several {
				types = []any{v["type"]}
			}
			for _, name := range types {
				if wanted := formats[fmt.Sprint(name)]; wanted != nil {
					numbers++
					if !slices.Contains(wanted, v["format"]) {
						t.Errorf("%s is a %s of the format %v", at, name, v["format"])
					}
				}
			}
			for key, element := range v {
				visit(at+"/"+key, element)
			}
		}
	}
	visit("", whole)
	if numbers < 50 {
		t.Errorf("only %d numbers were found", numbers)
	}
}
