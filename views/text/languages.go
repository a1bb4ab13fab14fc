package text

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/text/language"
)

// The languages that pages of the staff have too. The others are those of users only.
const (
	English = "en"
	Chinese = "zh-CN"
)

// Language is one of the languages of the widget, its mails and the other public pages.
type Language struct {
	Tag   string // as written in the lang attribute of a page
	Name  string // as its speakers call it
	IsRTL bool   // written from right to left
}

// Languages are the languages of public texts. Each has a catalogue in the file with its tag. The first one is the answer where none
// matches.
var Languages = []Language{
	{Tag: English, Name: "English"},
	{Tag: Chinese, Name: "简体中文"},
	{Tag: "zh-TW", Name: "繁體中文"},
	{Tag: "es", Name: "Español"},
	{Tag: "pt-BR", Name: "Português (Brasil)"},
	{Tag: "fr", Name: "Français"},
	{Tag: "de", Name: "Deutsch"},
	{Tag: "it", Name: "Italiano"},
	{Tag: "ja", Name: "日本語"},
	{Tag: "ko", Name: "한국어"},
	{Tag: "ru", Name: "Русский"},
	{Tag: "tr", Name: "Türkçe"},
	{Tag: "ar", Name: "العربية", IsRTL: true},
	{Tag: "he", Name: "עברית", IsRTL: true},
	{Tag: "hi", Name: "हिन्दी"},
	{Tag: "id", Name: "Bahasa Indonesia"},
}

// byTag finds a language by its tag.
var byTag = sync.OnceValue(func() map[string]Language {
	all := map[string]Language{}
	for _, l := range Languages {
		all[l.Tag] = l
	}
	return all
})

// IsRTL reports whether the language of the context is written from right to left.
func IsRTL(ctx context.Context) bool { return byTag()[Lang(ctx)].IsRTL }

// IsLanguage reports whether a tag is exactly that of one of Languages.
func IsLanguage(tag string) bool {
	_, ok := byTag()[tag]
	return ok
}

// choice is a set of languages to choose from. The first one is the answer when none matches.
type choice struct {
	tags    []string
	matcher language.Matcher
}

func choiceOf(tags []string) choice {
	parsed := make([]language.Tag, len(tags))
	for i, tag := range tags {
		parsed[i] = language.MustParse(tag)
	}
	return choice{tags: tags, matcher: language.NewMatcher(parsed)}
}

var (
	ofUsers = sync.OnceValue(func() choice {
		var tags []string
		for _, l := range Languages {
			tags = append(tags, l.Tag)
		}
		return choiceOf(tags)
	})
	ofStaff = sync.OnceValue(func() choice { return choiceOf([]string{English, Chinese}) })
)

// Match returns the language of a request for users: forced if it is one of Languages, otherwise the best match of an Accept-Language
// header.
func Match(acceptLanguage, forced string) string { return ofUsers().match(acceptLanguage, forced) }

// MatchStaff is Match for pages of the staff: it returns English or Chinese.
func MatchStaff(acceptLanguage, forced string) string { return ofStaff().match(acceptLanguage, forced) }

func (l choice) match(acceptLanguage, forced string) string {
	if slices.Contains(l.tags, forced) {
		return forced
	}
	if tag, err := language.Parse(forced); err == nil && forced != "" {
		if _, i, sure := l.matcher.Match(tag); sure > language.Low {
			return l.tags[i]
		}
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return l.tags[0]
	}
	_, i, _ := l.matcher.Match(tags...)
	return l.tags[i]
}
