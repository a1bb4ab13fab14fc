package models

import (
	"context"
)

// TransferRequest is the target of a transfer: to an agent, to a department's queue, or, with neither, to the front of its
// own queue.
type TransferRequest struct {
	ServiceID  string // id of an agent
	Department string // short name
	Note       string // a note that only agents see, at most 4,000 characters; "" for none
}

// Transfer moves an active chat and returns it as it is afterwards. The chat's agent and supervisors may do so; a
// transfer by a supervisor who is not part of the chat is recorded in the audit log.
//
// It refuses an agent who is not online with 409 agent_not_online, one at capacity with 409 agent_at_capacity, the
// chat's own agent with 409 already_assigned and an unknown one with 404 agent_not_found; a waiting chat is 409
// chat_not_active, an ended one 409 chat_ended. Both targets at once, an unknown department or a note that is too long
// is validation_failed. Where it refuses, the chat stays as it was.
func (d *Desk) Transfer(ctx context.Context, actor Actor, chatID string, r TransferRequest) (*Chat, error) {
	if r.ServiceID != "" && r.Department != "" {
		return nil, invalid("service_id", fieldInvalid, "Send service_id or department, not both.")
	}
	note, err := d.optionalMessageText("note", r.Note, maxContent)
	if err != nil {
		return nil, err
	}
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if actor.IsBot {
			return ErrNotForBots
		}
		if c.Status != Active {
			return conflict("chat_not_active", "This chat is not with an agent and cannot be transferred.")
		}
		if note != nil {
			change.addMessage(Message{SenderType: FromAgent, SenderID: actor.ID, Type: Note, Content: *note})
		}
		foreign, from, department := !actor.isParticipant(c), c.ServedBy(), c.Department
		if r.ServiceID != "" {
			err = d.transferToAgent(ctx, t, change, r.ServiceID)
		} else {
			if r.Department != "" {
				c.Department = &r.Department
			}
			err = d.requeue(ctx, t, change, SystemRequeued)
		}
		if err != nil || !foreign {
			return err
		}
		return t.auditMove(ctx, actor, AuditChatTransferred, c, from, department)
	})
}

// AssignByHand assigns a waiting chat to an agent, or moves an active one, and returns it. It is for supervisors, to
// all others 403 role_required, and the audit log records it. It refuses agents as [Desk.Transfer] does; an ended chat
// is 409 chat_ended, no agent validation_failed.
func (d *Desk) AssignByHand(ctx context.Context, actor Actor, chatID, serviceID string) (*Chat, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	if serviceID == "" {
		return nil, invalid("service_id", fieldRequired, "Send the agent who gets the chat as service_id.")
	}
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		from, department, action := c.ServedBy(), c.Department, AuditChatAssigned
		if serviceID == actor.ID {
			action = AuditChatTakenOver
		}
		if err := d.transferToAgent(ctx, t, change, serviceID); err != nil {
			return err
		}
		return t.auditMove(ctx, actor, action, c, from, department)
	})
}

// auditMove records which agent had the chat and which one has it now, by name and id, and the departments if the chat
// changed its own.
func (t *tx) auditMove(ctx context.Context, actor Actor, action AuditAction, c *Chat, from string, department *string) error {
	var names []struct{ ID, Name string }
	if err := t.NewRaw(`SELECT id, name FROM agents WHERE id IN (?)`, bunIn([]string{from, c.ServedBy()})).Scan(ctx, &names); err != nil {
		return err
	}
	nameOf := func(id string) string {
		for _, a := range names {
			if a.ID == id {
				return a.Name
			}
		}
		return ""
	}
	more := details{"agent": step{nameOf(from), nameOf(c.ServedBy())}, "agent_id": step{from, c.ServedBy()}}
	if to := c.Department; to != nil && (department == nil || *department != *to) {
		more["department"] = step{department, to}
	}
	return t.audit(ctx, actor, action, aboutChat(c), more)
}

// SetPriority gives a waiting chat a priority from −100 to 100, of which the highest is served first, and returns the
// chat. It is for supervisors, to all others 403 role_required. A priority out of bounds is validation_failed, an
// active chat 409 chat_not_waiting, an ended one 409 chat_ended.
func (d *Desk) SetPriority(ctx context.Context, actor Actor, chatID string, priority int) (*Chat, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	if priority < -100 || priority > 100 {
		return nil, invalid("priority", fieldOutOfBounds, "priority must be a whole number from −100 to 100.")
	}
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if c.Status != Waiting {
			return conflict("chat_not_waiting", "This chat is no longer waiting.")
		}
		before := c.Priority
		c.Priority, change.queueCause = priority, CausePriority
		if err := t.save(ctx, change); err != nil {
			return err
		}
		if before == priority {
			return nil
		}
		return t.audit(ctx, actor, AuditPriorityChanged, aboutChat(c), details{"priority": step{before, priority}})
	})
}

// withMovableChat runs f in a transaction with a change of a locked open chat that the actor may move, and returns the
// chat as f left it. To users and to agents who have no part in the chat it is chat_not_found, an ended chat is
// chat_ended.
func (d *Desk) withMovableChat(
	ctx context.Context, actor Actor, chatID string, f func(context.Context, *tx, *chatChange) error,
) (*Chat, error) {
	var moved *Chat
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if err := actor.checkCanRead(c); err != nil {
			return err
		}
		if !actor.IsAgent() {
			return ErrChatNotFound
		}
		if !c.IsOpen() {
			return ErrChatEnded
		}
		change := t.change(c)
		moved = &change.Chat
		return f(ctx, t, change)
	})
	if violates(err, chatsDepartmentFkey) {
		return nil, invalid("department", fieldUnknown, "This department does not exist.")
	}
	return moved, err
}

// transferToAgent assigns a locked open chat to another agent and frees the capacity of the previous one. It refuses an
// agent who has the chat already (409 already_assigned), is not online (409 agent_not_online) or is full (409
// agent_at_capacity).
func (d *Desk) transferToAgent(ctx context.Context, t *tx, change *chatChange, agentID string) error {
	from := change.Chat.ServedBy()
	if from == agentID {
		return ErrAlreadyAssigned
	}
	agents, err := d.lockAndWithdraw(ctx, t, change, from, agentID)
	if err != nil {
		return err
	}
	to := agents[agentID]
	if to == nil {
		return ErrAgentNotFound
	}
	if err := to.checkCanBeGiven(to.HasCapacityFor(&change.Chat)); err != nil {
		return err
	}
	to.take(&change.Chat, t.now)
	if from == "" {
		change.assign(to)
		return t.save(ctx, change, to)
	}
	agents[from].release(&change.Chat, t.now)
	change.transfer(agents[from], to)
	t.requestDrain()
	return t.save(ctx, change, agents.all()...)
}

// requeue takes a locked active chat from its agent, as described at [chatChange.requeue], and keeps it from that agent for a
// while.
func (d *Desk) requeue(ctx context.Context, t *tx, change *chatChange, kind string) error {
	from := change.Chat.ServedBy()
	agents, err := d.lockAndWithdraw(ctx, t, change, from)
	if err != nil {
		return err
	}
	change.requeue(agents[from], kind, true)
	agents[from].release(&change.Chat, t.now)
	t.requestDrain()
	return t.save(ctx, change, agents.all()...)
}
