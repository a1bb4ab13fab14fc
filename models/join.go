package models

import (
	"context"
	"slices"
)

// JoinChat makes a supervisor part of an active chat beside its agent and returns the chat: the supervisor may write to
// the user until [Desk.LeaveChat] or the end of the chat. Both sides get a system message. It takes no capacity: the agent
// stays responsible for the chat. Joining again changes nothing.
//
// It is for supervisors, to all others 403 role_required. The chat's own agent gets 409 already_assigned; a waiting chat is
// 409 chat_not_active, an ended one 409 chat_ended.
func (d *Desk) JoinChat(ctx context.Context, actor Actor, chatID string) (*Chat, error) {
	return d.changeJoined(ctx, actor, chatID, func(c *Chat) error {
		switch {
		case actor.isParticipant(c):
			return ErrAlreadyAssigned.WithDetail("You have this chat already.")
		case c.Status != Active:
			return errChatNotActive
		}
		return nil
	}, true)
}

// LeaveChat undoes [Desk.JoinChat] and returns the chat. For a supervisor who has not joined it changes nothing. It is for
// supervisors, to all others 403 role_required; an ended chat is 409 chat_ended.
func (d *Desk) LeaveChat(ctx context.Context, actor Actor, chatID string) (*Chat, error) {
	return d.changeJoined(ctx, actor, chatID, func(*Chat) error { return nil }, false)
}

// changeJoined makes a supervisor part of a chat, or no part of it, unless that is so already.
func (d *Desk) changeJoined(ctx context.Context, actor Actor, chatID string, check func(*Chat) error, join bool) (*Chat, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if err := check(c); err != nil {
			return err
		}
		if slices.Contains(c.JoinedIDs, actor.ID) == join {
			return nil
		}
		self, err := d.agent(ctx, t, actor.ID)
		if err != nil {
			return err
		}
		before, kind, action := c.JoinedIDs, SystemSupervisorLeft, AuditChatLeft
		c.JoinedIDs = withoutID(before, actor.ID)
		if join {
			kind, action = SystemSupervisorJoined, AuditChatJoined
			c.JoinedIDs = append(slices.Clone(before), actor.ID)
		}
		change.addSystemMessage(kind, map[string]string{"agent": self.Name})
		more := details{"joined_ids": step{append([]string{}, before...), append([]string{}, c.JoinedIDs...)}}
		if err := t.audit(ctx, actor, action, aboutChat(c), more); err != nil {
			return err
		}
		return t.save(ctx, change)
	})
}

// withoutID returns the ids but for one, nil if none is left.
func withoutID(ids []string, id string) []string {
	var rest []string
	for _, other := range ids {
		if other != id {
			rest = append(rest, other)
		}
	}
	return rest
}
