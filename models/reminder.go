package models

import (
	"context"
	"slices"
	"sync"
	"time"
	_ "time/tzdata" // time zones do not depend on the machine
)

// Reminders is how an agent is told of new chats and messages, and reminded of chats that were not opened.
type Reminders struct {
	Repeat   bool        `json:"repeat"` // until the chat is opened
	Quiet    *QuietHours `json:"quiet,omitempty"`
	TimeZone string      `json:"time_zone,omitempty"` // of Quiet, such as Europe/Berlin
}

// QuietHours are the time of the day in which an agent hears no sounds and sees no notifications.
type QuietHours struct {
	From  int   `json:"from"`  // minutes after midnight
	Until int   `json:"until"` // on the next day, unless it is later than From
	Days  []int `json:"days"`  // on which they begin, 1 for Monday to 7 for Sunday
}

// Period is the time from From until Until, which is not part of it.
type Period struct{ From, Until time.Time }

const minutesOfDay = 24 * 60

// Reminders returns how the agent is reminded.
func (a *Agent) Reminders() Reminders {
	r := Reminders{Repeat: a.Reminds, TimeZone: a.TimeZone}
	if a.QuietFrom == nil || a.QuietUntil == nil {
		return r
	}
	r.Quiet = &QuietHours{From: *a.QuietFrom, Until: *a.QuietUntil}
	for day := 1; day <= 7; day++ {
		if a.QuietDays&(1<<(day-1)) != 0 {
			r.Quiet.Days = append(r.Quiet.Days, day)
		}
	}
	return r
}

// setReminders is the opposite of Reminders.
func (a *Agent) setReminders(r Reminders) {
	a.Reminds, a.TimeZone, a.QuietFrom, a.QuietUntil, a.QuietDays = r.Repeat, r.TimeZone, nil, nil, 1<<7-1
	if r.Quiet == nil {
		return
	}
	a.QuietFrom, a.QuietUntil, a.QuietDays = &r.Quiet.From, &r.Quiet.Until, 0
	for _, day := range r.Quiet.Days {
		a.QuietDays |= 1 << (day - 1)
	}
}

// QuietPeriods returns the quiet hours that have not ended at a time and begin within the two days after it, in order.
// Where clocks are changed in them, they last from and until what the clocks of the time zone show.
func (r Reminders) QuietPeriods(at time.Time) []Period {
	zone, known := zoneOf(r.TimeZone)
	if r.Quiet == nil || !known {
		return nil
	}
	var periods []Period
	year, month, day := at.In(zone).Date()
	clock := func(day, minutes int) time.Time { return time.Date(year, month, day, 0, minutes, 0, 0, zone).UTC() }
	for begins := day - 1; begins <= day+2; begins++ {
		weekday := (int(time.Date(year, month, begins, 12, 0, 0, 0, zone).Weekday())+6)%7 + 1
		if !slices.Contains(r.Quiet.Days, weekday) {
			continue
		}
		ends := begins
		if r.Quiet.Until <= r.Quiet.From {
			ends++
		}
		p := Period{clock(begins, r.Quiet.From), clock(ends, r.Quiet.Until)}
		if p.Until.After(at) && p.Until.After(p.From) {
			periods = append(periods, p)
		}
	}
	return periods
}

var zones sync.Map // of *time.Location by name

// zoneOf returns a time zone by its name in the tz database, and whether there is one.
func zoneOf(name string) (*time.Location, bool) {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), true
	}
	if name == "" || name == "Local" {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, false
	}
	zones.Store(name, zone)
	return zone, true
}

// SetReminders stores how the actor, an agent, is reminded, and returns the agent. Days may be in any order and repeat.
//
// An actor who is no agent gets 403 agents_only. A time that is not within a day, an end that equals the beginning, a day
// that is none, quiet hours without days, and an unknown time zone are validation_failed. The time zone may be absent
// where there are no quiet hours.
func (d *Desk) SetReminders(ctx context.Context, actor Actor, r Reminders) (*Agent, error) {
	if !actor.IsAgent() {
		return nil, forbidden("agents_only", "Only agents have reminders.")
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	var after *Agent
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		before, err := d.lockAgent(ctx, t, actor.ID)
		if err != nil {
			return err
		}
		after = before
		after.setReminders(r)
		_, err = t.NewRaw(`UPDATE agents SET reminds = ?, quiet_from = ?, quiet_until = ?, quiet_days = ?, time_zone = ? WHERE id = ?`,
			after.Reminds, after.QuietFrom, after.QuietUntil, after.QuietDays, after.TimeZone, after.ID).Exec(ctx)
		t.emit(after.presenceEvent(false))
		return err
	})
	return after, err
}

func (r Reminders) check() error {
	var faults fieldFaults
	if _, known := zoneOf(r.TimeZone); !known && (r.TimeZone != "" || r.Quiet != nil) {
		faults.add(invalid("time_zone", fieldUnknown, "This time zone is not known. Enter a name such as Europe/Berlin."))
	}
	if q := r.Quiet; q != nil {
		for field, minutes := range map[string]int{"quiet_from": q.From, "quiet_until": q.Until} {
			if minutes < 0 || minutes >= minutesOfDay {
				faults.add(invalid(field, fieldInvalid, "Enter a time of the day such as 22:00."))
			}
		}
		if q.From == q.Until {
			faults.add(invalid("quiet_until", fieldOutOfBounds, "Quiet hours end at another time than they begin."))
		}
		switch {
		case len(q.Days) == 0:
			faults.add(invalid("quiet_days", fieldRequired, "Quiet hours need a day. Choose at least one."))
		case slices.Min(q.Days) < 1, slices.Max(q.Days) > 7:
			faults.add(invalid("quiet_days", fieldUnknown, "Days are numbers from 1 for Monday to 7 for Sunday."))
		}
	}
	return faults.err()
}
