package workbench

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// writtenLanguage is a language into which the assistant translates, with its own name.
type writtenLanguage struct{ Tag, Name string }

// assistantLanguages returns the languages that an agent can choose; the JSON interface takes any.
func assistantLanguages() []writtenLanguage {
	tags := []string{
		"en",
		"zh-CN",
		"zh-TW",
		"es",
		"pt-BR",
		"fr",
		"de",
		"it",
		"nl",
		"pl",
		"cs",
		"sv",
		"da",
		"fi",
		"hu",
		"ro",
		"el",
		"uk",
		"ru",
		"tr",
		"ar",
		"he",
		"hi",
		"id",
		"vi",
		"th",
		"ja",
		"ko",
	}
	languages := make([]writtenLanguage, len(tags))
	for i, tag := range tags {
		languages[i] = writtenLanguage{tag, display.Self.Name(language.MustParse(tag))}
	}
	return languages
}
