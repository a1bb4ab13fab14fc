package media

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// maxName is the maximum length of a name in bytes. Every common file system accepts it.
const maxName = 180

// endings are the file extensions accepted for each type. The first one is the default.
var endings = map[string][]string{
	JPEG: {".jpg", ".jpeg", ".jfif"}, PNG: {".png"}, GIF: {".gif"}, WebP: {".webp"},
	PDF: {".pdf"}, DOC: {".doc"}, DOCX: {".docx"}, Text: {".txt"},
}

// CleanName returns a name that can be displayed and saved on any system. It removes folders, invisible and bidirectional control
// characters, except joiners that scripts and emoji need, shortens the name to maxName bytes, and gives it an extension of the content
// type.
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
	case isEnding(lower): // the extension of another accepted type: the content decides
		ending = own[0]
	default:
		stem, ending = name, own[0]
	}
	stem = strings.Trim(stem, ". ")
	stem = strings.TrimRight(truncate(stem, maxName-len(ending)), ". ")
	if !strings.ContainsFunc(stem, isVisible) {
		stem = "file"
		if strings.HasPrefix(contentType, "image/") {
			stem = "image"
		}
	}
	return stem + ending
}

// isVisible reports whether a character is visible when drawn.
func isVisible(r rune) bool {
	const brailleBlank = '\u2800'
	return r != brailleBlank && unicode.IsGraphic(r) && !unicode.In(r, unicode.Z, unicode.Variation_Selector,
		unicode.Other_Default_Ignorable_Code_Point)
}

// isJoiner reports whether a character is a zero-width joiner or non-joiner, which Persian, Indic scripts and emoji need.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// truncate returns the beginning of a text with at most limit bytes, without splitting a grapheme cluster.
func truncate(text string, limit int) string {
	end := 0
	for rest, state := text, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if end+len(cluster) > limit {
			return text[:end]
		}
		end += len(cluster)
	}
	return text
}

// isEnding reports whether an extension belongs to any accepted type.
func isEnding(ending string) bool {
	for _, all := range endings {
		if slices.Contains(all, ending) {
			return true
		}
	}
	return false
}
