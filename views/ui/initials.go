package ui

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// maxInitial is the most code points of one initial: the longest emoji in use have 10. A letter with more marks than that is shown
// without them.
const maxInitial = 12

// initials are one or two characters for a face: of the first and the last word of a name, or the first one alone where it is an emoji or
// of a script whose characters fill a square, as Han. A character is what is read as one, such as a flag or a letter with its marks. A
// name that
// shows nothing has "?".
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

// initial is the first letter, digit or emoji of a word, else the first character that can be seen, "" if there is none.
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

// firstShown is the first code point that is drawn, 0 if there is none.
func firstShown(runes []rune) rune {
	for _, r := range runes {
		isFiller := r == 0x2800 || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
		if !isFiller && unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) {
			return r
		}
	}
	return 0
}

// isWide reports whether one initial fills a face: Han, kana, Hangul, and emoji.
func isWide(initial string) bool { return uniseg.StringWidth(initial) > 1 }
