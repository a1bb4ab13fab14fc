package models

// ActorKind tells the two kinds of people apart; a credential of one is never good for the other.
type ActorKind string

// The kinds of actors.
const (
	KindUser  ActorKind = "user"
	KindAgent ActorKind = "agent"
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

// Actor is who asks.
type Actor struct {
	Kind ActorKind
	ID   string
	Role Role // agents only
}

// UserActor returns the actor for the end user of that id.
func UserActor(id string) Actor { return Actor{Kind: KindUser, ID: id} }

// AgentActor returns the actor for an agent.
func AgentActor(a *Agent) Actor { return Actor{Kind: KindAgent, ID: a.ID, Role: a.Role} }

// IsUser reports whether the actor is an end user.
func (a Actor) IsUser() bool { return a.Kind == KindUser }

// IsAgent reports whether the actor is an agent of any role.
func (a Actor) IsAgent() bool { return a.Kind == KindAgent }

// AtLeast reports whether the actor is an agent whose role is r or higher.
func (a Actor) AtLeast(r Role) bool { return a.IsAgent() && roleRank[a.Role] >= roleRank[r] }

func (a Actor) senderType() SenderType {
	if a.IsUser() {
		return FromUser
	}
	return FromAgent
}

// isParticipant reports whether the actor is one of the two who talk in the chat.
func (a Actor) isParticipant(c *Chat) bool {
	if a.IsUser() {
		return c.UserID == a.ID
	}
	return c.AgentID != nil && *c.AgentID == a.ID
}

// checkCanRead refuses with chat_not_found whoever may not know of the chat.
func (a Actor) checkCanRead(c *Chat) error {
	if a.isParticipant(c) || a.AtLeast(RoleSupervisor) {
		return nil
	}
	return chatNotFound()
}

// checkCanWrite refuses whoever may not speak in the chat: not_in_chat to supervisors, chat_not_found to everybody else.
func (a Actor) checkCanWrite(c *Chat) error {
	if err := a.checkCanRead(c); err != nil {
		return err
	}
	if !a.isParticipant(c) {
		return notInChat()
	}
	return nil
}

func (a Actor) require(r Role) error {
	if a.AtLeast(r) {
		return nil
	}
	return forbidden("role_required", "Your role does not allow this. Ask an administrator.")
}
