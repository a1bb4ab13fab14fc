package admin

import (
	"time"

	"parley/views/staff"
)

// Audit is a page of the audit log, newest first.
type Audit struct {
	Frame   staff.Frame
	Filter  AuditFilter
	Agents  []Choice
	Actions []Choice
	Rows    []AuditEntry
	Chosen  bool   // a filter is set
	Newest  string // the address of the first page, "" on it
	Older   string // the address of the page after this, "" on the last
	File    string // the address of the rows as a file
	Errors  Errors
}

// AuditFilter is what was chosen, as typed.
type AuditFilter struct {
	AgentID, Action, Subject, From, To string
}

// AuditEntry is one row.
type AuditEntry struct {
	At               time.Time
	Who, Role        string
	What             string
	About, AboutHref string // filters the log by the same subject
	Kind             string
	Details          []string
	Address          string
}
