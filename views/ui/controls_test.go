package ui_test

import (
	"strings"
	"testing"

	"parley/views/ui"
)

func TestAFieldSaysWhetherItIsValid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field ui.FieldData
		want  string
	}{
		{ui.FieldData{ID: "a"}, ""},
		{ui.FieldData{ID: "a", Required: true}, `aria-invalid="false"`},
		{ui.FieldData{ID: "a", Error: "Too long."}, `aria-invalid="true"`},
		{ui.FieldData{ID: "a", Required: true, Error: "Too long."}, `aria-invalid="true"`},
	} {
		var html strings.Builder
		if err := ui.Field(c.field).Render(t.Context(), &html); err != nil {
			t.Fatal(err)
		}
		got := html.String()
		wanted := 1
		if c.want == "" {
			wanted = 0
		}
		if strings.Count(got, "aria-invalid") != wanted || !strings.Contains(got, c.want) || strings.Contains(got, " else") {
			t.Errorf("%+v: %s", c.field, got)
		}
	}
}
