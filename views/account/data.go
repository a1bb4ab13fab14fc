// Package account draws the pages on which somebody of the staff looks after the own account: sessions, password, and the second
// factor. Every control is a plain form; a refused one is drawn again with the reason.
package account

import (
	"time"

	"parley/views/staff"
)

// Page is one's own account.
type Page struct {
	Frame    staff.Frame
	Notice   string // what was just done, in words
	Sessions []Session
	Factor   Factor
	Errors   Errors // of the form that was refused
	Refused  string // which form that was: "password", "setup", "codes" or "off"
}

// Session is one sign-in.
type Session struct {
	ID      string
	Program string // browser and system, in words
	Phone   bool
	Address string // "" when unknown
	Began   time.Time
	Seen    string // how long ago, coarsely, in words
	Current bool
}

// Factor is how the second factor stands.
type Factor struct {
	On        bool
	Since     time.Time
	CodesLeft int
}

// SetUp is the page on which an authenticator app is told the secret.
type SetUp struct {
	Frame  staff.Frame
	QR     QR
	Secret string // in groups of four
	URL    string // for the app on the same device
	Error  string // why the code was refused, in words
}

// QR is a square picture of dark modules.
type QR struct {
	Size int    // modules on a side, the quiet border included
	Path string // of an SVG, one unit a module
}

// Codes are recovery codes, shown once.
type Codes struct {
	Frame staff.Frame
	Codes []string
	Fresh bool // they take the place of others
}

// Errors holds the reason for each refused field, in words, and under "" what is wrong with the whole.
type Errors map[string]string

func (p Page) error(form, field string) string {
	if p.Refused != form {
		return ""
	}
	return p.Errors[field]
}
