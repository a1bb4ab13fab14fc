package chat

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"mvdan.cc/xurls/v2"
)

// maxLinks bounds the links of one text, and with them the time that finding them takes: what follows stays plain text.
const maxLinks = 100

const (
	hostLabel = `[\p{L}\p{M}\p{N}\p{So}_](?:[\p{L}\p{M}\p{N}\p{So}_\x{200c}\x{200d}\-]*[\p{L}\p{M}\p{N}\p{So}_])?`
	hostName  = hostLabel + `(?:\.` + hostLabel + `)*`
)

var (
	// linkStart is the address up to the end of its host and port. Only web addresses are links.
	linkStart = regexp.MustCompile(`(?i:https?://)(?:[^\s/?#\\@\[\]]+@)?(?:\[[0-9A-Fa-f:.]+\]|` + hostName + `)(?::[0-9]{1,5})?` +
		`|(?i:www)\.` + hostLabel + `\.` + hostName + `(?::[0-9]{1,5})?`)
	// wholeLink adds the path, the query and the fragment.
	wholeLink = must(xurls.StrictMatchingScheme(`https?://|www\.`))
)

func must(re *regexp.Regexp, err error) *regexp.Regexp {
	if err != nil {
		panic(err)
	}
	return re
}

// linked returns a text as HTML: escaped, with web addresses as links that show the address as it was written. Browsers show it too:
// nothing else finds links, so they are the same on every screen.
func linked(text string) string {
	var out strings.Builder
	rest := text
	before := utf8.RuneError // the character in front of rest
	for range maxLinks {
		start, end := nextLink(rest, before)
		if start < 0 {
			break
		}
		address := html.EscapeString(rest[start:end])
		href := address
		if !strings.EqualFold(href[:4], "http") {
			href = "http://" + href
		}
		out.WriteString(html.EscapeString(rest[:start]))
		out.WriteString(`<a href="` + href + `" target="_blank" rel="noopener noreferrer nofollow ugc">` + address + `</a>`)
		before, _ = utf8.DecodeLastRuneInString(rest[:end])
		rest = rest[end:]
	}
	out.WriteString(html.EscapeString(rest))
	return out.String()
}

// nextLink returns where the first web address of a text begins and ends, -1 when there is none. before is the character in front of
// the text, utf8.RuneError at its beginning.
func nextLink(text string, before rune) (start, end int) {
	for from := 0; ; {
		at := linkStart.FindStringIndex(text[from:])
		if at == nil {
			return -1, -1
		}
		start, end = from+at[0], from+at[1]
		if start > 0 {
			before, _ = utf8.DecodeLastRuneInString(text[:start])
		}
		if continuesWord(before) && !strings.EqualFold(text[start:start+4], "http") {
			from = end // "awww.example.com", "anna@www.example.com"
			continue
		}
		if end < len(text) && strings.ContainsRune("/?#", rune(text[end])) {
			end = start + linkEnd(text[start:], end-start)
		}
		if before == '*' || before == '_' { // **https://example.com**
			end = start + len(strings.TrimRight(text[start:end], string(before)))
		}
		return start, end
	}
}

func continuesWord(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-._@/", r))
}

// linkEnd returns how long the address at the beginning of a text is; host is where its host ends.
func linkEnd(text string, host int) int {
	if cut := strings.IndexFunc(text[host:], endsLink); cut >= 0 {
		text = text[:host+cut]
	}
	end := max(host, wholeLink.FindStringIndex(text)[1])
	// xurls drops asterisks at the end because of **address** in Markdown. linked handles that itself.
	if stars := len(text[end:]) - len(strings.TrimLeft(text[end:], "*")); end+stars == len(text) {
		end += stars
	}
	return len(strings.TrimRight(text[:end], "’"))
}

// endsLink reports whether a character ends an address in a running text, although an IRI may hold it: quotation marks, brackets and
// punctuation of East Asian texts, and what cannot be seen. The apostrophe ’ may be in the middle of one.
func endsLink(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r <= ' ' || r == 0x7f || strings.ContainsRune("<>\"`|^", r)
	case r == '’', r == '\u200c', r == '\u200d':
		return false
	case r == '—',
		r == '…',
		unicode.IsSpace(r),
		unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.Pi, unicode.Pf, unicode.Ps, unicode.Pe):
		return true
	case r >= 0x3000 && r <= 0x303f, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xffef:
		return !unicode.In(r, unicode.L, unicode.M, unicode.N)
	}
	return false
}
