package models

import "time"

// Refusal is why a waiting chat does not go to an agent now. The values are stable: other programs read them.
type Refusal string

// The refusals, in the order in which they are looked for: an agent is named by the first that applies.
const (
	RefusalTakesNone    Refusal = "takes_no_chats" // the capacity is 0
	RefusalDepartment   Refusal = "other_department"
	RefusalOffline      Refusal = "offline"
	RefusalLostContact  Refusal = "lost_contact"
	RefusalOnBreak      Refusal = "on_break"
	RefusalLastChats    Refusal = "last_chats"
	RefusalInactive     Refusal = "inactive"
	RefusalAway         Refusal = "away"
	RefusalAtCapacity   Refusal = "at_capacity"      // reserved places count
	RefusalClosed       Refusal = "closed"           // the agent has capacity, and the chat's department is closed
	RefusalDeclined     Refusal = "declined_offer"   // the agent declined an offer of the chat, and another agent can take it
	RefusalOfferExpired Refusal = "let_offer_expire" // the same for an offer that was not answered
	RefusalGaveBack     Refusal = "gave_it_back"     // the same for an agent who gave the chat back
	RefusalOthersFirst  Refusal = "others_first"     // the agent can take chats, and gets those that are served before
	RefusalNext         Refusal = "next"             // the chat is about to be assigned
	refusalNone         Refusal = ""                 // of [Agent.refusal]: the agent can take the chat
)

var refusalOfDetail = map[PresenceDetail]Refusal{
	DetailOffline: RefusalOffline, DetailLostContact: RefusalLostContact, DetailBreak: RefusalOnBreak,
	DetailLastChats: RefusalLastChats, DetailInactive: RefusalInactive, DetailAway: RefusalAway,
}

// refusal returns why the agent cannot take a chat now, "" if the agent can. It is the rule of [choose] for one agent, without
// what depends on other agents and chats.
func (a *Agent) refusal(c *Chat) Refusal {
	switch {
	case c.IsMessage() && a.MaxMessages == 0, !c.IsMessage() && a.MaxConcurrent == 0:
		return RefusalTakesNone
	case !a.Serves(c.Department):
		return RefusalDepartment
	case a.Presence != Online:
		return refusalOfDetail[a.Detail()]
	case !a.HasCapacityFor(c):
		return RefusalAtCapacity
	}
	return refusalNone
}

// refusedSince returns since when a refusal holds, nil where that is not known or means nothing.
func (a *Agent) refusedSince(r Refusal) *time.Time {
	switch r {
	case RefusalOffline, RefusalLostContact, RefusalOnBreak, RefusalLastChats, RefusalInactive, RefusalAway:
		return ptr(a.DetailSince())
	case RefusalAtCapacity:
		return &a.IdleSince // when the load changed last
	}
	return nil
}

// IsCandidate reports whether the agent of a refusal may get chats like this one at all.
func (r Refusal) IsCandidate() bool { return r != RefusalTakesNone && r != RefusalDepartment }

// IsOnline reports whether the agent of a refusal is a candidate who is online.
func (r Refusal) IsOnline() bool { return r == RefusalAtCapacity || r == RefusalClosed || r.CanTake() }

// CanTake reports whether the agent of a refusal has capacity for the chat.
func (r Refusal) CanTake() bool {
	switch r {
	case RefusalDeclined, RefusalOfferExpired, RefusalGaveBack, RefusalOthersFirst, RefusalNext:
		return true
	}
	return false
}
