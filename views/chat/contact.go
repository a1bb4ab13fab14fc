package chat

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"mvdan.cc/xurls/v2"
)

const (
	maxLocalPart = 64 // characters in front of the @ of an e-mail address
	maxDomain    = 255
	maxPhone     = 32 // characters of a phone number with its separators
	minDigits    = 7
	maxPhones    = 20 // numbers that are examined in one text
	maxTrailing  = 4  // readings of a phone number with and without the groups at its end
)

// nextEmail returns where the first e-mail address of text[from:] begins and ends, -1 if there is none. Its domain ends in a known
// top-level domain.
func nextEmail(text string, from int) (start, end int) {
	for at := from; ; {
		sign := strings.IndexByte(text[at:], '@')
		if sign < 0 {
			return -1, -1
		}
		at += sign + 1
		start, end = localPart(text[:at-1], from), at+domain(text[at:])
		if start < at-1 && end > at && !goesOn(text[end:]) {
			return start, end
		}
	}
}

// localPart returns where the part in front of an @ begins, the length of the text if there is none.
func localPart(text string, from int) int {
	start := len(text)
	for start > from && len(text)-start < maxLocalPart && (isWord(text[start-1]) || strings.IndexByte("._%+-'", text[start-1]) >= 0) {
		start--
	}
	if start > 0 && strings.IndexByte("/@", text[start-1]) >= 0 {
		return len(text)
	}
	for start < len(text) && (!isWord(text[start]) || text[start] == '_') { // _anna@example.com_
		start++
	}
	if strings.HasSuffix(text, ".") || strings.Contains(text[start:], "..") {
		return len(text)
	}
	return start
}

// domain returns the length of the domain at the beginning of a text, 0 if there is none with a known ending.
func domain(text string) int {
	end := strings.IndexFunc(text, func(r rune) bool { return r != '.' && r != '-' && !isDomain(r) })
	if end < 0 {
		end = len(text)
	}
	if end > maxDomain {
		return 0
	}
	name := strings.TrimRight(text[:end], ".-")
	labels := strings.Split(name, ".")
	if len(labels) < 2 || !knownEndings()[strings.ToLower(labels[len(labels)-1])] {
		return 0
	}
	for _, label := range labels {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return 0
		}
	}
	return len(name)
}

func isDomain(r rune) bool {
	return r < utf8.RuneSelf && r != '_' && isWord(byte(r)) ||
		r >= utf8.RuneSelf && !unspaced(r) && unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}

// goesOn reports whether what follows an e-mail address shows that it is none, as in git@example.com:a/b.
func goesOn(rest string) bool {
	return strings.HasPrefix(rest, "@") || len(rest) > 1 && rest[0] == ':' && (isWord(rest[1]) || rest[1] == '/')
}

var knownEndings = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, list := range [][]string{xurls.TLDs, xurls.PseudoTLDs} {
		for _, ending := range list {
			known[ending] = true
		}
	}
	return known
})

func isWord(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_'
}

func emailHref(address string) string { return "mailto:" + strings.ReplaceAll(address, "%", "%25") }

// nextPhone returns the first phone number of text[from:] and its address, -1 if there is none: one with a country code, or one in the
// groups in which its country writes it. Other digits may be an order number, a date or a price. tries counts down the numbers that are
// examined.
func nextPhone(text string, from int, tries *int) (start, end int, href string) {
	for at := from; at < len(text) && *tries > 0; {
		digit := strings.IndexAny(text[at:], "0123456789")
		if digit < 0 {
			break
		}
		start = phoneStart(text, at+digit, from)
		end = phoneEnd(text, start)
		if digitsIn(text[start:end]) >= minDigits && !isPartOfMore(text[:start], text[end:], text[start] == '+') {
			*tries--
			if length, href := phone(text[start:end]); length > 0 && !isPartOfMore(text[:start], text[start+length:], text[start] == '+') {
				return start, start + length, href
			}
		}
		at = end
	}
	return -1, -1, ""
}

// phoneStart includes the + and the bracket in front of the first digit.
func phoneStart(text string, digit, from int) int {
	start := digit
	if start > from && text[start-1] == '(' && isBracketed(text[start:]) {
		start--
	}
	if start > from && text[start-1] == '+' {
		start--
	}
	return start
}

// isBracketed reports whether a text begins with up to five digits and a closing bracket.
func isBracketed(text string) bool {
	closing := strings.IndexByte(text[:min(len(text), 6)], ')')
	return closing > 0 && digitsIn(text[:closing]) == closing
}

// phoneEnd returns where the digits and separators end that begin at start.
func phoneEnd(text string, start int) int {
	end := start + 1
	separators := 0
	for at, r := range text[start:] {
		switch {
		case r >= '0' && r <= '9':
			separators = 0
			end = start + at + 1
		case at > 0 && separators < 2 && strings.ContainsRune(" -.()\u00a0\u2010\u2011", r), at == 0, at == 1 && r == '(':
			separators++
		default:
			return end
		}
	}
	return end
}

func digitsIn(text string) int {
	n := 0
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			n++
		}
	}
	return n
}

const currencies = "$€£¥￥₩₹"

// isPartOfMore reports whether the digits between two texts belong to something longer, such as an address, a price or a name.
func isPartOfMore(before, after string, international bool) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	switch {
	case strings.ContainsAny(near(before, -1), currencies) || strings.ContainsAny(near(after, 1), currencies):
		return true
	case before == "":
	case isASCIIWord(last), strings.ContainsRune("/@#&=", last), !international && strings.ContainsRune(".,-+", last):
		return true
	}
	switch {
	case after == "":
		return false
	case isASCIIWord(next), strings.ContainsRune("/@%", next):
		return true
	case strings.ContainsRune(",.:-", next): // "1 234 567 890,50", but not "+49 30 901820, please"
		return len(after) > 1 && after[1] >= '0' && after[1] <= '9'
	}
	return false
}

// isASCIIWord leaves out _, which may be a mark.
func isASCIIWord(r rune) bool { return r < utf8.RuneSelf && r != '_' && isWord(byte(r)) }

// near returns the first or the last characters of a text.
func near(text string, side int) string {
	const enough = 5 // a space and a currency
	switch {
	case len(text) <= enough:
	case side < 0:
		text = text[len(text)-enough:]
	default:
		text = text[:enough]
	}
	text = strings.TrimSpace(text)
	if side < 0 {
		_, size := utf8.DecodeLastRuneInString(text)
		return text[len(text)-size:]
	}
	_, size := utf8.DecodeRuneInString(text)
	return text[:size]
}

// phone returns how much of a text is a phone number and its address, 0 if none of it is. What follows the number may be other digits:
// "+1 415 555 2671 2 times".
func phone(text string) (int, string) {
	if len(text) > maxPhone+16 {
		return 0, ""
	}
	length := len(text)
	for range maxTrailing {
		if length <= 0 {
			break
		}
		if href := phoneHref(text[:length]); href != "" {
			return length, href
		}
		length = strings.LastIndexAny(text[:length], " \u00a0")
		for length > 0 && !isWord(text[length-1]) {
			length--
		}
	}
	return 0, ""
}

// phoneHref returns the address of a text that is a phone number, else "". A number without a country code is called as it is written:
// it is one of the country of the people who write to each other.
func phoneHref(text string) string {
	groups := groupsOf(text)
	digits := strings.Join(groups, "")
	if len(text) > maxPhone || len(digits) < minDigits || len(digits) > 15 || strings.Count(text, "(") != strings.Count(text, ")") {
		return ""
	}
	if text[0] == '+' {
		number, err := phonenumbers.Parse(text, "ZZ")
		if err != nil || !phonenumbers.IsValidNumber(number) {
			return ""
		}
		return "tel:" + phonenumbers.Format(number, phonenumbers.E164)
	}
	if len(groups) > 1 && slices.ContainsFunc(groupedRegions, func(region string) bool { return isNational(digits, groups, region) }) {
		return "tel:" + digits
	}
	return ""
}

// groupedRegions are the countries whose own form of a number is recognised. It cannot be mistaken for other digits: its numbers are long,
// and begin with 0 or have groups of their own.
var groupedRegions = []string{"US", "CN", "GB", "DE", "FR", "JP", "KR", "AU"}

// isNational reports whether digits are a number of a region in the groups that are usual there. Behind an area code that begins with 0
// any groups are usual.
func isNational(digits string, groups []string, region string) bool {
	if len(digits) < 9 {
		return false
	}
	number, err := phonenumbers.Parse(digits, region)
	if err != nil || !phonenumbers.IsValidNumberForRegion(number, region) {
		return false
	}
	usual := groupsOf(phonenumbers.Format(number, phonenumbers.NATIONAL))
	if strings.Join(usual, "") != digits {
		return false
	}
	return slices.Equal(usual, groups) || usual[0] == groups[0] && digits[0] == '0'
}

func groupsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}
