package text

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"
)

// List joins names to "Anna", "Anna and Ben" or "Anna, Ben and Cleo" in the language of ctx.
func List(ctx context.Context, names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	first, last := strings.Join(names[:len(names)-1], T(ctx, "ui.list.comma")), names[len(names)-1]
	if Lang(ctx) == Chinese { // a space stands between Han and Latin only
		before, _ := utf8.DecodeLastRuneInString(first)
		after, _ := utf8.DecodeRuneInString(last)
		if !unicode.Is(unicode.Han, before) {
			first += " "
		}
		if !unicode.Is(unicode.Han, after) {
			last = " " + last
		}
	}
	return T(ctx, "ui.list.final", "First", first, "Last", last)
}

// Series joins parts of a sentence, such as figures, with commas.
func Series(ctx context.Context, parts []string) string {
	return strings.Join(parts, T(ctx, "ui.list.series"))
}
