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
	Title       string // the stored name, not the one in the form
	Name, Email string
	Role        string
	Capacity    string // as typed
	MaxMessages string // as typed
	// TemporaryCapacity is what the agent has until TemporaryUntil; nil for no temporary capacity.
	TemporaryCapacity int
	TemporaryUntil    *time.Time
	Departments       []Option
	Disabled          bool
	Factor            *time.Time // since when there is a second factor; nil for none
	PushDevices       []PushDevice
	Load              int
	Me                bool // the caller's own account, which the caller cannot disable
	Errors            Errors
}

// PushDevice is a browser on which an agent gets notifications.
type PushDevice struct {
	staff.Device

	ID string
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

// WrapUp lists the outcomes and tags, with a form for one more.
type WrapUp struct {
	Frame       staff.Frame
	Outcomes    []WrapUpOption
	Tags        []WrapUpOption
	Departments []Choice // the first one is every chat
	New         WrapUpOption
	Errors      Errors // of the form for one more
}

// WrapUpOption is one row. Errors are those of renaming it.
type WrapUpOption struct {
	ID         string
	Kind       string // "outcome" or "tag"
	Name       string
	Department string // its name; of a new one the short name
	Retired    bool
	Errors     Errors
}

// Reasons lists reasons, with a form for one more. List is "breaks" or "ratings", and Path the address of the page.
type Reasons struct {
	Frame      staff.Frame
	List, Path string
	InUse      []Reason // in the order in which they are offered
	Retired    []Reason
	New        Reason // as typed
}

// Reason is one row. The names and the numbers are as typed if there are Errors.
type Reason struct {
	List, Path       string
	ID               int64
	Name             string // stored, in the reader's language
	NameEn, NameZhCN string
	Numbers          []ReasonNumber
	Summary          string // the numbers in words
	Errors           Errors
}

// ReasonNumber is a number of a reason: Field is "minutes", "min_stars" or "max_stars".
type ReasonNumber struct {
	Field, Value string
	Max          int
}

// Settings is the settings page.
type Settings struct {
	Frame  staff.Frame
	Groups []SettingGroup
}

// SettingGroup is a set of settings that is saved at once.
type SettingGroup struct {
	ID, Name string
	Rows     []Setting
	Saved    bool // just now
	Refused  bool // nothing was saved; rows have an Error
}

// Setting is one row. It is a switch, a choice, a list of words, a text or a number; a number has Units to choose from, or a Suffix.
type Setting struct {
	Key        string
	Name, Help string
	Value      string // as entered; of a number without its unit
	Seen       string // the value in force, as the form sends it back
	Default    string // in words
	Overridden bool   // an admin has set another value than the default
	Error      string
	Focus      bool // the field to go on with

	IsSwitch bool
	IsWords  bool
	IsText   bool
	Choices  []Choice
	IsWhole  bool   // a number without a fraction
	Unit     string // the chosen one of Units
	Units    []Choice
	Suffix   string
	Range    string // of a number, in words
}

// Choice is an option of a select.
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
