package web_test

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/web"
)

// strictDocument is the OpenAPI document in which objects have only the documented fields, except for those with additionalProperties.
var strictDocument = sync.OnceValues(func() (*openapi3.T, error) {
	document, err := web.Document()
	if err != nil {
		return nil, err
	}
	raw, err := document.MarshalJSON()
	if err != nil {
		return nil, err
	}
	strict, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, err
	}
	no := false
	for _, schema := range strict.Components.Schemas {
		if s := schema.Value; s.Type.Is("object") && len(s.Properties) > 0 && s.AdditionalProperties.Has == nil {
			s.AdditionalProperties.Has = &no
		}
	}
	return strict, nil
})

// checkAgainstDocument checks a response against the document: the path, the method, the status, the type and every field.
func checkAgainstDocument(t *testing.T, r *http.Request, got *http.Response, body []byte) {
	t.Helper()
	path := r.URL.EscapedPath()
	rooted := path == "/openapi.json" || path == "/healthz" || path == "/readyz" || path == "/metrics"
	if !rooted && !strings.HasPrefix(path, "/api/") || got.StatusCode == http.StatusMethodNotAllowed || r.Method == http.MethodOptions ||
		r.Method == http.MethodHead {
		return
	}
	document, err := strictDocument()
	if err != nil {
		t.Fatal(err)
	}
	path = documentPath(path)
	item := pathItem(document, path)
	if item == nil || item.GetOperation(r.Method) == nil {
		if got.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s answered %d and is not in web/openapi.yaml", r.Method, path, got.StatusCode)
		}
		return
	}
	responses := item.GetOperation(r.Method).Responses
	response := responses.Value(strconv.Itoa(got.StatusCode))
	if response == nil {
		t.Errorf("%s %s answered %d, which web/openapi.yaml does not name: %s", r.Method, path, got.StatusCode, body)
		return
	}
	for name, header := range response.Value.Headers {
		if header.Value.Required && got.Header.Get(name) == "" {
			t.Errorf("%s %s answered %d without %s", r.Method, path, got.StatusCode, name)
		}
	}
	if len(response.Value.Content) == 0 {
		if len(body) > 0 {
			t.Errorf("%s %s answered %d with a body: %s", r.Method, path, got.StatusCode, body)
		}
		return
	}
	kind, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	media := response.Value.Content[kind]
	if err != nil || media == nil {
		t.Errorf("%s %s answered with %q", r.Method, path, got.Header.Get("Content-Type"))
		return
	}
	if !strings.HasSuffix(kind, "json") || kind == "application/x-ndjson" { // lines, which docs/export.md describes
		return
	}
	if params["charset"] != "utf-8" {
		t.Errorf("%s %s answered with the charset %q", r.Method, path, params["charset"])
	}
	checkSchema(t, r.Method+" "+path, media.Schema.Value, body)
	if kind == "application/problem+json" {
		checkCodes(t, document, body)
	}
}

// checkCodes checks that the codes of a problem are listed; its schema lets others pass, as clients must.
func checkCodes(t *testing.T, document *openapi3.T, body []byte) {
	t.Helper()
	var p struct {
		Code   string            `json:"code"`
		Errors map[string]string `json:"errors"`
	}
	if err := json.Unmarshal(body, &p); err != nil {
		t.Error(err)
	}
	if !slices.Contains(listed(t, document, "ProblemCode"), p.Code) {
		t.Errorf("the code %q is not listed in the schema ProblemCode", p.Code)
	}
	for field, code := range p.Errors {
		if !slices.Contains(listed(t, document, "FieldCode"), code) {
			t.Errorf("the code %q of the field %s is not listed in the schema FieldCode", code, field)
		}
	}
}

// listed returns the values of an open enumeration.
func listed(t *testing.T, document *openapi3.T, schema string) []string {
	t.Helper()
	values, _ := document.Components.Schemas[schema].Value.Extensions["x-extensible-enum"].([]any)
	all := make([]string, len(values))
	for i, value := range values {
		all[i], _ = value.(string)
	}
	if len(all) == 0 || !slices.IsSorted(all) && schema == "ProblemCode" {
		t.Errorf("the schema %s lists %v; it must be sorted", schema, all)
	}
	return all
}

// compiledSchemas are the schemas that were used, by the *openapi3.Schema. To compile one takes longer than a request.
var compiledSchemas sync.Map

// compileSchema returns a schema of the strict document that can be checked. Its references are those of the document.
func compileSchema(document *openapi3.T, schema *openapi3.Schema) (*jsonschema.Schema, error) {
	if known, found := compiledSchemas.Load(schema); found {
		return known.(*jsonschema.Schema), nil
	}
	root := map[string]any{}
	for _, part := range []any{schema, map[string]any{"components": map[string]any{"schemas": document.Components.Schemas}}} {
		raw, err := json.Marshal(part)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &root); err != nil {
			return nil, err
		}
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	for format, bits := range map[string]int{"int32": 32, "int64": 64} {
		compiler.RegisterFormat(&jsonschema.Format{Name: format, Validate: func(v any) error {
			number, isNumber := v.(json.Number)
			if !isNumber {
				return nil
			}
			_, err := strconv.ParseInt(number.String(), 10, bits)
			return err
		}})
	}
	if err := compiler.AddResource("openapi.json", root); err != nil {
		return nil, err
	}
	compiled, err := compiler.Compile("openapi.json")
	if err == nil {
		compiledSchemas.Store(schema, compiled)
	}
	return compiled, err
}

func checkSchema(t *testing.T, what string, schema *openapi3.Schema, body []byte) {
	t.Helper()
	document, err := strictDocument()
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := compileSchema(document, schema)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Errorf("%s: %v in %q", what, err, body)
		return
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%s is not what web/openapi.yaml says: %v\n%s", what, err, body)
	}
}

// documentPath returns the path in the document. A path that is served under both prefixes is documented once, under /api.
func documentPath(path string) string {
	if rest, found := strings.CutPrefix(path, "/api/users/"); found {
		return "/api/" + rest
	}
	return path
}

func pathItem(document *openapi3.T, path string) *openapi3.PathItem {
	if exact := document.Paths.Value(path); exact != nil {
		return exact
	}
	parts := strings.Split(path, "/")
	for template, item := range document.Paths.Map() {
		wanted := strings.Split(template, "/")
		same := len(wanted) == len(parts)
		for i := 0; same && i < len(parts); i++ {
			same = wanted[i] == parts[i] || strings.HasPrefix(wanted[i], "{") && parts[i] != ""
		}
		if same {
			return item
		}
	}
	return nil
}

// checkEvent checks an event against its schema and the events that the document lists for the stream at that path.
func checkEvent(t *testing.T, path string, e event) {
	t.Helper()
	document, err := strictDocument()
	if err != nil {
		t.Fatal(err)
	}
	path, _, _ = strings.Cut(path, "?")
	item := pathItem(document, documentPath(path))
	if item == nil || item.Get == nil {
		t.Errorf("the stream %s is not in web/openapi.yaml", path)
		return
	}
	stream := item.Get.Responses.Value("200").Value.Content["text/event-stream"].Schema.Value.Items.Value
	whole, found := stream.Discriminator.Mapping[e.Name]
	if !found {
		t.Errorf(
			"the event %q of %s is not in web/openapi.yaml: add it to oneOf and mapping of its stream, such as UserEvent",
			e.Name,
			path,
		)
		return
	}
	asObject := `{"event":` + strconv.Quote(e.Name) + `,"data":` + e.Data + `}`
	if e.ID != "" {
		asObject = strings.TrimSuffix(asObject, "}") + `,"id":` + strconv.Quote(e.ID) + `}`
	}
	checkSchema(
		t,
		"event "+e.Name,
		document.Components.Schemas[strings.TrimPrefix(whole.Ref, "#/components/schemas/")].Value,
		[]byte(asObject),
	)
	if e.Name == "message" && e.ID == "" {
		t.Errorf("a message came without a cursor: %s", e.Data)
	}
}

func TestTheDocumentIsValidAndNamesTheTable(t *testing.T) {
	document, err := web.Document()
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Error(err)
	}
	written := map[string]bool{}
	for path, item := range document.Paths.Map() {
		path = strings.TrimPrefix(path, "/api")
		for method := range item.Operations() {
			written[method+" "+path] = true
		}
	}
	for _, served := range web.Endpoints() {
		if !written[served] {
			t.Errorf("%s is served and not in web/openapi.yaml", served)
		}
		delete(written, served)
	}
	for path := range written {
		t.Errorf("%s is in web/openapi.yaml and not served", path)
	}
}
