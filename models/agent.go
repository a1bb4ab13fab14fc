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

// Agent is a person who answers chats ("service" in the JSON).
type Agent struct {
	bun.BaseModel `bun:"table:agents"`

	ID                string     `bun:"id,pk"`
	Email             string     `bun:"email"`
	Name              string     `bun:"name"`
	Avatar            *string    `bun:"avatar"`
	Role              Role       `bun:"role"`
	MaxConcurrent     int        `bun:"max_concurrent"`
	Load              int        `bun:"load"`
	DesiredPresence   Presence   `bun:"choice"` // what the agent chose; Presence is the effective one
	DesiredPresenceAt time.Time  `bun:"choice_at"`
	SeenAt            time.Time  `bun:"seen_at"`
	LostAt            *time.Time `bun:"lost_at"` // set while an agent who chose online or away sends no heartbeat
	IdleSince         time.Time  `bun:"idle_since"`
	RatingSum         float64    `bun:"rating_sum"`
	RatingCount       int        `bun:"rating_count"`
	DisabledAt        *time.Time `bun:"disabled_at"`
	CreatedAt         time.Time  `bun:"created_at"`

	Presence    Presence `bun:"presence,scanonly"`
	Departments []string `bun:"departments,array,scanonly"`
}

// AvgRating returns the mean of the agent's ratings, rounded to two decimals; 0 without ratings.
func (a *Agent) AvgRating() float64 {
	if a.RatingCount == 0 {
		return 0
	}
	return math.Round(100*a.RatingSum/float64(a.RatingCount)) / 100
}

// Card returns what users see of the agent.
func (a *Agent) Card() *AgentCard {
	return &AgentCard{ID: a.ID, Name: a.Name, Avatar: a.Avatar, AvgRating: a.AvgRating(), TotalRatings: a.RatingCount}
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

// HasCapacity reports whether the agent can be assigned one more chat now.
func (a *Agent) HasCapacity() bool { return a.Presence == Online && a.Load < a.MaxConcurrent }

// presenceEvent returns the event that shows the agent's presence, load and capacity. changed is whether the presence
// itself changed.
func (a *Agent) presenceEvent(changed bool) Event {
	return Event{
		Kind: KindPresence, Presence: &PresenceChange{
			ServiceID: a.ID, Presence: a.Presence, Load: a.Load,
			MaxConcurrent: a.MaxConcurrent, PresenceChanged: changed,
		},
		Agent: &AgentState{
			DesiredPresence: a.DesiredPresence, DesiredPresenceAt: a.DesiredPresenceAt, SeenAt: a.SeenAt,
			LostAt: a.LostAt, DisabledAt: a.DisabledAt,
		},
	}
}

// WithPresence returns the agent after a change of presence, load or capacity.
func (a *Agent) WithPresence(p PresenceChange, state AgentState) *Agent {
	after := *a
	after.Presence, after.Load, after.MaxConcurrent = p.Presence, p.Load, p.MaxConcurrent
	after.DesiredPresence, after.DesiredPresenceAt, after.SeenAt = state.DesiredPresence, state.DesiredPresenceAt, state.SeenAt
	after.LostAt, after.DisabledAt = state.LostAt, state.DisabledAt
	return &after
}
