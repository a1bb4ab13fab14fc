package supervisor

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/models"
	"parley/views/chat"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/present"
)

// chatPage returns the view data of one chat.
func (b *board) chatPage(ctx context.Context, c *models.AgentChat, messages []models.Message, versions map[int64][]models.MessageVersion,
	agents []models.Agent, answers []chat.Answer, links api.FileLinks,
) view.ChatPage {
	names := agentNames(agents)
	page := view.ChatPage{
		ChatID:   c.ID,
		Name:     c.UserName,
		Verified: c.UserIsVerified,
		Status:   string(c.Status),
		AgentID:  c.ServedBy(),
		Agent:    names[c.ServedBy()],
		Priority: c.Priority,
		Facts:    b.facts(ctx, c, answers),
		Agents:   b.agentsView(text.Lang(ctx), view.Filter{}),
		Position: b.positionText(ctx, c.ID),
		Choices:  []view.Choice{{Name: text.T(ctx, "supervisor.chat.transfer_queue")}},
	}
	for _, d := range b.departments {
		page.Choices = append(page.Choices, view.Choice{Slug: d.Slug, Name: d.Name})
	}
	page.Thread = threadOf(ctx, c, messages, versions, names, links)
	return page
}

// agentNames returns the names of agents by id.
func agentNames(agents []models.Agent) map[string]string {
	names := make(map[string]string, len(agents))
	for i := range agents {
		names[agents[i].ID] = agents[i].Name
	}
	return names
}

// threadOf returns a conversation as a supervisor reads it. names are those of the agents, by id.
func threadOf(
	ctx context.Context,
	c *models.AgentChat,
	messages []models.Message,
	versions map[int64][]models.MessageVersion,
	names map[string]string,
	links api.FileLinks,
) chat.Thread {
	t := chat.Thread{
		ChatID:  c.ID,
		Label:   text.T(ctx, "supervisor.chat.messages"),
		Other:   c.UserName,
		Me:      chat.FromAgent,
		Desk:    true,
		History: present.HistoryAt("/supervisor/chats/" + url.PathEscape(c.ID)),
	}
	for i := range messages {
		t.Messages = append(t.Messages, present.TranscriptLine(ctx, &messages[i], versions[messages[i].ID], c.UserName, names, links))
	}
	return t
}

// positionText returns the position and the estimated wait of a waiting chat, "" for any other.
func (b *board) positionText(ctx context.Context, id string) string {
	for i := range b.queue {
		e := &b.queue[i]
		if e.Chat.ID != id {
			continue
		}
		if !e.Estimate.Known {
			return text.T(ctx, "supervisor.chat.place_unknown", "Place", e.Position)
		}
		about := text.About(ctx, time.Duration(e.Estimate.LowSeconds)*time.Second, time.Duration(e.Estimate.HighSeconds)*time.Second)
		return text.T(ctx, "supervisor.chat.place", "Place", e.Position, "About", about)
	}
	return ""
}

// facts returns what is known about a chat: its times in their order, then everything else.
func (b *board) facts(ctx context.Context, c *models.AgentChat, answers []chat.Answer) []view.Fact {
	facts := []view.Fact{{Label: text.T(ctx, "supervisor.chat.asked"), At: &c.CreatedAt}}
	addTime := func(label string, at *time.Time) {
		if at != nil {
			facts = append(facts, view.Fact{Label: label, At: at})
		}
	}
	say := func(label, value, href string) {
		if value != "" {
			facts = append(facts, view.Fact{Label: label, Value: value, Href: href})
		}
	}
	addTime(text.T(ctx, "supervisor.chat.assigned"), c.FirstAssignedAt)
	addTime(text.T(ctx, "supervisor.chat.first_response"), c.FirstResponseAt)
	addTime(text.T(ctx, "supervisor.chat.ended_at"), c.EndedAt)
	say(text.T(ctx, "supervisor.chat.ended_how"), present.Outcome(ctx, &c.Chat), "")
	say(text.T(ctx, "supervisor.chat.outcome"), present.Deref(c.Outcome), "")
	say(text.T(ctx, "supervisor.chat.tags"), text.List(ctx, c.Tags), "")
	if c.Department != nil {
		say(text.T(ctx, "supervisor.chat.department"), b.departmentName(*c.Department), "")
	}
	title, link := present.PageLink(&c.Chat)
	say(text.T(ctx, "supervisor.chat.page"), title, link)
	say(text.T(ctx, "supervisor.chat.email"), present.Deref(c.UserEmail), "")
	for _, a := range answers {
		say(a.Question, a.Text, "")
	}
	say(text.T(ctx, "supervisor.chat.messages"), strconv.Itoa(c.TotalMessages), "")
	say(text.T(ctx, "supervisor.chat.comment"), present.Deref(c.EndComment), "")
	if c.Rating != nil {
		rating := strconv.FormatFloat(*c.Rating, 'f', -1, 64)
		if c.RatingComment != nil {
			say(
				text.T(ctx, "supervisor.chat.rating"),
				text.T(ctx, "supervisor.chat.rated_said", "Rating", rating, "Comment", *c.RatingComment),
				"",
			)
		} else {
			say(text.T(ctx, "supervisor.chat.rating"), text.T(ctx, "supervisor.chat.rated", "Rating", rating), "")
		}
		say(text.T(ctx, "supervisor.chat.rating_reasons"), text.List(ctx, present.RatingReasons(ctx, &c.Chat)), "")
	}
	return facts
}

// agentPage returns the view data of one agent: active chats, those that have waited longest for a reply first, then ended ones.
func (b *board) agentPage(ctx context.Context, a *models.Agent, chats []models.AgentChat) view.AgentPage {
	page := view.AgentPage{Agent: b.agentCard(text.Lang(ctx), &models.AgentLoad{Agent: *a})}
	for i := range b.load {
		if b.load[i].Agent.ID == a.ID {
			page.Agent = b.agentCard(text.Lang(ctx), &b.load[i])
		}
	}
	for i := range chats {
		c := &chats[i]
		row := view.ChatRow{
			ChatID: c.ID, Name: c.UserName, Unverified: c.NameIsUnverified,
			Last: strings.TrimSpace(present.LastSaid(ctx, c)), At: c.CreatedAt,
		}
		if c.LastMessageAt != nil {
			row.At = *c.LastMessageAt
		}
		if c.Rating != nil {
			row.Rating = strconv.FormatFloat(*c.Rating, 'f', 1, 64)
		}
		if c.Status == models.Ended {
			row.At, row.Outcome = *c.EndedAt, present.Outcome(ctx, &c.Chat)
			page.Ended = append(page.Ended, row)
			continue
		}
		row.Since = c.AwaitingReplySince
		page.Active = append(page.Active, row)
	}
	slices.SortStableFunc(page.Active, func(x, y view.ChatRow) int { return longestFirst(x.Since, y.Since) })
	return page
}
