package live

import (
	"slices"

	"parley/models"
)

// topic is what a subscription receives signals of.
type topic string

const (
	// supervisors is every agent's presence and load, and alerts.
	supervisors topic = "supervisors"
	// boards is how many users wait, and for how long.
	boards topic = "boards"
	// profiles is that tags or notes of any user changed, for those who may read all chats.
	profiles topic = "profiles"
	// flagged is the list of chats that need a supervisor.
	flagged topic = "flagged"
)

func userTopic(id string) topic  { return topic("user:" + id) }
func agentTopic(id string) topic { return topic("agent:" + id) }

// chatTopic is one chat, for supervisors who watch it.
func chatTopic(id string) topic { return topic("chat:" + id) }

// servedTopic is the presence of an agent, for the users served by that agent.
func servedTopic(agentID string) topic { return topic("served:" + agentID) }

// ownTopic is everything addressed to one user or agent. Nothing is addressed to a wallboard.
func ownTopic(a models.Actor) topic {
	switch {
	case a.IsUser():
		return userTopic(a.ID)
	case a.IsAgent():
		return agentTopic(a.ID)
	}
	return topic(string(a.Kind) + ":" + a.ID)
}

// audience returns the topics that receive an event. It is the one place that decides who may see what; notes inside a
// change are removed for users where the change is sent (Stream.sendChange).
func audience(e *models.Event) []topic {
	switch e.Kind {
	case models.KindChange:
		topics := []topic{userTopic(e.Change.Chat.UserID), chatTopic(e.Change.Chat.ID)}
		now, before := e.Change.Chat.ServedBy(), e.Change.PrevAgentID
		if now != "" {
			topics = append(topics, agentTopic(now))
		}
		if before != "" && before != now {
			topics = append(topics, agentTopic(before))
		}
		return topics
	case models.KindTyping:
		if e.Typing.SenderType == models.FromUser {
			return []topic{agentTopic(e.Typing.AgentID), chatTopic(e.Typing.ChatID)}
		}
		return []topic{userTopic(e.Typing.UserID), chatTopic(e.Typing.ChatID)}
	case models.KindRecheck:
		var topics []topic
		for i := range e.Recheck.Chats {
			c := &e.Recheck.Chats[i]
			owners := []topic{userTopic(c.UserID), chatTopic(c.ChatID)}
			if c.AgentID != nil {
				owners = append(owners, agentTopic(*c.AgentID))
			}
			for _, t := range owners {
				if !slices.Contains(topics, t) {
					topics = append(topics, t)
				}
			}
		}
		return topics
	case models.KindErased:
		var topics []topic
		for _, c := range e.Erased.Chats {
			if t := agentTopic(c.AgentID); c.AgentID != "" && !slices.Contains(topics, t) {
				topics = append(topics, t)
			}
			topics = append(topics, chatTopic(c.ID))
		}
		return topics
	case models.KindFlags:
		return []topic{flagged}
	case models.KindDraft:
		var topics []topic
		for _, id := range e.Draft.AgentIDs {
			topics = append(topics, agentTopic(id))
		}
		return topics
	case models.KindOffer:
		var topics []topic
		for _, id := range e.Offer.AgentIDs() {
			topics = append(topics, agentTopic(id))
		}
		return topics
	case models.KindAlert:
		return []topic{supervisors}
	case models.KindUserChange:
		var topics []topic
		for _, id := range e.User.AgentIDs {
			topics = append(topics, agentTopic(id))
		}
		if e.User.ProfileChanged {
			topics = append(topics, profiles)
		}
		return topics
	case models.KindPresence:
		topics := []topic{agentTopic(e.Presence.ServiceID)} // supervisors get it from the queue ticker
		if e.Presence.PresenceChanged {
			topics = append(topics, servedTopic(e.Presence.ServiceID))
		}
		return topics
	default: // the other kinds are for the hub itself, see Hub.deliver
		return nil
	}
}
