package text

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Override is a public text as a company has written it, in one language. Key is that of the catalogue; a plural form follows it as in
// "chat.new_messages.one".
type Override struct{ Lang, Key, Text string }

// Overrides are the texts of a company in place of those of the catalogue. Nil has none.
type Overrides struct {
	values     map[string]map[string]any // by language and key: a text, or a map of all plural forms
	localizers map[string]*i18n.Localizer
	words      sync.Map // what Words returned
}

// NewOverrides returns the texts of a list, in which a later one takes the place of an earlier one with the same key. What does not fit the
// catalogue, such as texts of another release, is left out.
func NewOverrides(list []Override) *Overrides {
	o := &Overrides{values: map[string]map[string]any{}, localizers: map[string]*i18n.Localizer{}}
	for _, one := range list {
		key, form := splitForm(one.Lang, one.Key)
		value, found := catalogues()[one.Lang][key]
		if !found || !isOverridable(key) || UnknownPlaceholder(one.Text, placeholdersOf(key)) != "" {
			continue
		}
		if _, plural := value.(map[string]any); plural != (form != "") {
			continue
		}
		if o.values[one.Lang] == nil {
			o.values[one.Lang] = map[string]any{}
		}
		if form == "" {
			o.values[one.Lang][key] = one.Text
			continue
		}
		forms, begun := o.values[one.Lang][key].(map[string]any)
		if !begun {
			forms = map[string]any{}
			for name, text := range value.(map[string]any) {
				forms[name] = text
			}
			o.values[one.Lang][key] = forms
		}
		forms[form] = one.Text
	}
	for lang, values := range o.values {
		bundle := i18n.NewBundle(language.English)
		for key, value := range values {
			if err := bundle.AddMessages(language.MustParse(lang), messageOf(key, value)); err != nil {
				panic(err) // all languages have plural rules
			}
		}
		o.localizers[lang] = i18n.NewLocalizer(bundle, lang)
	}
	return o
}

func messageOf(key string, value any) *i18n.Message {
	m := &i18n.Message{ID: key}
	forms, plural := value.(map[string]any)
	if !plural {
		m.Other = value.(string)
		return m
	}
	for name, field := range map[string]*string{
		"zero": &m.Zero, "one": &m.One, "two": &m.Two, "few": &m.Few, "many": &m.Many, "other": &m.Other,
	} {
		*field, _ = forms[name].(string)
	}
	return m
}

// say returns the text of a key as the company has written it, false for one that is as in the catalogue.
func (o *Overrides) say(lang, key string, pairs []any) (string, bool) {
	if o == nil || o.values[lang][key] == nil {
		return "", false
	}
	return localizeBy(o.localizers[lang], key, pairs)
}

// valueOf returns the text of a key, or all its plural forms, as the company has written it, or else usual.
func (o *Overrides) valueOf(lang, key string, usual any) any {
	if o == nil || o.values[lang][key] == nil {
		return usual
	}
	return o.values[lang][key]
}

// builtIn are public texts that are part of a built script, the same for every site.
var builtIn = []string{"emoji.", "widget.loader."}

// isOverridable reports whether a company can write the text of a key itself.
func isOverridable(key string) bool { return IsPublic(key) && !isOneOf(builtIn, key) }

type overridesKey struct{}

// WithOverrides returns a context in which T and Words use the texts of a company. current is asked for each text, so that a live stream
// uses what has changed since it began; it may return nil.
func WithOverrides(ctx context.Context, current func() *Overrides) context.Context {
	return context.WithValue(ctx, overridesKey{}, current)
}

func overridesOf(ctx context.Context) *Overrides {
	if current, ok := ctx.Value(overridesKey{}).(func() *Overrides); ok {
		return current()
	}
	return nil
}

// splitForm separates the plural form from a key; it is "" for a text without plural forms.
func splitForm(lang, key string) (base, form string) {
	if i := strings.LastIndexByte(key, '.'); i > 0 {
		if forms, ok := catalogues()[lang][key[:i]].(map[string]any); ok && forms[key[i+1:]] != nil {
			return key[:i], key[i+1:]
		}
	}
	return key, ""
}

// Default is a public text as the catalogue has it, in one language.
type Default struct {
	Key          string // with its plural form, as in Override
	Text         string
	Placeholders []string // the names of values that it may contain, as {{.Name}}
}

// Defaults returns all texts of a language that a company can override, by key. An unknown language has none.
func Defaults(lang string) []Default {
	var all []Default
	for key, value := range catalogues()[lang] {
		if !isOverridable(key) {
			continue
		}
		if text, ok := value.(string); ok {
			all = append(all, Default{key, text, placeholdersOf(key)})
			continue
		}
		for form, text := range value.(map[string]any) {
			all = append(all, Default{key + "." + form, text.(string), placeholdersOf(key)})
		}
	}
	slices.SortFunc(all, func(a, b Default) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// DefaultOf returns the text of a key, with its plural form, in a language as the catalogue has it; false if there is none that a company
// can override.
func DefaultOf(lang, key string) (Default, bool) {
	base, form := splitForm(lang, key)
	value, found := catalogues()[lang][base]
	if !found || !isOverridable(base) {
		return Default{}, false
	}
	if forms, plural := value.(map[string]any); plural {
		if form == "" {
			return Default{}, false
		}
		value = forms[form]
	}
	return Default{key, value.(string), placeholdersOf(base)}, true
}

// placeholdersOf returns the names that the texts of a key may contain: those that any language uses, since all are passed.
func placeholdersOf(key string) []string {
	var names []string
	for _, catalogue := range catalogues() {
		switch value := catalogue[key].(type) {
		case string:
			names = append(names, Placeholders(value)...)
		case map[string]any:
			for _, text := range value {
				names = append(names, Placeholders(text.(string))...)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Placeholders returns the names of the values in a text, as {{.Name}}. Nil stands also for a text with braces that name no value.
func Placeholders(text string) []string {
	parsed, err := blanks{}.Parse(text, "", "")
	if err != nil {
		return nil
	}
	return parsed.(form).names
}

// UnknownPlaceholder returns what in a text stands in braces and is none of the allowed names, "" if there is nothing.
func UnknownPlaceholder(text string, allowed []string) string {
	parsed, err := blanks{}.Parse(text, "", "")
	if err != nil {
		_, rest, _ := strings.Cut(text, "{{")
		name, _, _ := strings.Cut(rest, "}}")
		return "{{" + name + "}}"
	}
	for _, name := range parsed.(form).names {
		if !slices.Contains(allowed, name) {
			return "{{." + name + "}}"
		}
	}
	return ""
}
