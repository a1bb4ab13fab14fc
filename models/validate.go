package models

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// validateText returns a text without surrounding white space. Bytes that PostgreSQL cannot store (not UTF-8, NUL) and a
// length out of bounds, in characters, are validation_failed for the field. A text that shows nothing, see [IsBlank],
// counts as empty.
func validateText(field, text string, minLength, maxLength int) (string, error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", invalid(field, fieldInvalid, "This text contains bytes that cannot be stored. Send UTF-8 without NUL characters.")
	}
	if text = strings.TrimSpace(text); IsBlank(text) {
		text = ""
	}
	n := utf8.RuneCountInString(text)
	switch {
	case n == 0 && minLength > 0:
		return "", invalid(field, fieldRequired, "This text is empty. Enter something.")
	case n < minLength:
		return "", invalid(field, fieldTooShort, "This text is too short. Enter more.")
	case n > maxLength:
		return "", invalid(field, fieldTooLong, "This text is too long. Shorten it and send it again.")
	}
	return text, nil
}

// oneLine returns a text such as a name on one line: line breaks become spaces, and invisible characters that change how
// their neighbours are read are removed: control characters and those that turn the direction of writing (U+202A to
// U+202E, U+2066 to U+2069).
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
func optionalText(field, text string, maxLength int) (*string, error) {
	text, err := validateText(field, text, 0, maxLength)
	if err != nil || text == "" {
		return nil, err
	}
	return &text, nil
}

// messageText is validateText for the content of messages. If MASK_CARDS is on, card numbers in it are masked; a text
// that is too long after that is refused too.
func (d *Desk) messageText(field, text string, minLength, maxLength int) (string, error) {
	text, err := validateText(field, text, minLength, maxLength)
	if err != nil || !d.Settings().MaskCards {
		return text, err
	}
	return validateText(field, MaskCards(text), minLength, maxLength)
}

// optionalMessageText is messageText for text that may be absent: empty becomes nil.
func (d *Desk) optionalMessageText(field, text string, maxLength int) (*string, error) {
	text, err := d.messageText(field, text, 0, maxLength)
	if err != nil || text == "" {
		return nil, err
	}
	return &text, nil
}

// The number of chats or messages that one call returns: DefaultLimit unless the caller names another, and MaxLimit at most.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// CheckLimit refuses with validation_failed a number of rows that is not 1 to maxRows.
func CheckLimit(n, maxRows int) error {
	if n >= 1 && n <= maxRows {
		return nil
	}
	return invalid("limit", fieldOutOfBounds, "limit must be a number from 1 to "+strconv.Itoa(maxRows)+".")
}

// limitOrDefault returns DefaultLimit for 0 and refuses what CheckLimit refuses.
func limitOrDefault(n, maxRows int) (int, error) {
	if n == 0 {
		return DefaultLimit, nil
	}
	return n, CheckLimit(n, maxRows)
}

// truncate returns the start of a text that has more than that many characters, with … for the rest.
func truncate(text string, maxLength int) string {
	if utf8.RuneCountInString(text) <= maxLength {
		return text
	}
	return Beginning(text, maxLength-1) + "…"
}

// clientMessageID returns an idempotency key as it is stored: NULL for "". A key that is not 1 to 64 printable ASCII characters is
// validation_failed.
func clientMessageID(key string) (*string, error) {
	if key == "" {
		return nil, nil
	}
	if len(key) > 64 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, InvalidClientMessageID()
	}
	return &key, nil
}

// InvalidClientMessageID returns the refusal of an idempotency key that is not 1 to 64 printable ASCII characters.
func InvalidClientMessageID() *Error {
	return invalid("client_message_id", fieldInvalid, "client_message_id must have 1 to 64 printable ASCII characters.")
}

// storable returns a text without bytes that PostgreSQL cannot store, for texts that cannot be sent back to be corrected.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}
