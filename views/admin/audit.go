package admin

import (
	"time"

	"parley/views/staff"
)

// Audit is a page of the log of who did what, the newest first.
type Audit struct {
	Frame   staff.Frame
	Filter  AuditFilter
	People  []Choice
	Actions []Choice
	Rows    []Deed
	Chosen  bool   // a filter is set
	Newest  string // the address of the first page, "" on it
	Older   string // the address of the page after this, "" on the last
	File    string // the address of the rows as a file
	Errors  Errors
}

// AuditFilter is what was chosen, as typed.
type AuditFilter struct {
	Person, Action, Subject, From, To string
}

// Deed is one row.
type Deed struct {
	At               time.Time
	Who, Role        string
	What             string
	About, AboutHref string // AboutHref chooses all that was done to the same
	Kind             string
	Details          []string
	Address, Request string
}
