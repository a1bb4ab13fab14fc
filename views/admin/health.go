package admin

import (
	"time"

	"parley/views/staff"
)

// Health shows the invariants and the services that this instance uses.
type Health struct {
	Frame    staff.Frame
	Checked  time.Time // zero before the first check
	Age      time.Duration
	Rules    []Rule
	Services []Service
}

// Rule is one invariant.
type Rule struct {
	Key      string
	Meaning  string
	Repair   string // label of the repair button, "" if there is no automatic repair
	Findings []Finding
	More     int // findings that are not shown
}

// Finding is one violation of an invariant.
type Finding struct {
	Subject, Href, Detail string
}

// Service is a service that Parley uses, and what its outage means.
type Service struct {
	Name string
	Up   bool
	Text string
}
