package text

import (
	"fmt"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// blanks reads texts in which values are named as in {{.Name}}, and nothing else happens: pages say hundreds of them, and with
// text/template that
// was a third of what it took to draw the supervisor's.
type blanks struct{}

// Cacheable is template.Parser's.
func (blanks) Cacheable() bool { return true }

// Parse is template.Parser's. Anything else in braces is refused.
func (blanks) Parse(text, _, _ string) (template.ParsedTemplate, error) {
	var f form
	for {
		before, rest, found := strings.Cut(text, "{{")
		f.said = append(f.said, before)
		if !found {
			return f, nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed || len(name) < 2 || name[0] != '.' || strings.ContainsAny(name[1:], ". (|") {
			return nil, fmt.Errorf("{{%s is no blank", name)
		}
		f.names, text = append(f.names, name[1:]), after
	}
}

// form is a text in pieces: what is said before each blank and after the last.
type form struct{ said, names []string }

// Execute is template.ParsedTemplate's, for pairs of name and value.
func (f form) Execute(data any) (string, error) {
	if len(f.names) == 0 {
		return f.said[0], nil
	}
	pairs, _ := data.([]any)
	var out strings.Builder
	for i, name := range f.names {
		out.WriteString(f.said[i])
		switch v := valueOf(pairs, name).(type) {
		case string:
			out.WriteString(v)
		default:
			fmt.Fprint(&out, v)
		}
	}
	out.WriteString(f.said[len(f.names)])
	return out.String(), nil
}

// valueOf is the value behind a name, nil for none.
func valueOf(pairs []any, name string) any {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1]
		}
	}
	return nil
}
