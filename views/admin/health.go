package admin

import (
	"time"

	"parley/views/staff"
)

// Health is what must always hold, and what this instance reaches.
type Health struct {
	Frame    staff.Frame
	Checked  time.Time
	Rules    []Rule
	Services []Service
}

// Rule is one thing that must always hold.
type Rule struct {
	Key      string
	Meaning  string
	Repair   string // the words of the button that mends it, "" when only a person can
	Findings []Finding
	More     int // findings that are not shown
}

// Finding is what was found against a rule.
type Finding struct {
	Subject, Href, Detail string
}

// Service is something that Parley needs, and what its being away means.
type Service struct {
	Name string
	Up   bool
	Text string
}
