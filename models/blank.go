package models

import (
	"unicode"

	"github.com/rivo/uniseg"
)

// IsBlank reports whether a text shows nothing: it is empty, or has only white space and invisible characters such as
// U+200B, U+2800, U+3164, joiners, direction marks, variation selectors and tags.
func IsBlank(text string) bool {
	for _, r := range text {
		if !isInvisible(r) {
			return false
		}
	}
	return true
}

// blanks are characters of visible categories that have no shape: the braille blank, the musical null notehead and two
// Egyptian blanks.
var blanks = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x13441, Hi: 0x13442, Stride: 1}, {Lo: 0x1d159, Hi: 0x1d159, Stride: 1}},
}

// isInvisible reports whether a character is white space, a control character or what Unicode calls default ignorable.
// The format characters of Arabic and other numbers are visible.
func isInvisible(r rune) bool {
	return unicode.IsSpace(r) ||
		unicode.In(r, blanks, unicode.Cc, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// Beginning returns the start of a text, of at most that many characters (code points). It does not split what readers
// see as one character: a letter with its marks, a flag, a family of emoji.
func Beginning(text string, most int) string {
	end, n := 0, 0
	for rest, state := text, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		for i := range cluster {
			if n == most {
				if end == 0 {
					end = i // one cluster that is longer than all that may be kept
				}
				return text[:end]
			}
			n++
		}
		end += len(cluster)
	}
	return text
}
