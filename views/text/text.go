// Package text has every text that Parley shows, in each of its languages. English and Chinese have all of them, the other languages those
// that users see (see IsPublic).
//
// Keys are grouped by the part that uses them: ui, chat, widget, workbench, supervisor, admin, login, and error.<code> and system.<kind>
// for problems and for system messages in a chat. A key must not end in a plural word (one, few, many, other …) since the files use those
// for plural forms.
package text

import (
	"context"
	"embed"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// localizers reads the catalogues when the first text is needed, so that commands that show none do not read them. It panics when an
// embedded file cannot be read, which every test of texts rules out.
var localizers = sync.OnceValue(func() map[string]*i18n.Localizer {
	bundle := readBundle()
	all := map[string]*i18n.Localizer{}
	for _, l := range Languages {
		all[l.Tag] = i18n.NewLocalizer(bundle, l.Tag, English)
	}
	return all
})

func readBundle() *i18n.Bundle {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, l := range Languages {
		if _, err := b.LoadMessageFileFS(files, l.Tag+".toml"); err != nil {
			panic(fmt.Sprintf("text: %s: %v", l.Tag, err))
		}
	}
	return b
}

type langKey struct{}

// With returns a context with the language of T. An unknown language becomes English.
func With(ctx context.Context, lang string) context.Context {
	return context.WithValue(ctx, langKey{}, known(lang))
}

// Lang returns the language of the context, the tag of one of Languages.
func Lang(ctx context.Context) string {
	if lang, ok := ctx.Value(langKey{}).(string); ok {
		return lang
	}
	return English
}

// Like returns a context with the language and the texts of another one.
func Like(ctx, other context.Context) context.Context {
	ctx = With(ctx, Lang(other))
	if current, ok := other.Value(overridesKey{}).(func() *Overrides); ok {
		ctx = WithOverrides(ctx, current)
	}
	return ctx
}

// T returns the text of a key in the language of the context: that of the company, if the context has one (see WithOverrides), or else that
// of In.
func T(ctx context.Context, key string, pairs ...any) string {
	lang := Lang(ctx)
	if said, ok := overridesOf(ctx).say(lang, key, pairs); ok {
		return said
	}
	return In(lang, key, pairs...)
}

// In returns the text of a key in lang, with the values of the pairs (name, value, name, value …). A value named Count also chooses the
// plural form. A key that is not in the catalogue is returned unchanged, so that the gap is visible.
func In(lang, key string, pairs ...any) string {
	if len(pairs) > 0 {
		return localize(lang, key, pairs)
	}
	name := word{known(lang), key}
	if said, ok := plain.Load(name); ok {
		return said.(string)
	}
	said := localize(lang, key, nil)
	if said != key && missing.Load() == nil { // only keys of the catalogue, whose number is bounded
		plain.Store(name, said)
	}
	return said
}

type word struct{ lang, key string }

// plain caches the texts without values.
var plain sync.Map

func localize(lang, key string, pairs []any) string {
	lang = known(lang)
	said, ok := localizeBy(localizers()[lang], key, pairs)
	if !ok {
		return key
	}
	if seen := missing.Load(); seen != nil && lang != English {
		if _, translated := catalogues()[lang][key]; !translated {
			(*seen)(lang, key)
		}
	}
	return said
}

// Translated returns the text of a key in the language of the context, and false if there is none in it, or if it is English and the
// company has not written it. A message in English that says more than the catalogue is then kept.
func Translated(ctx context.Context, key string) (string, bool) {
	lang := Lang(ctx)
	if said, ok := overridesOf(ctx).say(lang, key, nil); ok {
		return said, true
	}
	if _, found := catalogues()[lang][key]; !found || lang == English {
		return "", false
	}
	return In(lang, key), true
}

func localizeBy(localizer *i18n.Localizer, key string, pairs []any) (string, bool) {
	cfg := i18n.LocalizeConfig{MessageID: key, TemplateParser: blanks{}}
	if len(pairs) > 0 {
		cfg.TemplateData, cfg.PluralCount = pairs, valueOf(pairs, "Count")
	}
	said, err := localizer.Localize(&cfg)
	return said, err == nil || said != ""
}

// missing is called with each text that is shown in English because a language lacks it.
var missing atomic.Pointer[func(lang, key string)]

// OnMissing sets a function that is called with each text that is shown in English because a language lacks it, nil for none. Tests use it
// to find texts of the staff on public pages. It may be called at the same time from several goroutines.
func OnMissing(seen func(lang, key string)) {
	if seen == nil {
		missing.Store(nil)
		return
	}
	missing.Store(&seen)
}

func known(lang string) string {
	if IsLanguage(lang) {
		return lang
	}
	return English
}
