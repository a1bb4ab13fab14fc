package models

import (
	"golang.org/x/text/secure/precis"
)

// preparePassword returns a password by RFC 8265, OpaqueString, so that it is the same from every keyboard: in Unicode's form NFC, with each
// kind of space as U+0020. Refused as validation_failed are control characters, invisible ones and what has no character.
func preparePassword(password string) (string, error) {
	prepared, err := precis.OpaqueString.String(password)
	if err != nil {
		return "", invalid("password", fieldInvalid, "This password contains a character that is not allowed, such as a control character or an invisible one. Choose another password.")
	}
	return prepared, nil
}

// passwordForms are what is compared with a stored hash: the password as it is prepared now, and as it was typed, since earlier releases
// hashed that.
func passwordForms(password string) []string {
	prepared, err := preparePassword(password)
	switch {
	case err != nil:
		return []string{password}
	case prepared == password:
		return []string{prepared}
	}
	return []string{prepared, password}
}
