// Package text holds every word that Parley shows, in each of its languages.
//
// Keys are grouped by the room that uses them: ui, chat, widget, workbench, supervisor, admin, login, and
// error.<code> and system.<kind> for problems and for lines that the system says in a chat. A key must not end in
// a plural word (one, few, many, other …) since the files use those for plural forms.
package text

import (
	"context"
	"embed"
	"fmt"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// The languages of the catalogue, as written in the lang attribute of a page.
const (
	English = "en"
	Chinese = "zh-CN"
)

//go:embed en.toml zh-CN.toml
var files embed.FS

// matcher chooses a language; the first one wins ties, so English is the answer when none matches.
var matcher = language.NewMatcher([]language.Tag{language.English, language.SimplifiedChinese})

// localizers reads the catalogues when the first text is needed, so that commands that show none do not read them. It panics when an
// embedded file
// cannot be read, which every test of texts rules out.
var localizers = sync.OnceValue(func() map[string]*i18n.Localizer {
	bundle := readBundle()
	return map[string]*i18n.Localizer{
		English: i18n.NewLocalizer(bundle, English),
		Chinese: i18n.NewLocalizer(bundle, Chinese, English),
	}
})

func readBundle() *i18n.Bundle {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, name := range []string{English + ".toml", Chinese + ".toml"} {
		if _, err := b.LoadMessageFileFS(files, name); err != nil {
			panic(fmt.Sprintf("text: %s: %v", name, err))
		}
	}
	return b
}

type langKey struct{}

// With returns a context in which T speaks lang. An unknown language is English.
func With(ctx context.Context, lang string) context.Context {
	return context.WithValue(ctx, langKey{}, known(lang))
}

// Lang tells the language of the context, "en" or "zh-CN".
func Lang(ctx context.Context) string {
	if lang, ok := ctx.Value(langKey{}).(string); ok {
		return lang
	}
	return English
}

// T says key in the language of the context. See In.
func T(ctx context.Context, key string, pairs ...any) string {
	return In(Lang(ctx), key, pairs...)
}

// In says key in lang, with the pairs of name and value put into the text. A value named Count also chooses the
// plural form. A key that is not in the catalogue is returned as it is, so that the hole can be seen.
func In(lang, key string, pairs ...any) string {
	if len(pairs) > 0 {
		return localize(lang, key, pairs)
	}
	name := word{known(lang), key}
	if said, ok := plain.Load(name); ok {
		return said.(string)
	}
	said := localize(lang, key, nil)
	if said != key { // the keys of the catalogue are few; what is not in it may be anything
		plain.Store(name, said)
	}
	return said
}

type word struct{ lang, key string }

// plain are the texts into which nothing is put, by word.
var plain sync.Map

func localize(lang, key string, pairs []any) string {
	cfg := i18n.LocalizeConfig{MessageID: key, TemplateParser: blanks{}}
	if len(pairs) > 0 {
		cfg.TemplateData, cfg.PluralCount = pairs, valueOf(pairs, "Count")
	}
	said, err := localizers()[known(lang)].Localize(&cfg)
	if err != nil && said == "" {
		return key
	}
	return said
}

// Match chooses the language for a request: forced if it is one of ours, else the best of an Accept-Language header.
func Match(acceptLanguage, forced string) string {
	if tag, err := language.Parse(forced); err == nil && forced != "" {
		if _, i, c := matcher.Match(tag); c > language.Low {
			return byIndex(i)
		}
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return English
	}
	_, i, _ := matcher.Match(tags...)
	return byIndex(i)
}

func byIndex(i int) string {
	if i == 1 {
		return Chinese
	}
	return English
}

func known(lang string) string {
	if lang == Chinese {
		return Chinese
	}
	return English
}
