package workbench

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"parley/models"
	"parley/web/live"
)

// chat returns a chat of the list, nil if it is not in it.
func (b *workbench) chat(id string) *models.AgentChat {
	if i := slices.IndexFunc(b.chats, func(c models.AgentChat) bool { return c.ID == id }); i >= 0 {
		return &b.chats[i]
	}
	return nil
}

// load returns the number of active live chats. It counts them instead of reading the agent's load, because only the
// changes of a chat are sure to arrive in order.
func (b *workbench) load() int {
	n := 0
	for i := range b.chats {
		if b.chats[i].Status == models.Active && !b.chats[i].IsMessage() {
			n++
		}
	}
	return n
}

// sort puts the active chats first, by their last message, then the ended ones, the newest first in both.
func (b *workbench) sort() {
	ended := func(c *models.AgentChat) int {
		if c.Status == models.Ended {
			return 1
		}
		return 0
	}
	at := func(c *models.AgentChat) time.Time {
		for _, t := range []*time.Time{c.EndedAt, c.LastMessageAt, c.AssignedAt} {
			if t != nil {
				return *t
			}
		}
		return c.CreatedAt
	}
	slices.SortFunc(b.chats, func(x, y models.AgentChat) int {
		return cmp.Or(ended(&x)-ended(&y), at(&y).Compare(at(&x)), cmp.Compare(x.ID, y.ID))
	})
}

// after returns the workbench and the chat after a change; b is not changed. The event contains everything that is new in a chat of the
// list. A chat that is new in the list is read, because no event contains its user and its earlier messages.
func (b *workbench) after(ctx context.Context, it live.Changed) (*workbench, *models.AgentChat, error) {
	next := b.copy()
	c := next.chat(it.Chat.ID)
	switch {
	case c == nil || it.Chat.Version > c.Version && lacksUser(c, it):
		read, err := b.desk.Chat(ctx, b.actor(), it.Chat.ID)
		if err != nil {
			return nil, nil, err
		}
		if next.drop(it.Chat.ID); read.ServedBy() == b.self.ID {
			next.chats = append(next.chats, *read)
		}
		c = read
	case it.Chat.Version > c.Version: // otherwise it was read together with the change
		before := c.UserID
		c.Chat = it.Chat
		for i := range it.Messages {
			c.SetLast(&it.Messages[i])
		}
		for i := range it.Updated {
			c.UpdateLast(&it.Updated[i])
		}
		if it.User != nil {
			next.setUser(before, it.Chat.UserID, *it.User)
		}
	}
	now := *c
	next.sort()
	kept := endedRead
	for i := range next.chats {
		if next.chats[i].Status == models.Active {
			kept++
		}
	}
	for i := len(next.chats) - 1; i >= kept; i-- {
		if !next.isToWrapUp(&next.chats[i].Chat) {
			next.chats = slices.Delete(next.chats, i, i+1)
		}
	}
	return next, &now, nil
}

// lacksUser reports whether a change has another user, or only a new version, without the data of the user. Instances of an earlier release
// announce a new name like that.
func lacksUser(c *models.AgentChat, it live.Changed) bool {
	if it.User != nil || len(it.Messages)+len(it.Updated)+len(it.Statuses) > 0 {
		return false
	}
	same := c.Chat
	same.Version = it.Chat.Version
	return c.UserID != it.Chat.UserID || reflect.DeepEqual(same, it.Chat)
}

// setUser stores the data of a user in all their chats, including those of the user called before, who became this one.
func (b *workbench) setUser(before, id string, u models.UserCard) {
	for i := range b.chats {
		if c := &b.chats[i]; c.UserID == before || c.UserID == id {
			c.UserID = id
			c.SetUser(u)
		}
	}
}

func (b *workbench) copy() *workbench {
	next := *b
	next.at, next.chats = time.Now(), slices.Clone(b.chats)
	return &next
}

func (b *workbench) drop(ids ...string) {
	b.chats = slices.DeleteFunc(b.chats, func(c models.AgentChat) bool { return slices.Contains(ids, c.ID) })
}
