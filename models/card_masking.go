package models

import (
	"slices"
	"strings"
	"unicode"
)

const (
	minCardDigits  = 13
	maxCardDigits  = 19
	maxPhoneDigits = 15 // E.164, after the +
	cardMask       = "•••• •••• •••• "
)

// issuer is a range of the first four digits that a payment network issues, and the lengths of its numbers.
type issuer struct {
	from, to int
	lengths  []int
}

var (
	just16   = []int{16}
	from14   = []int{14, 16, 19}
	from16   = []int{16, 17, 18, 19}
	anyOfAll = []int{13, 14, 15, 16, 17, 18, 19}
)

// issuers are the issuer identification numbers of ISO/IEC 7812-1 by network, as tabled in
// https://en.wikipedia.org/wiki/Payment_card_number.
var issuers = []issuer{
	{4000, 4999, []int{13, 16, 18, 19}},        // Visa
	{5100, 5599, just16}, {2221, 2720, just16}, // Mastercard
	{3400, 3499, []int{15}}, {3700, 3799, []int{15}}, // American Express
	{6200, 6299, from16}, {8100, 8199, from16}, // UnionPay
	{3000, 3059, from14}, {3095, 3095, from14}, {3600, 3699, from14}, {3800, 3999, from14}, // Diners Club
	{6011, 6011, from16}, {6440, 6599, from16}, // Discover
	{3528, 3589, from16},                                                                           // JCB
	{5000, 5099, anyOfAll}, {5600, 5899, anyOfAll}, {6300, 6399, anyOfAll}, {6700, 6799, anyOfAll}, // Maestro, Verve, Elo
	{6000, 6099, just16}, {8200, 8299, just16}, // RuPay
	{2200, 2204, from16}, // Mir
	{9792, 9792, just16}, // Troy
}

// MaskCards returns a text in which only the last four digits of each payment card number are left. A card number has 13
// to 19 digits in any groups with spaces or dashes between, begins as a known issuer's do and passes the Luhn check.
// Other numbers stay as they are, and masking a masked text changes nothing.
func MaskCards(text string) string {
	if !mayHoldCard(text) {
		return text
	}
	runes := []rune(text)
	var out strings.Builder
	for i := 0; i < len(runes); {
		if digit(runes[i]) < 0 {
			out.WriteRune(runes[i])
			i++
			continue
		}
		number := numberAt(runes, i)
		number.mask(runes, &out)
		i = number.end()
	}
	return out.String()
}

// mayHoldCard reports whether a text has enough digits for a card number. Most messages do not, and need no further
// work.
func mayHoldCard(text string) bool {
	n := 0
	for _, r := range text {
		if digit(r) >= 0 {
			n++
		}
	}
	return n >= minCardDigits
}

// digit returns the value of an ASCII or full-width digit, −1 for anything else.
func digit(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= '０' && r <= '９':
		return int(r - '０')
	}
	return -1
}

// joinsDigits reports whether a character may separate the groups of one number.
func joinsDigits(r rune) bool {
	return unicode.In(r, unicode.Zs, unicode.Pd) || r == '\t' || r == '−' || r == '\u00ad' || r == '\u200b'
}

// written is a number as written in a text: groups of digits, each with the positions of its first rune and of the one
// after its last, and up to three spaces or dashes between groups.
type written struct {
	groups [][2]int
	phone  bool
}

// numberAt returns the number whose first digit is at a position. A number of at most 15 digits after a + is a phone
// number.
func numberAt(runes []rune, at int) written {
	var w written
	digits := 0
	for {
		end := at
		for end < len(runes) && digit(runes[end]) >= 0 {
			end++
		}
		w.groups = append(w.groups, [2]int{at, end})
		digits += end - at
		next := end
		for next < len(runes) && next-end < 3 && joinsDigits(runes[next]) {
			next++
		}
		if next == end || next == len(runes) || digit(runes[next]) < 0 {
			break
		}
		at = next
	}
	first := w.groups[0][0]
	w.phone = digits <= maxPhoneDigits && first > 0 && (runes[first-1] == '+' || runes[first-1] == '＋')
	return w
}

// end returns the position after the last digit.
func (w written) end() int { return w.groups[len(w.groups)-1][1] }

// mask writes the number with the cards in it masked. A card starts and ends at the border of a group; the longest one
// that fits is taken, so that an adjacent number does not hide it.
func (w written) mask(runes []rune, out *strings.Builder) {
	at := w.groups[0][0]
	for i := 0; i < len(w.groups); i++ {
		start := w.groups[i][0]
		out.WriteString(string(runes[at:start]))
		at = start
		last, digits := -1, []int(nil)
		if !w.phone && !isMasked(runes[:start]) {
			last, digits = w.cardFrom(runes, i)
		}
		if last >= 0 {
			out.WriteString(cardMask)
			for _, d := range digits[len(digits)-4:] {
				out.WriteByte(byte('0' + d))
			}
			i = last
		} else {
			out.WriteString(string(runes[at:w.groups[i][1]]))
		}
		at = w.groups[i][1]
	}
}

// cardFrom returns the last group and the digits of the longest card that starts with a group; −1 if none does.
func (w written) cardFrom(runes []rune, first int) (last int, card []int) {
	last = -1
	var digits []int
	for i := first; i < len(w.groups) && len(digits) < maxCardDigits; i++ {
		for _, r := range runes[w.groups[i][0]:w.groups[i][1]] {
			digits = append(digits, digit(r))
		}
		if isCard(digits) {
			last, card = i, slices.Clone(digits)
		}
	}
	return last, card
}

// isMasked reports whether a text ends with the mask, so that the digits after it are those that masking left.
func isMasked(before []rune) bool {
	mask := []rune(cardMask)
	return len(before) >= len(mask) && slices.Equal(before[len(before)-len(mask):], mask)
}

// isCard reports whether digits are a card number: a known issuer, a length that it uses, and a correct check digit.
func isCard(digits []int) bool {
	if len(digits) < minCardDigits || len(digits) > maxCardDigits || !luhn(digits) {
		return false
	}
	head := digits[0]*1000 + digits[1]*100 + digits[2]*10 + digits[3]
	return slices.ContainsFunc(issuers, func(i issuer) bool {
		return head >= i.from && head <= i.to && slices.Contains(i.lengths, len(digits))
	})
}

// luhn reports whether the check digit of ISO/IEC 7812-1, annex B, is correct.
func luhn(digits []int) bool {
	sum := 0
	for i, d := range digits {
		if (len(digits)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
