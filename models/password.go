package models

import (
	"golang.org/x/text/secure/precis"
)

// preparePassword returns a password in the form of RFC 8265, OpaqueString, so that it is the same from every keyboard:
// in Unicode's form NFC, with every kind of space as U+0020. Control characters, invisible ones and unassigned code
// points are validation_failed.
func preparePassword(password string) (string, error) {
	prepared, err := precis.OpaqueString.String(password)
	if err != nil {
		return "", invalid(
			"password",
			fieldInvalid,
			"This password contains a character that is not allowed, such as a control character or an invisible one. "+
				"Choose another password.",
		)
	}
	return prepared, nil
}

// passwordForms returns what is compared with a stored hash: the prepared password and the password as typed, because
// earlier releases hashed that.
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
