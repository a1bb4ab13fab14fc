package present

import (
	"context"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"parley/models"
	"parley/views/text"
)

// LanguageName returns the name of a locale's language in the language of ctx. An unknown locale is returned unchanged.
func LanguageName(ctx context.Context, locale string) string {
	switch {
	case locale == text.Chinese:
		return text.T(ctx, "workbench.person.chinese")
	case strings.HasPrefix(locale, text.English):
		return text.T(ctx, "workbench.person.english")
	}
	tag, err := language.Parse(locale)
	if err != nil || !text.IsLanguage(locale) {
		return locale
	}
	return display.Languages(language.Make(text.Lang(ctx))).Name(tag)
}

// PageName returns the title of the page on which the chat began, otherwise its address without scheme and query.
func PageName(c *models.Chat) string {
	if title := Deref(c.PageTitle); title != "" {
		return title
	}
	address := Deref(c.PageURL)
	address, _, _ = strings.Cut(address, "?")
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://"), "/")
}

// Shorten returns a text as one line of at most n characters. A text that was cut ends with …, which counts as one of them.
func Shorten(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return models.Beginning(s, n-1) + "…"
}

// Deref returns the string that s points to, "" for nil.
func Deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
