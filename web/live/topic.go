// Package live tells open streams what was committed, on this instance or on another, and repairs from PostgreSQL
// whatever a stream has missed.
package live

import (
	"slices"

	"parley/models"
)

// topic is what a stream listens to.
type topic string

const (
	// supervisors hear of every agent's presence and load.
	supervisors topic = "supervisors"
	// boards hear how many wait, and how long.
	boards topic = "boards"
)

func userTopic(id string) topic  { return topic("user:" + id) }
func agentTopic(id string) topic { return topic("agent:" + id) }

// servedTopic is for the users whom that agent serves now.
func servedTopic(agentID string) topic { return topic("served:" + agentID) }

func ownTopic(a models.Actor) topic {
	if a.IsUser() {
		return userTopic(a.ID)
	}
	return agentTopic(a.ID)
}

// audience is who hears what: the one place that says so. Notes inside a change are taken out again for users, where
// the change is applied.
func audience(e *models.Event) []topic {
	switch e.Kind {
	case models.KindChange:
		heard := []topic{userTopic(e.Change.Chat.UserID)}
		now, before := e.Change.Chat.ServedBy(), e.Change.PrevAgentID
		if now != "" {
			heard = append(heard, agentTopic(now))
		}
		if before != "" && before != now {
			heard = append(heard, agentTopic(before))
		}
		return heard
	case models.KindTyping:
		if e.Typing.SenderType == models.FromUser {
			return []topic{agentTopic(e.Typing.AgentID)}
		}
		return []topic{userTopic(e.Typing.UserID)}
	case models.KindRecheck:
		var heard []topic
		for i := range e.Recheck.Chats {
			c := &e.Recheck.Chats[i]
			owners := []topic{userTopic(c.UserID)}
			if c.AgentID != nil {
				owners = append(owners, agentTopic(*c.AgentID))
			}
			for _, t := range owners {
				if !slices.Contains(heard, t) {
					heard = append(heard, t)
				}
			}
		}
		return heard
	case models.KindErased:
		var heard []topic
		for _, c := range e.Erased.Chats {
			if t := agentTopic(c.AgentID); c.AgentID != "" && !slices.Contains(heard, t) {
				heard = append(heard, t)
			}
		}
		return heard
	case models.KindPresence:
		heard := []topic{agentTopic(e.Presence.ServiceID)} // supervisors hear of it with the next tick
		if e.Presence.PresenceChanged {
			heard = append(heard, servedTopic(e.Presence.ServiceID))
		}
		return heard
	default: // the hub itself acts on the others
		return nil
	}
}
