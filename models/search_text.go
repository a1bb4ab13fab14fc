package models

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A text is searched by its tokens: words in scripts that put spaces between words, and pairs of neighbours in those
// that do not, so that any two characters are found. The same function makes those of a chat and those of a query.

// tokenKind is what a token is.
type tokenKind int

const (
	wordToken   tokenKind = iota // a run of letters and digits
	pairToken                    // two neighbours, at least one of which is of a script without spaces
	singleToken                  // the last character of a run of such a script: with the pairs, each character begins a token
)

// searchToken is one token of a text. start and end are the bytes of the text that it comes from.
type searchToken struct {
	text       string
	kind       tokenKind
	start, end int
	lone       bool // of a single: it is no part of a pair
}

// maxTokenRunes is where a word is cut, in texts and in queries alike. PostgreSQL takes 2,046 bytes.
const maxTokenRunes = 64

// unspaced are the scripts without spaces between words, with the marks that Unicode counts to no script.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Thai, unicode.Lao, unicode.Khmer,
	unicode.Myanmar,
	{R16: []unicode.Range16{{Lo: 0x3099, Hi: 0x309A, Stride: 1}, {Lo: 0x30FC, Hi: 0x30FC, Stride: 1}}},
}

type charClass int

const (
	separator charClass = iota
	ofWord
	ofUnspaced
)

func classOf(r rune) charClass {
	switch {
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return ofWord
		}
		return separator
	case unicode.In(r, unspaced...):
		return ofUnspaced
	case unicode.In(r, unicode.L, unicode.N, unicode.Mn, unicode.Mc):
		return ofWord
	}
	return separator
}

// searchChar is a character of a text as it is searched, with the bytes that it comes from.
type searchChar struct {
	r          rune
	class      charClass
	start, end int
}

// searchChars returns the characters of a text as they are searched: in one width and one case, without the accents of
// Latin, Greek and Cyrillic letters and without invisible characters.
func searchChars(text string) []searchChar {
	chars := make([]searchChar, 0, len(text))
	fold := cases.Fold()
	var it norm.Iter
	it.InitString(norm.NFKD, text)
	for !it.Done() {
		start := it.Pos()
		part := it.Next()
		end := it.Pos()
		if len(part) == 1 && part[0] < utf8.RuneSelf {
			r := unicode.ToLower(rune(part[0]))
			chars = append(chars, searchChar{r, classOf(r), start, end})
			continue
		}
		folded := norm.NFC.String(strings.Map(searched, fold.String(string(part))))
		for _, r := range folded {
			chars = append(chars, searchChar{r, classOf(r), start, end})
		}
	}
	return chars
}

// searched returns the character, or -1 for an accent and for a character that is not seen.
func searched(r rune) rune {
	if r >= 0x300 && r <= 0x36F || isInvisible(r) && !unicode.IsSpace(r) {
		return -1
	}
	return r
}

// maxFoldedRunes is where a folded text is cut. One character may fold to 18, and PostgreSQL takes 2,046 bytes with the mark.
const maxFoldedRunes = 500

// foldText returns a short text such as a tag as it is compared by searches.
func foldText(text string) string {
	var b strings.Builder
	chars := searchChars(strings.TrimSpace(text))
	for _, c := range chars[:min(len(chars), maxFoldedRunes)] {
		b.WriteRune(c.r)
	}
	return b.String()
}

// tokensOf returns the tokens of a text in their order.
func tokensOf(text string) []searchToken {
	chars := searchChars(text)
	var tokens []searchToken
	for i := 0; i < len(chars); {
		j := i + 1
		for j < len(chars) && chars[j].class == chars[i].class {
			j++
		}
		run := chars[i:j]
		switch run[0].class {
		case ofWord:
			tokens = append(tokens, wordOf(run))
		case ofUnspaced:
			for k := range len(run) - 1 {
				tokens = append(tokens, pairOf(run[k], run[k+1]))
			}
			last := run[len(run)-1]
			lone := len(run) == 1 && !touches(chars, i-1) && !touches(chars, j)
			tokens = append(tokens, searchToken{string(last.r), singleToken, last.start, last.end, lone})
		}
		if j < len(chars) && run[0].class != separator && chars[j].class != separator { // as between the two of "4纸"
			tokens = append(tokens, pairOf(chars[j-1], chars[j]))
		}
		i = j
	}
	return tokens
}

func touches(chars []searchChar, at int) bool {
	return at >= 0 && at < len(chars) && chars[at].class != separator
}

func wordOf(run []searchChar) searchToken {
	t := searchToken{kind: wordToken, start: run[0].start, end: run[len(run)-1].end}
	var b strings.Builder
	for _, c := range run[:min(len(run), maxTokenRunes)] {
		b.WriteRune(c.r)
	}
	t.text = b.String()
	return t
}

func pairOf(a, b searchChar) searchToken {
	return searchToken{text: string([]rune{a.r, b.r}), kind: pairToken, start: a.start, end: b.end}
}
