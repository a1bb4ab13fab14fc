package api

import "parley/models"

// PresenceDetails says more of an agent's presence: to the agent and to supervisors, never to users.
type PresenceDetails struct {
	PresenceDetail string      `json:"presence_detail"`
	PresenceSince  *Time       `json:"presence_since"` // null when it is not known
	BreakReason    *ReasonName `json:"break_reason"`   // the break is null unless presence_detail is break
	BreakEndsAt    *Time       `json:"break_ends_at"`
	IsBreakOver    IntBool     `json:"is_break_over"`
	ExtraUntil     *Time       `json:"extra_until"`    // until when the agent may get one chat more than max_concurrent; null for not
	HasExtraChat   IntBool     `json:"has_extra_chat"` // the agent holds it
	// RegularMaxConcurrent is what max_concurrent is again after MaxConcurrentUntil; null unless it is temporary.
	RegularMaxConcurrent *int  `json:"regular_max_concurrent"`
	MaxConcurrentUntil   *Time `json:"max_concurrent_until"`
}

// ReasonName is a reason with its names as they were entered, "" for none.
type ReasonName struct {
	ID       int64  `json:"id"`
	NameEn   string `json:"name_en"`
	NameZhCN string `json:"name_zh_cn"`
}

// BreakReason is a reason that agents can choose, or for administrators also a retired one.
type BreakReason struct {
	ReasonName
	Minutes   int   `json:"minutes"`
	RetiredAt *Time `json:"retired_at"`
}

// PresenceRecord is one change of an agent's presence.
type PresenceRecord struct {
	ID             int64       `json:"id"`
	From           string      `json:"from"`
	To             string      `json:"to"`
	Cause          string      `json:"cause"`
	BreakReason    *ReasonName `json:"break_reason"`
	PlannedMinutes *int        `json:"planned_minutes"`
	ByID           *string     `json:"by_id"` // null for Parley itself
	ByName         *string     `json:"by_name"`
	At             Time        `json:"at"`
}

// PresenceDetailsOf returns the details of a presence. An event of an earlier release has none: its detail is the presence.
func PresenceDetailsOf(p models.PresenceChange) PresenceDetails {
	out := PresenceDetails{
		PresenceDetail: string(p.Detail), ExtraUntil: OptionalTime(p.ExtraUntil), HasExtraChat: IntBool(p.HasExtra),
		RegularMaxConcurrent: p.RegularMax, MaxConcurrentUntil: OptionalTime(p.MaxUntil),
	}
	if p.Detail == "" {
		out.PresenceDetail = string(p.Presence)
	}
	if !p.Since.IsZero() {
		out.PresenceSince = OptionalTime(&p.Since)
	}
	if b := p.Break; b != nil {
		out.BreakReason, out.BreakEndsAt, out.IsBreakOver = reasonNameOf(&b.Reason), OptionalTime(&b.EndsAt), IntBool(b.IsOver)
	}
	return out
}

func reasonNameOf(n *models.ReasonName) *ReasonName {
	if n == nil {
		return nil
	}
	return &ReasonName{n.ID, n.NameEn, n.NameZhCN}
}

// BreakReasonOf returns the body of a reason for breaks.
func BreakReasonOf(r *models.BreakReason) BreakReason {
	return BreakReason{*reasonNameOf(&r.ReasonName), r.Minutes, OptionalTime(r.RetiredAt)}
}

// PresenceRecordOf returns the body of a change of presence.
func PresenceRecordOf(r *models.PresenceRecord) PresenceRecord {
	out := PresenceRecord{
		ID: r.ID, From: string(r.From), To: string(r.To), Cause: string(r.Cause), BreakReason: reasonNameOf(r.Reason),
		PlannedMinutes: r.Minutes, At: Time(r.At),
	}
	if r.ByID != "" {
		out.ByID = &r.ByID
	}
	if r.ByName != "" {
		out.ByName = &r.ByName
	}
	return out
}
