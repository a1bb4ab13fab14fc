package web_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
)

// schemas are the properties of schemas with numbers that supervisors see.
var figureSchemas = []string{"ReportFigures", "Stats", "QueueEntry", "Load"}

// noFigures are numbers that are no figures: ids, and counts inside lists.
var noFigures = map[string]bool{
	"queue_id":               true,
	"reserved":               true,
	"is_break_over":          true,
	"has_extra_chat":         true,
	"regular_max_concurrent": true,
	"user_is_verified":       true,
}

// TestEveryFigureIsDefined holds the definitions together with the document of the JSON, the files and the pages: a number without a
// definition fails, as does a definition that says something else than the document.
func TestEveryFigureIsDefined(t *testing.T) {
	t.Parallel()
	byJSON, byColumn, keys := map[string]view.Figure{}, map[string]view.Figure{}, map[string]bool{}
	for _, f := range view.Figures {
		if keys[f.Key] {
			t.Errorf("%s is defined twice", f.Key)
		}
		keys[f.Key] = true
		for _, lang := range []string{text.English, text.Chinese} {
			for _, part := range []string{"name", "means"} {
				if key := "figure." + f.Key + "." + part; text.In(lang, key) == key {
					t.Errorf("%s has no %s in %s", f.Key, part, lang)
				}
			}
		}
		for _, j := range f.JSON {
			byJSON[j] = f
		}
		for _, c := range f.Columns {
			byColumn[c] = f
		}
		if f.Set != "" && !slices.Contains(view.ReportSets, f.Set) {
			t.Errorf("%s is in the unknown part %s", f.Key, f.Set)
		}
	}
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]map[string]any }
		}
	}
	if err := yaml.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, schema := range figureSchemas {
		for name, property := range document.Components.Schemas[schema].Properties {
			kind, ref := fmt.Sprint(property["type"]), fmt.Sprint(property["$ref"])
			if noFigures[name] ||
				!strings.Contains(kind, "integer") && !strings.Contains(kind, "number") && !strings.HasSuffix(ref, "/Spread") {
				continue
			}
			f, ok := byJSON[schema+"."+name]
			used[schema+"."+name] = true
			if !ok {
				t.Errorf("%s.%s has no definition", schema, name)
			} else if want := text.In(text.English, "figure."+f.Key+".means"); property["description"] != want {
				t.Errorf("%s.%s is described as %q, defined as %q", schema, name, property["description"], want)
			}
		}
	}
	for j := range byJSON {
		if !used[j] {
			t.Errorf("%s is defined but not in the document", j)
		}
	}
	figuresOfFiles(t, keys, byColumn)
}

// figuresOfFiles compares the columns of files, and what pages mark as figures, with the definitions.
func figuresOfFiles(t *testing.T, keys map[string]bool, byColumn map[string]view.Figure) {
	t.Helper()
	h := startServer(t)
	anna, _ := h.agent("anna", models.RoleAgent)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	past(t, h.desk, anna.ID, time.Now().Add(-time.Hour))
	countReports(t, h.desk)
	for file, others := range map[string][]string{
		"reports": {"day", "key", "from_utc", "to_utc", "from_local", "to_local", "time_zone"},
		"queue":   {"name", "department", "queued_at", "why_waiting", "is_verified"}, "day": {"minute"}, "counts": {"kind", "name"},
	} {
		head, _, _ := strings.Cut(string(h.browse("GET", "/supervisor/"+file+".csv", ruth, nil).want(200).Body), "\n")
		for _, column := range strings.Split(strings.TrimPrefix(strings.TrimSpace(head), "\ufeff"), ",") {
			_, isDefined := byColumn[file+"."+column]
			if !slices.Contains(others, column) && !isDefined && (file != "reports" || !keys[column]) {
				t.Errorf("the column %s of %s.csv has no definition", column, file)
			}
		}
	}
	definitions := string(h.browse("GET", "/supervisor/definitions?lang=en", ruth, nil).want(200).Body)
	marked := regexp.MustCompile(`data-figure="([^"]*)"`)
	for path, numbers := range map[string]*regexp.Regexp{
		"/supervisor": regexp.MustCompile(`class="tile-n|<dt>`), "/supervisor/reports?show=volume": regexp.MustCompile(`<dt>|<th scope="col" class="t-r">`),
		"/supervisor/reports?show=presence": regexp.MustCompile(`<dt>|<th scope="col" class="t-r">`),
	} {
		page := string(h.browse("GET", path, ruth, nil).want(200).Body)
		found := marked.FindAllStringSubmatch(page, -1)
		if n := len(numbers.FindAllString(page, -1)); n == 0 || len(found) < n {
			t.Errorf("%s has %d figures, of which %d lead to a definition", path, n, len(found))
		}
		for _, m := range found {
			if !keys[m[1]] || !strings.Contains(definitions, `<div id="`+m[1]+`"`) {
				t.Errorf("%s shows %q, which has no definition", path, m[1])
			}
			if !strings.Contains(page, `/supervisor/definitions#`+m[1]+`"`) {
				t.Errorf("%s shows %s without a way to its definition", path, m[1])
			}
		}
	}
}
