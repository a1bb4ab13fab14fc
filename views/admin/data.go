// Package admin draws the pages of administration: agents, departments, settings, sites, users, the audit log and the health of the
// installation. Every control is a plain form; a refused one is drawn again with what was typed and its errors.
package admin

import (
	"time"

	"parley/views/staff"
)

// Agents lists all agents.
type Agents struct {
	Frame  staff.Frame
	Active []AgentRow
	Gone   []AgentRow // disabled
}

// AgentRow is one row of the list.
type AgentRow struct {
	ID, Name, Email string
	Role            string // agent, supervisor, admin
	Presence        string // online, away, offline
	Load, Capacity  int
	Departments     []string
	Me              bool
}

// AgentPage is the form of a new agent, or of an existing one.
type AgentPage struct {
	Frame       staff.Frame
	ID          string // "" for a new one
	Title       string // the stored name, whatever was typed
	Name, Email string
	Role        string
	Capacity    string // as typed
	Departments []Option
	Disabled    bool
	Factor      *time.Time // since when there is a second factor; nil for none
	Load        int
	Me          bool // the caller's own account, which the caller cannot disable
	Errors      Errors
}

// Option is a department that can be ticked.
type Option struct {
	Slug, Name string
	Chosen     bool
}

// Errors has the text of the error of each refused field, and under "" that of the whole form.
type Errors map[string]string

// Departments lists the departments, with a form for one more.
type Departments struct {
	Frame  staff.Frame
	Rows   []Department
	New    Department // as typed
	Errors Errors     // of the form for one more
}

// Department is one row. Errors are those of renaming or removing it.
type Department struct {
	Slug, Name string
	Agents     int
	Errors     Errors
}

// Settings lists what can be set, in groups.
type Settings struct {
	Frame  staff.Frame
	Groups []Group
}

// Group is a set of settings about one subject.
type Group struct {
	Name string
	Rows []Setting
}

// Setting is one row: what it does, what it is, what it was shipped as.
type Setting struct {
	Key        string
	Name, Does string
	Bounds     string // unit and limits, in a sentence
	Value      string // as typed, or as it holds
	Default    string
	Overridden bool
	Choices    []Choice // when it is one of a few
	Number     bool     // digits only
	Error      string
}

// Choice is one of the values of a setting.
type Choice struct {
	Value, Name string
}

// Sites lists the sites that may embed the widget, with the snippet to paste.
type Sites struct {
	Frame   staff.Frame
	Rows    []Site
	New     string // as typed
	Snippet string
	Errors  Errors
}

// Site is one origin. Fixed ones come from the environment and cannot be removed here.
type Site struct {
	Origin string
	Fixed  bool
}
