// Package account draws an agent's own account: sessions, password and second factor. Every control is a plain form; a refused one is drawn
// again with its errors.
package account

import (
	"time"

	"parley/views/staff"
)

// Page is the account page.
type Page struct {
	Frame    staff.Frame
	Notice   string // text about what was just done, "" for nothing
	Sessions []Session
	Factor   Factor
	Errors   Errors // of the form that was refused
	Refused  string // which form that was: "password", "reminders", "push", "setup", "codes" or "off"

	Reminders Reminders
	Push      Push
}

// Push is the section of notifications on devices.
type Push struct {
	Key       string // with which a browser subscribes
	ShowsText bool   // notifications show the text of messages
	Devices   []PushDevice
}

// PushDevice is a browser that gets notifications.
type PushDevice struct {
	staff.Device

	ID          string
	Fingerprint string // by which the browser recognizes itself
}

// Reminders is the form with how the agent is reminded of chats that were not opened.
type Reminders struct {
	Repeat      bool
	Quiet       bool
	From, Until string          // times of the day, such as 22:00
	Days        map[string]bool // by name, such as monday
	TimeZone    string
}

// Session is one sign-in.
type Session struct {
	ID      string
	Program string // browser and system, as text
	Phone   bool
	Address string // "" when unknown
	Began   time.Time
	Seen    string // how long ago it was used, as text
	Current bool
}

// Factor is the state of the second factor.
type Factor struct {
	On        bool
	Since     time.Time
	CodesLeft int
}

// SetUp is the page with the secret for an authenticator app.
type SetUp struct {
	Frame  staff.Frame
	QR     QR
	Secret string // in groups of four
	URL    string // for the app on the same device
	Error  string // why the code was refused, "" if it was not
}

// QR is a square picture of dark modules.
type QR struct {
	Size int    // modules on a side, including the quiet zone
	Path string // of an SVG, one unit a module
}

// Codes are recovery codes, shown once.
type Codes struct {
	Frame staff.Frame
	Codes []string
	Fresh bool // they replace previous codes
}

// Errors has the text of the error of each refused field, and under "" that of the whole form.
type Errors map[string]string

func (p Page) error(form, field string) string {
	if p.Refused != form {
		return ""
	}
	return p.Errors[field]
}

// pushError returns the text of a refusal to add or test a device. The fields of the form are filled in by its script, so an
// error of one of them is one of the whole form.
func (p Page) pushError() string {
	for _, field := range []string{"", "endpoint", "p256dh", "auth"} {
		if refused := p.error("push", field); refused != "" {
			return refused
		}
	}
	return ""
}
