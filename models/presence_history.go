package models

import (
	"context"
	"time"
)

// presenceHistory is how long changes of presence are kept: as long as the samples of the supervisors' charts.
const presenceHistory = 35 * day

// PresenceCause is why an agent's presence changed. The values are stable: they are stored, and other programs read them.
type PresenceCause string

// The causes.
const (
	PresenceChosen    PresenceCause = "chosen"           // by the agent
	PresenceInactive  PresenceCause = "inactive"         // no input for INACTIVE_AFTER
	PresenceLost      PresenceCause = "lost_contact"     // no heartbeat for PRESENCE_TIMEOUT
	PresenceRestored  PresenceCause = "contact_restored" // a heartbeat after that
	PresenceBreakOver PresenceCause = "break_over"       // the planned end of a break; the agent stays on it
	PresenceDisabled  PresenceCause = "disabled"         // by an administrator

	// These change what an agent at capacity may get, not the presence.
	ExtraOpened  PresenceCause = "extra_opened"  // the agent asked for one chat more
	ExtraTaken   PresenceCause = "extra_taken"   // the agent got a chat
	ExtraExpired PresenceCause = "extra_expired" // none came in time
	ExtraClosed  PresenceCause = "extra_closed"  // by the agent
)

// PresenceRecord is one change of an agent's presence as it is kept.
type PresenceRecord struct {
	ID       int64
	AgentID  string
	From, To PresenceDetail
	Cause    PresenceCause
	Reason   *ReasonName // of a break that To is
	Minutes  *int        // planned length of that break, from At
	ByID     string      // who made the change: an agent, "console", or "" for Parley
	ByName   string      // present name of that agent, "" for none
	At       time.Time
}

// sameDetail reports whether two states of an agent differ in nothing that the history keeps: the detail of the presence,
// and the reason and the end of a break.
func sameDetail(a, b *Agent) bool { return a.Detail() == b.Detail() && a.Break().Equal(b.Break()) }

// sameExtra reports whether two states of an agent say the same about a chat beyond the capacity and a temporary capacity.
func sameExtra(a, b *Agent) bool {
	x, y := a.PresenceChange(), b.PresenceChange()
	return x.SameExtra(&y)
}

// SameExtra reports whether two events say the same about a chat beyond the agent's capacity and a temporary capacity.
func (p *PresenceChange) SameExtra(other *PresenceChange) bool {
	return p.HasExtra == other.HasExtra && sameTime(p.ExtraUntil, other.ExtraUntil) &&
		sameTime(p.MaxUntil, other.MaxUntil) && deref(p.RegularMax) == deref(other.RegularMax)
}

// sameTime reports whether both are nil or the same instant.
func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// Equal reports whether two breaks have the same reason, end and state. Both may be nil.
func (b *Break) Equal(other *Break) bool {
	if b == nil || other == nil {
		return b == other
	}
	return b.Reason == other.Reason && b.EndsAt.Equal(other.EndsAt) && b.IsOver == other.IsOver
}

// recordPresence adds a change of an agent's presence to the history, in the transaction that makes it. It adds nothing
// where nothing changed. by is the actor, "" for Parley.
func (t *tx) recordPresence(ctx context.Context, before, after *Agent, cause PresenceCause, by string) error {
	if sameDetail(before, after) {
		return nil
	}
	var reason *int64
	var minutes *int
	if b := after.Break(); b != nil {
		reason = &b.Reason.ID
		if cause == PresenceChosen {
			minutes = ptr(int(b.EndsAt.Sub(after.SeenAt).Round(time.Minute).Minutes())) // SeenAt is the time of the choice
		}
	}
	_, err := t.NewRaw(`INSERT INTO presence_changes (agent_id, from_presence, to_presence, cause, reason_id, planned_minutes, by_id)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, after.ID, before.Detail(), after.Detail(), cause, reason, minutes, by).Exec(ctx)
	return err
}

// PresenceHistory returns the changes of an agent's presence in a period, from inclusive, to exclusive, newest first, at
// most limit (1 to 500). Supervisors may read that of all agents, agents their own; to others it is 403 role_required. An
// empty period, one longer than 366 days and a limit out of bounds are validation_failed, an unknown agent is
// agent_not_found.
func (d *Desk) PresenceHistory(
	ctx context.Context, actor Actor, agentID string, from, to time.Time, limit int,
) ([]PresenceRecord, error) {
	if !actor.IsAgent() || actor.ID != agentID {
		if err := actor.require(RoleSupervisor); err != nil {
			return nil, err
		}
	}
	if err := checkPeriod(from, to, 366*day); err != nil {
		return nil, err
	}
	if limit < 1 || limit > 500 {
		return nil, invalid("limit", fieldOutOfBounds, "limit must be a whole number from 1 to 500.")
	}
	if _, err := d.AgentByID(ctx, agentID); err != nil {
		return nil, err
	}
	var rows []struct {
		ID                       int64
		AgentID, FromPresence    string
		ToPresence, Cause        string
		ReasonID                 *int64
		NameEn, NameZhCn, ByName *string
		PlannedMinutes           *int
		ByID                     string
		At                       time.Time
	}
	err := d.db.NewRaw(`SELECT c.id, c.agent_id, c.from_presence, c.to_presence, c.cause, c.reason_id, r.name_en, r.name_zh_cn,
			c.planned_minutes, c.by_id, a.name AS by_name, c.at
		FROM presence_changes c LEFT JOIN break_reasons r ON r.id = c.reason_id LEFT JOIN agents a ON a.id = c.by_id
		WHERE c.agent_id = ? AND c.at >= ? AND c.at < ? ORDER BY c.at DESC, c.id DESC LIMIT ?`, agentID, from, to, limit).Scan(ctx, &rows)
	if err != nil {
		return nil, translate(err)
	}
	history := make([]PresenceRecord, len(rows))
	for i := range rows {
		r := &rows[i]
		history[i] = PresenceRecord{
			ID: r.ID, AgentID: r.AgentID, From: PresenceDetail(r.FromPresence), To: PresenceDetail(r.ToPresence),
			Cause: PresenceCause(r.Cause), Minutes: r.PlannedMinutes, ByID: r.ByID, ByName: deref(r.ByName), At: r.At,
		}
		if r.ReasonID != nil {
			history[i].Reason = &ReasonName{ID: *r.ReasonID, NameEn: deref(r.NameEn), NameZhCN: deref(r.NameZhCn)}
		}
	}
	return history, nil
}
