package models

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"
)

const (
	// closedLately is how long after a closing agents are still reminded of it: longer than a usual outage.
	closedLately = 30 * time.Minute
	// keepClosingReminder is how long an agent sees a reminder that is not dismissed, unless the desk opens before.
	keepClosingReminder = 12 * time.Hour
)

// ClosingReminder reminds an agent that the desk closes, of what is still open then. There is one for each closing.
type ClosingReminder struct {
	Department string    `json:"department"` // whose hours they are; "" for those of all departments without hours of their own
	ClosesAt   time.Time `json:"closes_at"`
	IsClosed   bool      `json:"is_closed,omitempty"` // the desk has closed since
	// IsDismissed is whether the agent has seen enough of it. A reminder that was dismissed before the closing comes once more
	// at the closing.
	IsDismissed bool `json:"is_dismissed,omitempty"`
}

// OpenAtClosing are the reminder of a closing and the chats that are still open.
type OpenAtClosing struct {
	ClosingReminder

	Chats []*AgentChat // live ones, and messages that await a reply
}

// Counts returns how many live chats are open, and how many messages await a reply.
func (o *OpenAtClosing) Counts() (chats, messages int) {
	for _, c := range o.Chats {
		if c.IsMessage() {
			messages++
		}
	}
	return len(o.Chats) - messages, messages
}

// OpenAtClosing returns the reminders that an agent sees at a time, the earliest first, with those of the agent's chats that
// they are about: assigned before the closing. A reminder without any is left out, and so are dismissed ones.
func (d *Desk) OpenAtClosing(a *Agent, chats []AgentChat, at time.Time) []OpenAtClosing {
	var open []OpenAtClosing
	for _, r := range a.ClosingReminders {
		if r.IsDismissed || !d.holds(r, at) {
			continue
		}
		r.IsClosed = !at.Before(r.ClosesAt)
		o := OpenAtClosing{ClosingReminder: r}
		for i := range chats {
			if d.isOpenAtClosing(r, &chats[i].Chat) {
				o.Chats = append(o.Chats, &chats[i])
			}
		}
		if len(o.Chats) > 0 {
			open = append(open, o)
		}
	}
	return open
}

// ReadOpenAtClosing is OpenAtClosing with the chats that PostgreSQL has, now.
func (d *Desk) ReadOpenAtClosing(ctx context.Context, a *Agent) ([]OpenAtClosing, error) {
	if len(a.ClosingReminders) == 0 {
		return nil, nil
	}
	chats, err := d.ChatsOfAgent(ctx, a.ID, ChatFilter{Status: Active, Limit: 200})
	return d.OpenAtClosing(a, chats, time.Now()), err
}

func (d *Desk) isOpenAtClosing(r ClosingReminder, c *Chat) bool {
	hours := d.HoursOf(deref(c.Department))
	return c.Status == Active && hours != nil && hours.Department == r.Department &&
		c.AssignedAt != nil && c.AssignedAt.Before(r.ClosesAt) && (!c.IsMessage() || c.AwaitingReplySince != nil)
}

// holds reports whether a reminder is still right: the hours have not been changed, and the desk has not opened again.
func (d *Desk) holds(r ClosingReminder, at time.Time) bool {
	hours := d.HoursOf(r.Department)
	switch {
	case d.Settings().ClosingReminder <= 0 || hours == nil || hours.Department != r.Department:
		return false
	case at.Before(r.ClosesAt):
		closing, ok := hours.Closing(at)
		return ok && closing.Equal(r.ClosesAt)
	}
	return !hours.IsOpen(at) && at.Before(r.ClosesAt.Add(keepClosingReminder))
}

// closingToRemindOf returns the closing of which agents are reminded at a time, false for none: the next one if it is at most
// lead ahead, or one that was a short while ago.
func (h *OpeningHours) closingToRemindOf(at time.Time, lead time.Duration) (closing time.Time, ok bool) {
	if closing, ok = h.Closing(at); ok {
		return closing, closing.Sub(at) <= lead
	}
	closing, ok = h.Closing(at.Add(-closedLately))
	return closing, ok && !closing.After(at)
}

// remindersAt returns the reminders of an agent at a time. assigned has, by the hours that hold for them, when the first of the
// agent's open chats was assigned.
func (d *Desk) remindersAt(before []ClosingReminder, assigned map[string]time.Time, at time.Time) []ClosingReminder {
	var after []ClosingReminder
	for _, r := range before {
		if d.holds(r, at) {
			after = append(after, r)
		}
	}
	lead := d.Settings().ClosingReminder
	for _, department := range slices.Sorted(maps.Keys(assigned)) {
		hours := d.HoursOf(department)
		if lead <= 0 || hours == nil || hours.Department != department {
			continue
		}
		closing, ok := hours.closingToRemindOf(at, lead)
		if !ok || !assigned[department].Before(closing) {
			continue
		}
		isClosed := !at.Before(closing)
		i := slices.IndexFunc(after, func(r ClosingReminder) bool { return r.Department == department && r.ClosesAt.Equal(closing) })
		switch {
		case i < 0:
			after = append(after, ClosingReminder{Department: department, ClosesAt: closing.UTC(), IsClosed: isClosed})
		case isClosed && !after[i].IsClosed:
			after[i].IsClosed, after[i].IsDismissed = true, false
		}
	}
	slices.SortFunc(after, func(a, b ClosingReminder) int {
		return cmp.Or(a.ClosesAt.Compare(b.ClosesAt), cmp.Compare(a.Department, b.Department))
	})
	return after
}

// openAssigned returns for each of these agents what remindersAt needs of the open chats. Messages that are answered are done.
func (d *Desk) openAssigned(ctx context.Context, t *tx, agents []string) (map[string]map[string]time.Time, error) {
	var rows []struct {
		AgentID    string    `bun:"agent_id"`
		Department string    `bun:"department"`
		AssignedAt time.Time `bun:"assigned_at"`
	}
	err := t.NewRaw(`SELECT agent_id, coalesce(department, '') AS department, min(assigned_at) AS assigned_at FROM chats
		WHERE status = 'active' AND agent_id = ANY(?::text[]) AND (channel <> 'message' OR awaiting_since IS NOT NULL)
		GROUP BY 1, 2`, pgdialect.Array(agents)).Scan(ctx, &rows)
	open := map[string]map[string]time.Time{}
	for _, r := range rows {
		hours := d.HoursOf(r.Department)
		if hours == nil {
			continue
		}
		if open[r.AgentID] == nil {
			open[r.AgentID] = map[string]time.Time{}
		}
		if first, known := open[r.AgentID][hours.Department]; !known || r.AssignedAt.Before(first) {
			open[r.AgentID][hours.Department] = r.AssignedAt
		}
	}
	return open, err
}

// RemindOfClosing reminds agents with open chats CLOSING_REMINDER before the desk closes for these chats, and when it closes.
// It ends reminders once the desk opens again or its hours change. It may run any number of times at once: an agent is
// reminded under the lock of the agent's row, and of a closing once before it and once at it.
func (d *Desk) RemindOfClosing(ctx context.Context) error {
	if !d.isClosingSoon(time.Now()) {
		isReminded, err := d.isAny(ctx, `SELECT FROM agents WHERE closing_reminders IS NOT NULL`)
		if err != nil || !isReminded {
			return err
		}
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.tick(ctx); err != nil {
			return err
		}
		var ids []string
		err := t.NewRaw(`SELECT id FROM agents WHERE closing_reminders IS NOT NULL OR ? AND disabled_at IS NULL AND kind = 'human' AND id IN
			(SELECT agent_id FROM chats WHERE status = 'active') ORDER BY id`, d.isClosingSoon(t.now)).Scan(ctx, &ids)
		if err != nil || len(ids) == 0 {
			return err
		}
		due, err := d.agentsToRemind(ctx, t, ids)
		if err != nil || len(due) == 0 {
			return err
		}
		locked, err := d.lockAgents(ctx, t, due...) // the chats are read again: another instance may have done it all
		if err != nil {
			return err
		}
		open, err := d.openAssigned(ctx, t, due)
		if err != nil {
			return err
		}
		for _, a := range locked.all() {
			if err := t.setClosingReminders(ctx, a, d.remindersAt(a.ClosingReminders, open[a.ID], t.now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// isClosingSoon reports whether there is a closing that agents are to be reminded of.
func (d *Desk) isClosingSoon(at time.Time) bool {
	lead := d.Settings().ClosingReminder
	all := *d.hours.Load()
	for i := range all {
		if _, ok := all[i].closingToRemindOf(at, lead); ok && lead > 0 {
			return true
		}
	}
	return false
}

// agentsToRemind returns those of the agents whose reminders are to change, without locking any.
func (d *Desk) agentsToRemind(ctx context.Context, t *tx, ids []string) ([]string, error) {
	agents, err := d.agents(ctx, t, `WHERE a.id = ANY($2)`, ids)
	if err != nil {
		return nil, err
	}
	open, err := d.openAssigned(ctx, t, ids)
	var due []string
	for i := range agents {
		a := &agents[i]
		if !reflect.DeepEqual(a.ClosingReminders, d.remindersAt(a.ClosingReminders, open[a.ID], t.now)) {
			due = append(due, a.ID)
		}
	}
	return due, err
}

// setClosingReminders stores and announces the reminders of a locked agent, unless they are the same.
func (t *tx) setClosingReminders(ctx context.Context, a *Agent, reminders []ClosingReminder) error {
	if reflect.DeepEqual(a.ClosingReminders, reminders) {
		return nil
	}
	a.ClosingReminders = reminders
	var stored *string
	if len(reminders) > 0 {
		encoded, err := json.Marshal(reminders)
		if err != nil {
			return err
		}
		text := string(encoded)
		stored = &text
	}
	_, err := t.NewRaw(`UPDATE agents SET closing_reminders = ?::jsonb WHERE id = ?`, stored, a.ID).Exec(ctx)
	t.emit(a.presenceEvent(false))
	return err
}

// DismissClosingReminders dismisses the reminders of closings that the actor, an agent, sees now. Without any it does nothing.
// An actor who is no agent gets 403 agents_only.
func (d *Desk) DismissClosingReminders(ctx context.Context, actor Actor) error {
	if !actor.IsAgent() {
		return forbidden("agents_only", "Only agents have reminders.")
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		a, err := d.lockAgent(ctx, t, actor.ID)
		if err != nil {
			return err
		}
		after := slices.Clone(a.ClosingReminders)
		for i := range after {
			after[i].IsDismissed = true
		}
		return t.setClosingReminders(ctx, a, after)
	})
}
