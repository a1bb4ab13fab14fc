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
	// linkStart is the address up to the end of its host and port.
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

// linked returns a text as HTML: escaped, with web addresses, e-mail addresses and phone numbers as links that show what was written.
// Browsers show it too: nothing else finds links, so they are the same on every screen.
func linked(text string) string {
	var out strings.Builder
	scan := newLinkFinder().in(text)
	done := 0
	for found := scan.next(0); found.start >= 0; found = scan.next(done) {
		out.WriteString(html.EscapeString(text[done:found.start]))
		out.WriteString(found.markup(text[found.start:found.end]))
		done = found.end
	}
	out.WriteString(html.EscapeString(text[done:]))
	return out.String()
}

// link is a part of a text that is a link.
type link struct {
	start, end int    // start is -1 for none
	href       string // "" for a web address, which is its own
}

// markup returns the link with the text that it shows. The text of a web address may be shorter than what was found.
func (l link) markup(text string) string {
	href := l.href
	switch {
	case href != "":
	case strings.EqualFold(text[:4], "http"):
		href = text
	default:
		href = "http://" + text
	}
	return `<a href="` + html.EscapeString(
		href,
	) + `" target="_blank" rel="noopener noreferrer nofollow ugc">` + html.EscapeString(
		text,
	) + `</a>`
}

// linkFinder finds the links of one message.
type linkFinder struct {
	left   int // how many more are found
	phones int // how many more numbers are examined
}

func newLinkFinder() *linkFinder { return &linkFinder{left: maxLinks, phones: maxPhones} }

// linkScan goes through a text or a line of it, from its beginning to its end.
type linkScan struct {
	finder            *linkFinder
	text              string
	web, email, phone link // the next one of each kind; behind the text if there is none
}

func (f *linkFinder) in(text string) *linkScan {
	unknown, none := link{start: -1}, link{start: len(text) + 1}
	s := &linkScan{finder: f, text: text, web: none, email: none, phone: none}
	if strings.Contains(text, "://") || strings.ContainsAny(text, "wW") {
		s.web = unknown
	}
	if strings.Contains(text, "@") {
		s.email = unknown
	}
	if digitsIn(text) >= minDigits {
		s.phone = unknown
	}
	return s
}

// next returns the first link that begins at from or behind it, and is counted as found. from never goes back.
func (s *linkScan) next(from int) link {
	if s.finder.left <= 0 {
		return link{start: -1}
	}
	if s.web.start < from {
		s.web = s.known(nextWeb(s.text, from))
	}
	if s.email.start < from {
		s.email = s.known(nextEmail(s.text, from))
		if s.email.start < len(s.text) {
			s.email.href = emailHref(s.text[s.email.start:s.email.end])
		}
	}
	if s.phone.start < from {
		start, end, href := nextPhone(s.text, from, &s.finder.phones)
		s.phone = s.known(start, end)
		s.phone.href = href
	}
	first := s.web
	for _, other := range []link{s.email, s.phone} {
		if other.start < first.start {
			first = other
		}
	}
	if first.start >= len(s.text) {
		return link{start: -1}
	}
	s.finder.left--
	return first
}

func (s *linkScan) known(start, end int) link {
	if start < 0 {
		start = len(s.text) + 1
	}
	return link{start: start, end: end}
}

// nextWeb returns where the first web address of text[from:] begins and ends, -1 if there is none.
func nextWeb(text string, from int) (start, end int) {
	for {
		at := linkStart.FindStringIndex(text[from:])
		if at == nil {
			return -1, -1
		}
		start, end = from+at[0], from+at[1]
		before, _ := utf8.DecodeLastRuneInString(text[:start])
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
	end := host
	if whole := wholeLink.FindStringIndex(text); whole != nil && whole[0] == 0 {
		end = max(end, whole[1])
	}
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

var unspacedScripts = []*unicode.RangeTable{
	unicode.Han,
	unicode.Hiragana,
	unicode.Katakana,
	unicode.Hangul,
	unicode.Bopomofo,
	unicode.Thai,
	unicode.Lao,
	unicode.Khmer,
	unicode.Myanmar,
}

// unspaced reports whether a letter belongs to a script without spaces between words, or, as in Korean, with endings at the words.
func unspaced(r rune) bool {
	return r >= 0x0e00 && (r == 'ー' || r == '々' || unicode.In(r, unspacedScripts...))
}
