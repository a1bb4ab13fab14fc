package models

import (
	"context"
	"slices"
	"time"
)

// avoidFor is how long a chat that was handed back is kept from the same agent while another could take it.
const avoidFor = 2 * time.Minute

// TransferRequest says where a chat goes: to an agent, to a department's queue, or, with neither, to the front of its own queue.
type TransferRequest struct {
	ServiceID  string
	Department string
	Note       string // for agents only, at most 4,000 characters
}

// Transfer hands an active chat over. An agent who is not online is 409 agent_not_online, a full one 409 agent_at_capacity, the
// present one 409 already_assigned; a chat that is not active is 409 chat_not_active. Naming both targets, or an unknown department, is
// validation_failed.
func (d *Desk) Transfer(ctx context.Context, actor Actor, chatID string, r TransferRequest) (*Chat, error) {
	if r.ServiceID != "" && r.Department != "" {
		return nil, invalid("service_id", fieldInvalid, "Send service_id or department, not both.")
	}
	note, err := d.optionalMessageText("note", r.Note, maxContent)
	if err != nil {
		return nil, err
	}
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, c *Chat) error {
		if c.Status != Active {
			return conflict("chat_not_active", "This chat is not with an agent and cannot be transferred.")
		}
		if note != nil {
			if _, err := t.insertMessage(ctx, c, Message{SenderType: FromAgent, SenderID: actor.ID, Type: Note, Content: *note}); err != nil {
				return err
			}
		}
		foreign, from, department := !actor.isParticipant(c), c.ServedBy(), c.Department
		if r.ServiceID != "" {
			err = d.transferToAgent(ctx, t, c, r.ServiceID)
		} else {
			if r.Department != "" {
				c.Department = &r.Department
			}
			err = d.requeue(ctx, t, c, SystemRequeued, true)
		}
		if err != nil || !foreign {
			return err
		}
		return t.auditMove(ctx, actor, AuditChatTransferred, c, from, department)
	})
}

// AssignByHand gives a waiting chat to an agent, or moves an active one. Supervisors only; refused as Transfer refuses.
func (d *Desk) AssignByHand(ctx context.Context, actor Actor, chatID, serviceID string) (*Chat, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	if serviceID == "" {
		return nil, invalid("service_id", fieldRequired, "Send the agent who gets the chat as service_id.")
	}
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, c *Chat) error {
		from, department, action := c.ServedBy(), c.Department, AuditChatAssigned
		if serviceID == actor.ID {
			action = AuditChatTakenOver
		}
		if err := d.transferToAgent(ctx, t, c, serviceID); err != nil {
			return err
		}
		return t.auditMove(ctx, actor, action, c, from, department)
	})
}

// auditMove tells from whom and to whom a chat went, by name and id, and between which departments.
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

// SetPriority gives a waiting chat a priority from −100 to 100; higher is served first. Supervisors only; a chat that does not wait is 409
// chat_not_waiting.
func (d *Desk) SetPriority(ctx context.Context, actor Actor, chatID string, priority int) (*Chat, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	if priority < -100 || priority > 100 {
		return nil, invalid("priority", fieldOutOfBounds, "priority must be a whole number from −100 to 100.")
	}
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, c *Chat) error {
		if c.Status != Waiting {
			return conflict("chat_not_waiting", "This chat is no longer waiting.")
		}
		before := c.Priority
		c.Priority = priority
		if err := saveChat(ctx, t, c); err != nil {
			return err
		}
		t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c}})
		t.emitQueueChange(CausePriority, c)
		if before == priority {
			return nil
		}
		return t.audit(ctx, actor, AuditPriorityChanged, aboutChat(c), details{"priority": step{before, priority}})
	})
}

// withMovableChat runs f on a locked chat that the actor may move.
func (d *Desk) withMovableChat(ctx context.Context, actor Actor, chatID string, f func(context.Context, *tx, *Chat) error) (*Chat, error) {
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
			return chatNotFound()
		}
		if !c.IsOpen() {
			return chatEnded()
		}
		moved = c
		return f(ctx, t, c)
	})
	if violates(err, "chats_department_fkey") {
		return nil, invalid("department", fieldUnknown, "This department does not exist.")
	}
	return moved, err
}

// transferToAgent gives a locked open chat to an agent who must be online and have room, whoever asks.
func (d *Desk) transferToAgent(ctx context.Context, t *tx, c *Chat, agentID string) error {
	from := c.ServedBy()
	if from == agentID {
		return conflict("already_assigned", "This agent already has the chat.")
	}
	ids := slices.DeleteFunc([]string{from, agentID}, func(id string) bool { return id == "" })
	if _, err := t.NewRaw(`SELECT FROM agents WHERE id IN (?) ORDER BY id FOR UPDATE`, bunIn(ids)).Exec(ctx); err != nil {
		return err
	}
	to, err := d.agent(ctx, t, agentID)
	if err != nil {
		return err
	}
	if to.Presence != Online {
		return conflict("agent_not_online", to.Name+" is not online. The chat was not moved. Choose another agent.")
	}
	if to.Load >= to.MaxConcurrent {
		return conflict("agent_at_capacity", to.Name+" is at capacity. The chat was not moved. Choose another agent.")
	}
	to.Load++
	to.IdleSince = t.now
	if from != "" {
		prev, err := d.agent(ctx, t, from)
		if err != nil {
			return err
		}
		if _, err := addSystemMessage(ctx, t, c, SystemTransferred, map[string]string{"from": prev.Name, "to": to.Name}); err != nil {
			return err
		}
		if err := d.releaseCapacity(ctx, t, from, 1); err != nil {
			return err
		}
	}
	version := c.Version
	if err := d.assignPlacements(ctx, t, []placement{{c, to}}, from); err != nil {
		return err
	}
	return attachMessages(ctx, t, c, version)
}

// requeue takes a locked active chat from its agent and puts it before all of its priority. The place it had is kept by its first queued_at.
func (d *Desk) requeue(ctx context.Context, t *tx, c *Chat, kind string, avoid bool) error {
	from := c.ServedBy()
	a, err := d.agent(ctx, t, from)
	if err != nil {
		return err
	}
	version := c.Version
	if err := unassign(ctx, t, c, a, kind, avoid); err != nil {
		return err
	}
	if err := d.releaseCapacity(ctx, t, from, 1); err != nil {
		return err
	}
	return attachMessages(ctx, t, c, version)
}

// unassign is requeue without the agent's load.
func unassign(ctx context.Context, t *tx, c *Chat, a *Agent, kind string, avoid bool) error {
	c.Status, c.AgentID, c.AssignedAt = Waiting, nil, nil
	c.ReturnedAt, c.UserSeenAt = ptr(t.now), t.now
	c.IdleSince, c.WarnedAt = nil, nil
	if avoid {
		c.AvoidAgentID, c.AvoidUntil = &a.ID, ptr(t.now.Add(avoidFor))
	}
	m, err := addSystemMessage(ctx, t, c, kind, map[string]string{"agent": a.Name})
	if err != nil {
		return err
	}
	if err := saveChat(ctx, t, c); err != nil {
		return err
	}
	t.emit(Event{Kind: KindChange, Change: &Change{Chat: *c, PrevAgentID: a.ID, Messages: []Message{*m}, Returned: true}})
	t.emitQueueChange(CauseReturned, c)
	t.requestDrain()
	return nil
}

// attachMessages completes the change of a hand-over with everything that was said in it: the note and the line about the transfer.
func attachMessages(ctx context.Context, t *tx, c *Chat, since int64) error {
	for i := range t.events {
		if change := t.events[i].Change; change != nil && change.Chat.ID == c.ID {
			change.Messages = nil
			return t.NewRaw(selectMessages+`WHERE m.chat_id = ? AND m.version > ? ORDER BY m.id`, c.ID, since).Scan(ctx, &change.Messages)
		}
	}
	return nil
}
