package admin

import (
	"context"
	"time"

	"parley/views/staff"
	"parley/views/text"
)

// HoursList is the page of opening hours.
type HoursList struct {
	Frame   staff.Frame
	Rows    []Hours  // that are stored
	New     Hours    // as typed
	Addable []Option // departments without hours, and "" for all others while those have none
	Errors  Errors
	Done    string // what an import did, "" for none
}

// Hours are the opening hours of a department, or with Department "" those of all others, as typed if there are Errors.
type Hours struct {
	Department, Name string
	IsStored         bool
	TimeZone         string
	Week             []DayHours // from Monday on
	Exceptions       []DayException
	IsOpen           bool
	OpensAt          *time.Time // nil while open, and if it does not open within a year
	Errors           Errors
}

// DayHours are the hours of a weekday. Field is its English name.
type DayHours struct{ Field, Hours string }

// DayException is a day with other hours.
type DayException struct {
	Day, Name, Hours string
	IsYearly         bool
}

func (h Hours) id() string {
	switch {
	case !h.IsStored:
		return "hours-new"
	case h.Department == "":
		return "hours"
	}
	return "hours-of-" + h.Department
}

// removal returns what happens once the hours are removed.
func (h Hours) removal(ctx context.Context) string {
	if h.Department == "" {
		return text.T(ctx, "admin.hours.confirm_general")
	}
	return text.T(ctx, "admin.hours.confirm_department")
}
