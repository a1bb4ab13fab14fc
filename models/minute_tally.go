package models

import (
	"slices"
	"time"
)

// chatTimes is what the minutes need to know of a chat. The times of what did not happen are nil.
type chatTimes struct {
	department                               string
	queued, created                          time.Time
	firstAssigned, assigned, returned, ended *time.Time
	abandoned                                bool
}

// shortestWait is from when a chat counts as one that waited: what an agent gets at once waits for some milliseconds, too.
const shortestWait = time.Second

// minuteTally adds up the figures of consecutive minutes.
type minuteTally struct {
	from, to time.Time
	rows     map[string][]MinuteBucket // by department
	waiting  map[string][]levelChange
	load     map[string][]levelChange
	online   map[string][]levelChange
	slots    map[string][]levelChange
}

// levelChange is how much a level rises or falls at a time.
type levelChange struct {
	at time.Time
	by int
}

// newMinuteTally returns an empty tally of whole minutes, of all chats and of each department.
func newMinuteTally(from, to time.Time, departments []string) *minuteTally {
	t := &minuteTally{
		from: from, to: to, rows: map[string][]MinuteBucket{}, waiting: map[string][]levelChange{}, load: map[string][]levelChange{},
		online: map[string][]levelChange{}, slots: map[string][]levelChange{},
	}
	for _, slug := range append([]string{""}, departments...) {
		rows := make([]MinuteBucket, int(to.Sub(from)/time.Minute))
		for i := range rows {
			rows[i] = MinuteBucket{Department: slug, Minute: from.Add(time.Duration(i) * time.Minute), IsCounted: true}
		}
		t.rows[slug] = rows
	}
	return t
}

// groups returns where a chat of a department counts.
func groups(department string) []string {
	if department == "" {
		return []string{""}
	}
	return []string{"", department}
}

// bucket returns the minute of a time, nil outside of the tally.
func (t *minuteTally) bucket(department string, at time.Time) *MinuteBucket {
	rows := t.rows[department]
	if i := int(at.Sub(t.from) / time.Minute); !at.Before(t.from) && i < len(rows) {
		return &rows[i]
	}
	return nil
}

func (t *minuteTally) addChat(c *chatTimes) {
	for _, group := range groups(c.department) {
		count := func(at *time.Time, figure func(*MinuteBucket) *int) {
			if at == nil {
				return
			}
			if b := t.bucket(group, *at); b != nil {
				*figure(b)++
			}
		}
		count(&c.created, func(b *MinuteBucket) *int { return &b.Arrivals })
		count(c.firstAssigned, func(b *MinuteBucket) *int { return &b.Assignments })
		count(c.ended, func(b *MinuteBucket) *int { return &b.Ends })
		if c.abandoned {
			count(c.ended, func(b *MinuteBucket) *int { return &b.Abandonments })
		}
		end := t.to
		if c.ended != nil {
			end = *c.ended
		}
		assigned := end
		if c.firstAssigned != nil {
			assigned = *c.firstAssigned
		}
		t.wait(group, c.queued, c.created, assigned)
		if c.returned == nil || c.firstAssigned == nil || c.returned.Before(assigned) {
			t.span(t.load, group, assigned, end, 1)
			continue
		}
		again := end // the last time that the chat came back from an agent and waited again; the times before it are not kept
		if c.assigned != nil && c.assigned.After(*c.returned) {
			again = *c.assigned
		}
		t.span(t.load, group, assigned, *c.returned, 1)
		t.wait(group, c.queued, *c.returned, again)
		t.span(t.load, group, again, end, 1)
	}
}

// wait adds the wait of a chat from begin to end, whose length counts from queued.
func (t *minuteTally) wait(group string, queued, begin, end time.Time) {
	if end.Sub(begin) < shortestWait {
		return
	}
	t.span(t.waiting, group, begin, end, 1)
	for at := later(begin, t.from).Truncate(time.Minute); at.Before(end); at = at.Add(time.Minute) {
		b := t.bucket(group, at)
		if b == nil {
			return
		}
		until := at.Add(time.Minute)
		if end.Before(until) {
			until = end
		}
		b.LongestWaitSeconds = max(b.LongestWaitSeconds, int(until.Sub(queued).Seconds()))
	}
}

// span raises a level from begin to end, as far as the tally goes.
func (t *minuteTally) span(levels map[string][]levelChange, group string, begin, end time.Time, by int) {
	if begin = later(begin, t.from); !end.After(begin) || !begin.Before(t.to) {
		return
	}
	levels[group] = append(levels[group], levelChange{begin, by}, levelChange{end, -by})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// addOnline adds a time in which an agent was online.
func (t *minuteTally) addOnline(departments []string, capacity int, begin, end time.Time) {
	for _, group := range append([]string{""}, departments...) {
		t.span(t.online, group, begin, end, 1)
		t.span(t.slots, group, begin, end, capacity)
	}
}

// finish returns all minutes in the order in which they are written. The agents are known from a time on; before it they stay nil.
func (t *minuteTally) finish(agentsKnown time.Time) []MinuteBucket {
	var all []MinuteBucket
	for slug, rows := range t.rows {
		peaks(t.waiting[slug], rows, func(b *MinuteBucket, n int) { b.Waiting = n })
		peaks(t.load[slug], rows, func(b *MinuteBucket, n int) { b.Load = n })
		agents := func(set func(*MinuteBucket) **int) func(*MinuteBucket, int) {
			return func(b *MinuteBucket, n int) {
				if !b.Minute.Before(agentsKnown) {
					*set(b) = &n
				}
			}
		}
		peaks(t.online[slug], rows, agents(func(b *MinuteBucket) **int { return &b.AgentsOnline }))
		peaks(t.slots[slug], rows, agents(func(b *MinuteBucket) **int { return &b.Capacity }))
		all = append(all, rows...)
	}
	slices.SortFunc(all, inWritingOrder)
	return all
}

// peaks sets the highest level of each minute. What ends and begins at the same time does not overlap.
func peaks(changes []levelChange, rows []MinuteBucket, set func(*MinuteBucket, int)) {
	slices.SortFunc(changes, func(a, b levelChange) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.by - b.by
	})
	level, next := 0, 0
	for i := range rows {
		for next < len(changes) && !changes[next].at.After(rows[i].Minute) {
			level += changes[next].by
			next++
		}
		peak, end := level, rows[i].Minute.Add(time.Minute)
		for next < len(changes) && changes[next].at.Before(end) {
			level += changes[next].by
			peak = max(peak, level)
			next++
		}
		set(&rows[i], peak)
	}
}
