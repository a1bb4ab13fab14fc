package media

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// maxName is the most that a name has in bytes: every file system takes it.
const maxName = 180

// endings are the ends that a name of each type may have; the first is its own.
var endings = map[string][]string{
	JPEG: {".jpg", ".jpeg", ".jfif"}, PNG: {".png"}, GIF: {".gif"}, WebP: {".webp"},
	PDF: {".pdf"}, DOC: {".doc"}, DOCX: {".docx"}, Text: {".txt"},
}

// CleanName makes of what a file was called a name that can be shown and saved anywhere: without folders, without characters that
// cannot be seen or turn a line around, but with those that join letters, not too long, and ending as its content type does.
func CleanName(given, contentType string) string {
	given = strings.ToValidUTF8(given, "\uFFFD")
	given = given[strings.LastIndexAny(given, `/\`)+1:]
	before := rune(' ')
	name := strings.Map(func(r rune) rune {
		was := before
		before = r
		switch {
		case isJoiner(r) && unicode.In(was, unicode.L, unicode.M, unicode.S):
			return r
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r): // control, format, private and unassigned characters
			return -1
		case strings.ContainsRune(`<>:"/|?*`, r):
			return '_'
		}
		return r
	}, given)
	name = strings.TrimRight(strings.Join(strings.Fields(name), " "), ". ")
	ending := path.Ext(name)
	stem := strings.TrimSuffix(name, ending)
	own := endings[contentType]
	switch lower := strings.ToLower(ending); {
	case slices.Contains(own, lower):
	case isEnding(lower): // of another type that is taken: the content says better
		ending = own[0]
	default:
		stem, ending = name, own[0]
	}
	stem = strings.Trim(stem, ". ")
	stem = strings.TrimRight(beginning(stem, maxName-len(ending)), ". ")
	if !strings.ContainsFunc(stem, isVisible) {
		stem = "file"
		if strings.HasPrefix(contentType, "image/") {
			stem = "image"
		}
	}
	return stem + ending
}

// isVisible reports whether a character that a name may have is drawn.
func isVisible(r rune) bool {
	const brailleBlank = '\u2800'
	return r != brailleBlank && unicode.IsGraphic(r) && !unicode.In(r, unicode.Z, unicode.Variation_Selector,
		unicode.Other_Default_Ignorable_Code_Point)
}

// isJoiner reports whether a character joins its neighbours or keeps them apart, as Persian, Indic scripts and emoji need.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// beginning returns as much of a text as has at most so many bytes, without taking apart what is read as one character.
func beginning(text string, most int) string {
	end := 0
	for rest, state := text, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if end+len(cluster) > most {
			return text[:end]
		}
		end += len(cluster)
	}
	return text
}

func isEnding(ending string) bool {
	for _, all := range endings {
		if slices.Contains(all, ending) {
			return true
		}
	}
	return false
}
