package models

import "time"

// closedQueues are the queues whose chats are not assigned because the desk is closed.
type closedQueues struct {
	departments []string // that are closed by hours of their own
	isGeneral   bool     // all others are closed too, and chats that ask for no department
	ownHours    []string // the departments with hours of their own
}

// isNotClosed is the condition for chats c of queues that are not closed; its three parameters follow in this order.
func isNotClosed(departments, isGeneral, ownHours string) string {
	return `NOT (coalesce(c.department, '') = ANY(` + departments + `::text[])
		OR ` + isGeneral + ` AND coalesce(c.department, '') <> ALL(` + ownHours + `::text[]))`
}

// closedQueues returns the queues that are closed at a time; none where ASSIGN_WHEN_CLOSED is on.
func (d *Desk) closedQueues(at time.Time) closedQueues {
	c := closedQueues{departments: []string{}, ownHours: []string{}}
	if d.Settings().AssignWhenClosed {
		return c
	}
	all := *d.hours.Load()
	for i := range all {
		isClosed := !all[i].IsOpen(at)
		switch name := all[i].Department; {
		case name == "":
			c.isGeneral = isClosed
		default:
			c.ownHours = append(c.ownHours, name)
			if isClosed {
				c.departments = append(c.departments, name)
			}
		}
	}
	return c
}

// isAssignable reports whether chats of a department, "" for none, are assigned at a time: they are not outside its opening
// hours unless ASSIGN_WHEN_CLOSED is on.
func (d *Desk) isAssignable(department string, at time.Time) bool {
	hours := d.HoursOf(department)
	return d.Settings().AssignWhenClosed || hours == nil || hours.IsOpen(at)
}
