package media

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the most that a name has in bytes: every file system takes it.
const maxName = 180

// endings are the ends that a name of each type may have; the first is its own.
var endings = map[string][]string{
	JPEG: {".jpg", ".jpeg", ".jfif"}, PNG: {".png"}, GIF: {".gif"}, WebP: {".webp"},
	PDF: {".pdf"}, DOC: {".doc"}, DOCX: {".docx"}, Text: {".txt"},
}

// CleanName makes of what a file was called a name that can be shown and saved anywhere: without folders, without characters that
// cannot be seen or turn a line around, not too long, and ending as its content type does.
func CleanName(given, contentType string) string {
	given = strings.ToValidUTF8(given, "\uFFFD")
	given = given[strings.LastIndexAny(given, `/\`)+1:]
	name := strings.Map(func(r rune) rune {
		switch {
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
	if stem = strings.Trim(stem, ". "); stem == "" {
		stem = "file"
		if strings.HasPrefix(contentType, "image/") {
			stem = "image"
		}
	}
	for len(stem)+len(ending) > maxName {
		_, n := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-n]
	}
	return strings.TrimRight(stem, ". ") + ending
}

func isEnding(ending string) bool {
	for _, all := range endings {
		if slices.Contains(all, ending) {
			return true
		}
	}
	return false
}
