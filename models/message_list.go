package models

import (
	"context"
	"time"
)

// LeftMessages returns messages that users left, the latest first: to agents their own and those that wait for an agent of their
// departments, to supervisors all. Before selects those that were left before; a limit outside 1 to 200 or a status that does
// not exist is validation_failed. An actor who is no agent gets 403 agents_only.
//
// Of a message that waits, an agent who is no supervisor learns that it waits and no more: neither what was written nor the
// address.
func (d *Desk) LeftMessages(ctx context.Context, actor Actor, f ChatFilter) ([]AgentChat, error) {
	if !actor.IsAgent() {
		return nil, forbidden("agents_only", "Only agents see which messages were left.")
	}
	limit, err := limitOrDefault(f.Limit, MaxLimit)
	if err != nil {
		return nil, err
	}
	if f.Status != "" && f.Status != Waiting && f.Status != Active && f.Status != Ended {
		return nil, invalid("status", fieldUnknown, "status must be waiting, active or ended.")
	}
	before := f.Before
	if before.IsZero() {
		before = time.Now().AddDate(1, 0, 0) // after every message, even if PostgreSQL's clock is ahead
	}
	messages, err := d.agentChats(ctx, `WHERE c.channel = 'message' AND c.created_at < $1 AND ($2 = '' OR c.status::text = $2)
			AND ($3 OR c.agent_id = $4 OR c.status = 'waiting' AND (c.department IS NULL
				OR c.department IN (SELECT department FROM agent_departments WHERE agent_id = $4)))
		ORDER BY c.created_at DESC, c.id LIMIT $5`,
		before, string(f.Status), actor.AtLeast(RoleSupervisor), actor.ID, limit)
	for i := range messages {
		if m := &messages[i]; actor.checkCanRead(&m.Chat) != nil {
			m.hideContent()
		}
	}
	return messages, err
}

// hideContent removes what an agent may not know of a message that waits.
func (c *AgentChat) hideContent() {
	c.LastContent, c.LastSender, c.LastSenderID, c.LastType, c.LastID = nil, nil, "", "", 0
	c.ContactEmail, c.ContactName, c.ContactLocale, c.ConsentText, c.PageURL, c.PageTitle = nil, nil, nil, nil, nil, nil
	c.SetUser(UserCard{Name: c.UserName})
}
