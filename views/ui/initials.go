package ui

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// maxInitial is the maximum length of one initial in code points: the longest emoji in use have 10. A letter with more combining marks is
// shown without them.
const maxInitial = 12

// initials returns one or two characters for an avatar: those of the first and the last word of a name, or only the first if it is an emoji
// or from a script with wide characters, such as Han. A character is a grapheme cluster, such as a flag or a letter with its marks. A name
// without visible characters has "?".
func initials(name string) string {
	var all []string
	for _, word := range strings.Fields(name) {
		if c := initial(word); c != "" {
			all = append(all, c)
		}
	}
	switch {
	case len(all) == 0:
		return "?"
	case len(all) == 1 || isWide(all[0]):
		return all[0]
	}
	return all[0] + all[len(all)-1]
}

// initial returns the first letter, digit or emoji of a word, else its first visible character, "" if there is none.
func initial(word string) string {
	first := ""
	for state := -1; word != ""; {
		var cluster string
		cluster, word, _, state = uniseg.FirstGraphemeClusterInString(word, state)
		runes := []rune(cluster)
		switch base := firstShown(runes); {
		case base == 0:
			continue
		case len(runes) > maxInitial:
			cluster = string(base)
			fallthrough
		default:
			if unicode.In(base, unicode.L, unicode.N, unicode.So) {
				return strings.ToUpper(cluster)
			}
			if first == "" {
				first = cluster
			}
		}
	}
	return first
}

// firstShown returns the first visible code point, 0 if there is none.
func firstShown(runes []rune) rune {
	for _, r := range runes {
		isFiller := r == 0x2800 || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
		if !isFiller && unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) {
			return r
		}
	}
	return 0
}

// isWide reports whether one initial fills an avatar: Han, kana, Hangul and emoji do.
func isWide(initial string) bool { return uniseg.StringWidth(initial) > 1 }
