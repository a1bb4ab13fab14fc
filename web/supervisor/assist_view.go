package supervisor

import (
	"context"
	"slices"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/present"
)

// assistView returns what the actor can do in a chat, and does. names are those of the agents, by id.
func assistView(ctx context.Context, actor models.Actor, csrf string, c *models.AgentChat, names map[string]string) view.Assist {
	a := view.Assist{
		CSRF: csrf, ChatID: c.ID, Name: c.UserName, Agent: names[c.ServedBy()], IsActive: c.Status == models.Active,
		IsOwn: c.ServedBy() == actor.ID, HasJoined: slices.Contains(c.JoinedIDs, actor.ID),
		HandLine: present.Deref(c.HandLine),
	}
	if c.HandRaisedAt != nil {
		a.HandSince = *c.HandRaisedAt
	}
	var others []string
	for _, id := range c.JoinedIDs {
		if id != actor.ID {
			others = append(others, names[id])
		}
	}
	a.Others = text.List(ctx, others)
	return a
}
