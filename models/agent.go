package models

import (
	"math"
	"time"

	"github.com/uptrace/bun"
)

// Presence is whether an agent is available. Only online agents are assigned chats.
type Presence string

// The presences.
const (
	Online  Presence = "online"
	Away    Presence = "away"
	Offline Presence = "offline"
)

// PresenceDetail says more of a presence than others need to know.
type PresenceDetail string

// The details. Agents choose online, last_chats, break, away and offline; the others are set by Parley.
const (
	DetailOnline      PresenceDetail = "online"
	DetailLastChats   PresenceDetail = "last_chats"   // away: finishes the active chats and is assigned no new ones
	DetailBreak       PresenceDetail = "break"        // away, with a reason and a planned end
	DetailInactive    PresenceDetail = "inactive"     // away, set by Parley after INACTIVE_AFTER without input
	DetailAway        PresenceDetail = "away"         // away, without a reason
	DetailLostContact PresenceDetail = "lost_contact" // away because no heartbeats arrive, although the agent chose online
	DetailOffline     PresenceDetail = "offline"
)

// Presence returns the presence that the detail says more of.
func (d PresenceDetail) Presence() Presence {
	switch d {
	case DetailOnline:
		return Online
	case DetailOffline:
		return Offline
	}
	return Away
}

// Break is the break that an agent is on.
type Break struct {
	Reason ReasonName `json:"reason"`
	EndsAt time.Time  `json:"ends_at"`           // as planned
	IsOver bool       `json:"is_over,omitempty"` // the end was announced: the agent is asked and has not answered
}

// Agent is a person, or a bot, who answers chats ("service" in the JSON).
type Agent struct {
	bun.BaseModel `bun:"table:agents"`

	ID                string     `bun:"id,pk"`
	Email             string     `bun:"email"`
	Name              string     `bun:"name"`
	Avatar            *string    `bun:"avatar"`
	Role              Role       `bun:"role"`
	MaxConcurrent     int        `bun:"max_concurrent"`
	RegularMax        *int       `bun:"regular_max"` // what MaxConcurrent is again after MaxUntil; nil unless it is temporary
	MaxUntil          *time.Time `bun:"max_until"`
	Load              int        `bun:"load"`
	Reserved          int        `bun:"reserved"`     // places that open offers to the agent hold
	MessageLoad       int        `bun:"message_load"` // active messages, which Load does not count
	MaxMessages       int        `bun:"max_messages"`
	DesiredPresence   Presence   `bun:"choice"` // what the agent chose; Presence is the effective one
	DesiredPresenceAt time.Time  `bun:"choice_at"`
	SeenAt            time.Time  `bun:"seen_at"`
	LostAt            *time.Time `bun:"lost_at"` // set while an agent who chose online or away sends no heartbeat
	// ChosenDetail says more of a DesiredPresence away: last_chats, break or inactive; nil for none.
	ChosenDetail   *PresenceDetail `bun:"choice_detail"`
	BreakReasonID  *int64          `bun:"break_reason_id"` // these are set on a break
	BreakEndsAt    *time.Time      `bun:"break_ends_at"`
	BreakOverdueAt *time.Time      `bun:"break_overdue_at"` // when the end was announced; nil before
	ExtraUntil     *time.Time      `bun:"extra_until"`      // until when the agent may get one chat more than MaxConcurrent; nil for not
	HasExtra       bool            `bun:"has_extra"`        // the agent holds that chat
	Reminds        bool            `bun:"reminds"`          // with the next four, see Reminders
	QuietFrom      *int            `bun:"quiet_from"`
	QuietUntil     *int            `bun:"quiet_until"`
	QuietDays      int             `bun:"quiet_days"`
	TimeZone       string          `bun:"time_zone"`
	// ClosingReminders are those of the closings that the agent is reminded of; nil for none.
	ClosingReminders []ClosingReminder `bun:"closing_reminders,type:jsonb,nullzero"`
	InputAt          time.Time         `bun:"input_at"` // last input by the agent, as far as clients report it
	IdleSince        time.Time         `bun:"idle_since"`
	RatingSum        float64           `bun:"rating_sum"`
	RatingCount      int               `bun:"rating_count"`
	DisabledAt       *time.Time        `bun:"disabled_at"`
	CreatedAt        time.Time         `bun:"created_at"`
	Kind             AgentKind         `bun:"kind"`

	Presence    Presence `bun:"presence,scanonly"`
	Departments []string `bun:"departments,array,scanonly"`
	// BreakNames are the English and the Chinese name of the reason of the break; empty without a break.
	BreakNames []string `bun:"break_names,array,scanonly"`
	// ExtraOpen is whether ExtraUntil is in the future, on PostgreSQL's clock.
	ExtraOpen bool `bun:"extra_open,scanonly"`

	extraChanged, extraTaken bool // by take and release, for what is stored and announced
}

// Detail returns what the agent's presence is in detail.
func (a *Agent) Detail() PresenceDetail {
	switch {
	case a.Presence == Offline:
		return DetailOffline
	case a.Presence != a.DesiredPresence:
		return DetailLostContact
	case a.Presence == Online:
		return DetailOnline
	case a.ChosenDetail != nil:
		return *a.ChosenDetail
	}
	return DetailAway
}

// DetailSince returns since when the agent's presence is that of [Agent.Detail]. For lost contact it is the last
// heartbeat until the loss is stored.
func (a *Agent) DetailSince() time.Time {
	switch {
	case a.Detail() != DetailLostContact:
		return a.DesiredPresenceAt
	case a.LostAt != nil:
		return *a.LostAt
	}
	return a.SeenAt
}

// Break returns the break that the agent is on, nil for none.
func (a *Agent) Break() *Break {
	if a.Detail() != DetailBreak || a.BreakReasonID == nil || a.BreakEndsAt == nil || len(a.BreakNames) < 2 {
		return nil
	}
	return &Break{
		Reason: ReasonName{ID: *a.BreakReasonID, NameEn: a.BreakNames[0], NameZhCN: a.BreakNames[1]},
		EndsAt: *a.BreakEndsAt, IsOver: a.BreakOverdueAt != nil,
	}
}

// AvgRating returns the mean of the agent's ratings, rounded to two decimals; 0 without ratings.
func (a *Agent) AvgRating() float64 {
	if a.RatingCount == 0 {
		return 0
	}
	return math.Round(100*a.RatingSum/float64(a.RatingCount)) / 100
}

// RegularCapacity returns the capacity that the agent has without a temporary one.
func (a *Agent) RegularCapacity() int {
	if a.RegularMax != nil {
		return *a.RegularMax
	}
	return a.MaxConcurrent
}

// Card returns what users see of the agent.
func (a *Agent) Card() *AgentCard {
	return &AgentCard{ID: a.ID, Name: a.Name, Avatar: a.Avatar, AvgRating: a.AvgRating(), TotalRatings: a.RatingCount, IsBot: a.IsBot()}
}

// Serves reports whether the agent may be assigned chats of a department: one of the agent's own, or nil for chats that
// ask for none.
func (a *Agent) Serves(department *string) bool {
	if department == nil {
		return true
	}
	for _, d := range a.Departments {
		if d == *department {
			return true
		}
	}
	return false
}

// HasCapacity reports whether the agent can be assigned one more chat now, be it the one that [Desk.OpenExtraChat] allows.
// That one is not assigned while a place is reserved, which could otherwise not be taken.
func (a *Agent) HasCapacity() bool {
	return a.HasPlace() || a.Presence == Online && a.ExtraOpen && a.Reserved == 0 && a.Load == a.MaxConcurrent
}

// HasCapacityFor is HasCapacity for a live chat. Messages have a capacity of their own.
func (a *Agent) HasCapacityFor(c *Chat) bool {
	if c.IsMessage() {
		return a.Presence == Online && a.MessageLoad < a.MaxMessages
	}
	return a.HasCapacity()
}

// HasPlaceFor is HasPlace for a live chat. No place is reserved for a message that is offered.
func (a *Agent) HasPlaceFor(c *Chat) bool {
	if c.IsMessage() {
		return a.HasCapacityFor(c)
	}
	return a.HasPlace()
}

// HasPlace reports whether the agent has capacity without an extra chat, so that a chat can be offered.
func (a *Agent) HasPlace() bool {
	return a.Presence == Online && a.Load+a.Reserved < a.MaxConcurrent
}

// PresenceChange returns what streams show of the agent.
func (a *Agent) PresenceChange() PresenceChange {
	change := PresenceChange{
		ServiceID: a.ID, Presence: a.Presence, Load: a.Load, Reserved: a.Reserved, MaxConcurrent: a.MaxConcurrent,
		Detail: a.Detail(), Since: a.DetailSince(), Break: a.Break(), HasExtra: a.HasExtra && a.Load > a.MaxConcurrent,
	}
	if a.ExtraOpen && a.Presence == Online {
		change.ExtraUntil = a.ExtraUntil
	}
	change.RegularMax, change.MaxUntil = a.RegularMax, a.MaxUntil
	return change
}

// presenceEvent returns the event that shows the agent's presence, load and capacity. changed is whether the presence
// itself changed.
func (a *Agent) presenceEvent(changed bool) Event {
	change := a.PresenceChange()
	change.PresenceChanged = changed
	reminders := a.Reminders()
	return Event{
		Kind: KindPresence, Presence: &change,
		Agent: &AgentState{
			DesiredPresence: a.DesiredPresence, DesiredPresenceAt: a.DesiredPresenceAt, SeenAt: a.SeenAt,
			LostAt: a.LostAt, DisabledAt: a.DisabledAt, ChosenDetail: a.ChosenDetail, BreakOverdueAt: a.BreakOverdueAt,
			Reminders: &reminders, ClosingReminders: &a.ClosingReminders,
		},
	}
}

// WithPresence returns the agent after a change of presence, load or capacity.
func (a *Agent) WithPresence(p PresenceChange, state AgentState) *Agent {
	after := *a
	after.Presence, after.Load, after.Reserved, after.MaxConcurrent = p.Presence, p.Load, p.Reserved, p.MaxConcurrent
	after.DesiredPresence, after.DesiredPresenceAt, after.SeenAt = state.DesiredPresence, state.DesiredPresenceAt, state.SeenAt
	after.LostAt, after.DisabledAt = state.LostAt, state.DisabledAt
	after.ChosenDetail, after.BreakOverdueAt = state.ChosenDetail, state.BreakOverdueAt
	if state.Reminders != nil {
		after.setReminders(*state.Reminders)
	}
	if state.ClosingReminders != nil {
		after.ClosingReminders = *state.ClosingReminders
	}
	after.ExtraUntil, after.ExtraOpen, after.HasExtra = p.ExtraUntil, p.ExtraUntil != nil, p.HasExtra
	after.RegularMax, after.MaxUntil = p.RegularMax, p.MaxUntil
	after.BreakReasonID, after.BreakEndsAt, after.BreakNames = nil, nil, nil
	if b := p.Break; b != nil {
		after.BreakReasonID, after.BreakEndsAt, after.BreakNames = &b.Reason.ID, &b.EndsAt, []string{b.Reason.NameEn, b.Reason.NameZhCN}
	}
	return &after
}
