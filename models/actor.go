package models

import "slices"

// ActorKind separates users from agents. A credential of one kind is never accepted for the other.
type ActorKind string

// The kinds of actors.
const (
	KindUser  ActorKind = "user"
	KindAgent ActorKind = "agent"
	// KindWallboard is a screen on the wall, which reads numbers and does nothing.
	KindWallboard ActorKind = "wallboard"
)

// Role is what an agent may do: agent < supervisor < admin.
type Role string

// The roles of agents.
const (
	RoleAgent      Role = "agent"
	RoleSupervisor Role = "supervisor"
	RoleAdmin      Role = "admin"
)

var roleRank = map[Role]int{RoleAgent: 1, RoleSupervisor: 2, RoleAdmin: 3}

// Actor is who makes a request.
type Actor struct {
	Kind ActorKind
	ID   string
	Role Role // agents only
	// IsBot is true for an agent that is a bot.
	IsBot bool
}

// UserActor returns the actor for the end user of that id.
func UserActor(id string) Actor { return Actor{Kind: KindUser, ID: id} }

// AgentActor returns the actor for an agent.
func AgentActor(a *Agent) Actor {
	return Actor{Kind: KindAgent, ID: a.ID, Role: a.Role, IsBot: a.IsBot()}
}

// IsUser reports whether the actor is an end user.
func (a Actor) IsUser() bool { return a.Kind == KindUser }

// IsAgent reports whether the actor is an agent of any role.
func (a Actor) IsAgent() bool { return a.Kind == KindAgent }

// AtLeast reports whether the actor is an agent whose role is r or higher.
func (a Actor) AtLeast(r Role) bool { return a.IsAgent() && roleRank[a.Role] >= roleRank[r] }

// senderType returns the sender type with which the actor's messages are stored.
func (a Actor) senderType() SenderType {
	if a.IsUser() {
		return FromUser
	}
	return FromAgent
}

// isParticipant reports whether the actor is the user of the chat or the agent who has it now.
func (a Actor) isParticipant(c *Chat) bool {
	if a.IsUser() {
		return c.UserID == a.ID
	}
	return c.AgentID != nil && *c.AgentID == a.ID
}

// hasJoined reports whether the actor is a supervisor who joined the chat.
func (a Actor) hasJoined(c *Chat) bool {
	return a.AtLeast(RoleSupervisor) && slices.Contains(c.JoinedIDs, a.ID)
}

// checkCanRead refuses with chat_not_found an actor who may not read the chat: only its participants and supervisors
// may. It is not 403, which would reveal that the chat exists.
func (a Actor) checkCanRead(c *Chat) error {
	if a.isParticipant(c) || a.AtLeast(RoleSupervisor) {
		return nil
	}
	return ErrChatNotFound
}

// checkCanWrite refuses an actor who may not write in the chat: a supervisor who neither has it nor joined it is
// not_in_chat, anyone else chat_not_found.
func (a Actor) checkCanWrite(c *Chat) error {
	if err := a.checkCanRead(c); err != nil {
		return err
	}
	if !a.isParticipant(c) && !a.hasJoined(c) {
		return ErrNotInChat
	}
	return nil
}

// checkHas refuses, as checkCanWrite does, an actor who is not the user of the chat or the agent who has it.
func (a Actor) checkHas(c *Chat) error {
	if err := a.checkCanRead(c); err != nil {
		return err
	}
	if !a.isParticipant(c) {
		return ErrNotInChat
	}
	return nil
}

// require refuses with role_required an actor whose role is lower than r.
func (a Actor) require(r Role) error {
	if a.AtLeast(r) {
		return nil
	}
	return ErrRoleRequired
}
