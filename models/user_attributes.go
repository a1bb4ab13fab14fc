package models

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The bounds of the attributes of a user.
const (
	MaxAttributes        = 20
	maxAttributeText     = 200
	maxAttributeNumber   = 1e15
	maxAttributeNumerals = 20
)

var attributeKey = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,50}$`)

// Attributes are facts about a user that a host site has signed, by name. The values are string, bool and [json.Number].
// nil stands for unknown attributes, an empty map for none.
type Attributes map[string]any

// ParseAttributes reads attributes from a JSON object. validation_failed are anything but an object, more than
// MaxAttributes values, names that are not 1 to 50 of A-Z, a-z, 0-9, "_", "." and "-" or stand there twice, null, lists
// and objects as values, text of more than 200 characters or that cannot be stored, and numbers from 1e15 on or written
// with more than 20 characters. Text is put on one line.
func ParseAttributes(raw []byte) (Attributes, error) {
	refuse := func(format string, args ...any) (Attributes, error) {
		return nil, invalid("attributes", fieldInvalid, fmt.Sprintf(format, args...))
	}
	var values map[string]jsontext.Value
	if jsontext.Value(raw).Kind() != '{' {
		return refuse("attributes must be an object of at most %d values.", MaxAttributes)
	}
	if err := jsonv2.Unmarshal(raw, &values); err != nil {
		return refuse("attributes must be one object in valid UTF-8 without duplicate names.")
	}
	if len(values) > MaxAttributes {
		return refuse("attributes has more than %d values.", MaxAttributes)
	}
	attributes := make(Attributes, len(values))
	for key, value := range values {
		if !attributeKey.MatchString(key) {
			return refuse("The names in attributes must be 1 to 50 letters A to Z, digits, _, . or -.")
		}
		switch value.Kind() {
		case 't', 'f':
			attributes[key] = value.Kind() == 't'
		case '0':
			n, err := strconv.ParseFloat(string(value), 64)
			if err != nil || n >= maxAttributeNumber || n <= -maxAttributeNumber || len(value) > maxAttributeNumerals {
				return refuse("The number %s in attributes is too long. Send it as text.", key)
			}
			attributes[key] = json.Number(value)
		case '"':
			var text string
			if err := jsonv2.Unmarshal(value, &text); err != nil || strings.ContainsRune(text, 0) {
				return refuse("The text %s in attributes is not valid UTF-8 without NUL characters.", key)
			}
			if text = strings.TrimSpace(oneLine(text)); utf8.RuneCountInString(text) > maxAttributeText {
				return refuse("The text %s in attributes has more than %d characters.", key, maxAttributeText)
			}
			attributes[key] = text
		default:
			return refuse("The value %s in attributes must be text, a number, true or false.", key)
		}
	}
	return attributes, nil
}

// UnmarshalJSON keeps numbers as they are written.
func (a *Attributes) UnmarshalJSON(raw []byte) error {
	values := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	err := decoder.Decode(&values)
	*a = values
	return err
}

// Scan reads attributes from PostgreSQL.
func (a *Attributes) Scan(source any) error {
	switch raw := source.(type) {
	case string:
		return a.UnmarshalJSON([]byte(raw))
	case []byte:
		return a.UnmarshalJSON(raw)
	}
	return fmt.Errorf("attributes cannot be read from %T", source)
}

// parameter returns the attributes as a parameter of type jsonb, NULL for nil.
func (a Attributes) parameter() (*string, error) {
	if a == nil {
		return nil, nil
	}
	raw, err := json.Marshal(a)
	return ptr(string(raw)), err
}
