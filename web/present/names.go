package present

import (
	"context"
	"strings"
	"unicode/utf8"

	"parley/models"
	"parley/views/text"
)

// LanguageName is the name of a locale's language in the reader's language; an unknown locale is given as it is.
func LanguageName(ctx context.Context, locale string) string {
	switch {
	case strings.HasPrefix(locale, "zh"):
		return text.T(ctx, "workbench.person.chinese")
	case strings.HasPrefix(locale, "en"):
		return text.T(ctx, "workbench.person.english")
	}
	return locale
}

// PageName is what the page calls itself, else its address without the ornaments.
func PageName(c *models.Chat) string {
	if title := Deref(c.PageTitle); title != "" {
		return title
	}
	address := Deref(c.PageURL)
	address, _, _ = strings.Cut(address, "?")
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://"), "/")
}

// Shorten makes one line of a text, of at most n characters with the … at the end of what was cut.
func Shorten(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return models.Beginning(s, n-1) + "…"
}

// Deref is the text behind a pointer, "" for nil.
func Deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
