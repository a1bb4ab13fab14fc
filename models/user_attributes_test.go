package models_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"parley/models"
)

func TestAttributesAreFlatAndBounded(t *testing.T) {
	t.Parallel()
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf(`"a%d":1`, i)
	}
	for what, raw := range map[string]string{
		"no object":              `["plan"]`,
		"text":                   `"plan"`,
		"21 values":              "{" + strings.Join(many, ",") + "}",
		"an object inside":       `{"plan":{"name":"pro"}}`,
		"a list inside":          `{"plan":["pro"]}`,
		"null inside":            `{"plan":null}`,
		"a name that is empty":   `{"":1}`,
		"a name of 51":           `{"` + strings.Repeat("a", 51) + `":1}`,
		"a name with a space":    `{"a b":1}`,
		"a name that is Chinese": `{"级别":1}`,
		"a name twice":           `{"plan":1,"plan":2}`,
		"a text of 201":          `{"plan":"` + strings.Repeat("字", 201) + `"}`,
		"NUL":                    `{"plan":"a\u0000b"}`,
		"half of a character":    `{"plan":"\ud800"}`,
		"bad UTF-8":              "{\"plan\":\"\xff\"}",
		"a huge number":          `{"plan":1e300}`,
		"a number of 21":         `{"plan":1.2345678901234567890}`,
		"what is cut":            `{"plan":1`,
	} {
		if a, err := models.ParseAttributes([]byte(raw)); models.CodeOf(err) != "validation_failed" {
			t.Errorf("%s is %v, %v", what, a, err)
		}
	}
	a, err := models.ParseAttributes([]byte(`{"plan":" pro\nplus ","seats":12345678901,"trial":false,"` + strings.Repeat("a", 50) + `":"` +
		strings.Repeat("字", 200) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := models.Attributes{
		"plan": "pro plus", "seats": json.Number("12345678901"), "trial": false, strings.Repeat("a", 50): strings.Repeat("字", 200),
	}
	if !maps.Equal(a, want) {
		t.Errorf("the attributes are %v, want %v", a, want)
	}
}

func TestAttributesAreReplacedWholeOrLeft(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.online(h.agent("anna", 1))
	sign := func(a models.Attributes) *models.User {
		t.Helper()
		u, err := h.EnsureUser(t.Context(), models.Identity{ID: "maria", Name: "Maria", Verified: true, Attributes: a})
		h.must(err)
		return u
	}
	sign(models.Attributes{"plan": "pro", "seats": json.Number("3")})
	chatID := h.ask("maria").Chat.ID
	h.settle()
	sign(nil)
	for _, step := range []struct {
		given, want models.Attributes
		announced   bool
	}{
		{nil, models.Attributes{"plan": "pro", "seats": json.Number("3")}, false},
		{models.Attributes{"seats": json.Number("3"), "plan": "pro"}, models.Attributes{"plan": "pro", "seats": json.Number("3")}, false},
		{models.Attributes{"plan": "team"}, models.Attributes{"plan": "team"}, true},
		{models.Attributes{}, models.Attributes{}, true},
	} {
		before := len(h.changes(chatID))
		if got := sign(step.given).Attributes; !maps.Equal(got, step.want) {
			t.Errorf("after %v the attributes are %v, want %v", step.given, got, step.want)
		}
		changes := h.changes(chatID)
		if (len(changes) > before) != step.announced {
			t.Errorf("after %v announced: %v", step.given, len(changes) > before)
		}
		if step.announced && !maps.Equal(changes[len(changes)-1].User.Attributes, step.want) {
			t.Errorf("announced are %v", changes[len(changes)-1].User.Attributes)
		}
	}
	// The schema refuses what the rules would let through.
	for _, raw := range []string{`[]`, `{"a":[1]}`, `{"a":{}}`, `{"a":null}`} {
		if _, err := h.DB().NewRaw(`UPDATE users SET attributes = ?::jsonb WHERE id = 'maria'`, raw).Exec(t.Context()); err == nil {
			t.Errorf("%s is stored", raw)
		}
	}
}
