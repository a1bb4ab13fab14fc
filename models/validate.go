package models

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// validateText refuses text that PostgreSQL cannot keep as it is (bytes that are no UTF-8, NUL) and text that is empty or too long; it
// returns it without surrounding white space. A text that shows nothing, see [IsBlank], is empty. Lengths are in characters.
func validateText(field, text string, least, most int) (string, error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", invalid(field, fieldInvalid, "This text contains bytes that cannot be stored. Send UTF-8 without NUL characters.")
	}
	if text = strings.TrimSpace(text); IsBlank(text) {
		text = ""
	}
	n := utf8.RuneCountInString(text)
	switch {
	case n == 0 && least > 0:
		return "", invalid(field, fieldRequired, "This text is empty. Enter something.")
	case n < least:
		return "", invalid(field, fieldTooShort, "This text is too short. Enter more.")
	case n > most:
		return "", invalid(field, fieldTooLong, "This text is too long. Shorten it and send it again.")
	}
	return text, nil
}

// oneLine makes one line of a text such as a name: line breaks become spaces, and what cannot be seen but changes how its neighbours are
// read is taken out: control characters, and those that turn the direction of writing (U+202A to U+202E, U+2066 to U+2069).
func oneLine(text string) string {
	if !utf8.ValidString(text) {
		return text // which validateText refuses
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case r != 0 && unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, text)
}

// optionalText is validateText for text that may be absent: empty becomes nil.
func optionalText(field, text string, most int) (*string, error) {
	text, err := validateText(field, text, 0, most)
	if err != nil || text == "" {
		return nil, err
	}
	return &text, nil
}

// messageText is validateText for what people say to each other: card numbers in it are masked if MASK_CARDS is on. What is longer afterwards than it may be
// is refused too.
func (d *Desk) messageText(field, text string, least, most int) (string, error) {
	text, err := validateText(field, text, least, most)
	if err != nil || !d.Settings().MaskCards {
		return text, err
	}
	return validateText(field, MaskCards(text), least, most)
}

// optionalMessageText is messageText for text that may be absent: empty becomes nil.
func (d *Desk) optionalMessageText(field, text string, most int) (*string, error) {
	text, err := d.messageText(field, text, 0, most)
	if err != nil || text == "" {
		return nil, err
	}
	return &text, nil
}

// truncate returns the beginning of a text that has more than so many characters, with … for the rest.
func truncate(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return Beginning(text, most-1) + "…"
}

// clientMessageID checks an idempotency key: 1 to 64 printable ASCII characters; "" is none.
func clientMessageID(key string) (*string, error) {
	if key == "" {
		return nil, nil
	}
	if len(key) > 64 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, invalid("client_message_id", fieldInvalid, "client_message_id must have 1 to 64 printable ASCII characters.")
	}
	return &key, nil
}
