package web

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
)

// reading is one chat as a supervisor reads it.
func (h *house) reading(ctx context.Context, c *models.AgentChat, messages []models.Message, people []models.Agent, fresh api.FileLinks) view.ChatPage {
	names := make(map[string]string, len(people))
	for i := range people {
		names[people[i].ID] = people[i].Name
	}
	page := view.ChatPage{
		ChatID: c.ID, Name: c.UserName, Verified: c.UserIsVerified, Status: string(c.Status), AgentID: c.ServedBy(), Agent: names[c.ServedBy()],
		Priority: c.Priority, Facts: h.facts(ctx, c), Agents: h.agentsView(view.Filter{}), Place: h.placeOf(ctx, c.ID),
		Choices: []view.Choice{{Name: text.T(ctx, "supervisor.chat.transfer_queue")}},
	}
	for _, d := range h.departments {
		page.Choices = append(page.Choices, view.Choice{Slug: d.Slug, Name: d.Name})
	}
	page.Thread = chat.Thread{ChatID: c.ID, Label: text.T(ctx, "supervisor.chat.messages"), Other: c.UserName, Me: chat.FromAgent, Desk: true}
	for i := range messages {
		page.Thread.Messages = append(page.Thread.Messages, lineOf(ctx, &messages[i], c.UserName, names, fresh))
	}
	return page
}

// lineOf is a message as somebody reads it who is neither side: the agent's to the right, each with its name.
func lineOf(ctx context.Context, m *models.Message, user string, agents map[string]string, fresh api.FileLinks) chat.Message {
	line := chat.Message{ID: m.ID, ChatID: m.ChatID, Text: api.MessageText(ctx, m), At: m.CreatedAt, Status: string(m.Status), File: fileOf(fresh, m, "/supervisor")}
	switch {
	case m.SenderType == models.FromUser:
		line.From, line.Name = chat.FromUser, user
	case m.SenderType == models.FromSystem:
		line.From = chat.FromSystem
	case m.Type == models.Note:
		line.From, line.Mine, line.Name = chat.FromNote, true, agents[m.SenderID]
	default:
		line.From, line.Mine, line.Name, line.To = chat.FromAgent, true, agents[m.SenderID], user
	}
	return line
}

// placeOf says where a waiting chat stands.
func (h *house) placeOf(ctx context.Context, id string) string {
	for i := range h.queue {
		e := &h.queue[i]
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

// facts are what is known about a chat, in the order in which it happened.
func (h *house) facts(ctx context.Context, c *models.AgentChat) []view.Fact {
	facts := []view.Fact{{Label: text.T(ctx, "supervisor.chat.asked"), At: &c.CreatedAt}}
	moment := func(label string, at *time.Time) {
		if at != nil {
			facts = append(facts, view.Fact{Label: label, At: at})
		}
	}
	say := func(label, value, href string) {
		if value != "" {
			facts = append(facts, view.Fact{Label: label, Value: value, Href: href})
		}
	}
	moment(text.T(ctx, "supervisor.chat.assigned"), c.FirstAssignedAt)
	moment(text.T(ctx, "supervisor.chat.first_response"), c.FirstResponseAt)
	moment(text.T(ctx, "supervisor.chat.ended_at"), c.EndedAt)
	say(text.T(ctx, "supervisor.chat.outcome"), outcome(ctx, &c.Chat), "")
	if c.Department != nil {
		say(text.T(ctx, "supervisor.chat.department"), h.departmentName(*c.Department), "")
	}
	title, link := pageOf(&c.Chat)
	say(text.T(ctx, "supervisor.chat.page"), title, link)
	say(text.T(ctx, "supervisor.chat.email"), valueOf(c.UserEmail), "")
	say(text.T(ctx, "supervisor.chat.messages"), strconv.Itoa(c.TotalMessages), "")
	say(text.T(ctx, "supervisor.chat.comment"), valueOf(c.EndComment), "")
	if c.Rating != nil {
		rating := strconv.FormatFloat(*c.Rating, 'f', -1, 64)
		if c.RatingComment != nil {
			say(text.T(ctx, "supervisor.chat.rating"), text.T(ctx, "supervisor.chat.rated_said", "Rating", rating, "Comment", *c.RatingComment), "")
		} else {
			say(text.T(ctx, "supervisor.chat.rating"), text.T(ctx, "supervisor.chat.rated", "Rating", rating), "")
		}
	}
	return facts
}

// pageOf is the title of the page that the user asked from, and its address where that is one to follow.
func pageOf(c *models.Chat) (title, link string) {
	title, link = valueOf(c.PageTitle), valueOf(c.PageURL)
	if title == "" {
		title = link
	}
	if u, err := url.Parse(link); err != nil || (u.Scheme != "https" && u.Scheme != "http") {
		link = ""
	}
	return title, link
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// outcome says how a chat ended, "" while it has not.
func outcome(ctx context.Context, c *models.Chat) string {
	switch valueOf(c.EndedReason) {
	case models.ReasonUserEnded:
		return text.T(ctx, "supervisor.outcome.user_ended")
	case models.ReasonServiceEnded:
		return text.T(ctx, "supervisor.outcome.service_ended")
	case models.ReasonCancelled:
		return text.T(ctx, "supervisor.outcome.cancelled")
	case models.ReasonAbandoned:
		return text.T(ctx, "supervisor.outcome.abandoned")
	case models.ReasonTimeout:
		if valueOf(c.EndedType) == models.TypeServiceInactive {
			return text.T(ctx, "supervisor.outcome.timeout_agent")
		}
		return text.T(ctx, "supervisor.outcome.timeout_user")
	}
	return ""
}

// agentChats is the page of one agent: what is held now, who waits longest first, then what has ended.
func (h *house) agentChats(ctx context.Context, a *models.Agent, chats []models.AgentChat) view.AgentPage {
	page := view.AgentPage{Agent: h.agentCard(&models.AgentLoad{Agent: *a})}
	for i := range h.load {
		if h.load[i].Agent.ID == a.ID {
			page.Agent = h.agentCard(&h.load[i])
		}
	}
	for i := range chats {
		c := &chats[i]
		row := view.Listed{ChatID: c.ID, Name: c.UserName, Claimed: c.NameIsClaim, Last: strings.TrimSpace(chat.Says(ctx, string(c.LastType), valueOf(c.LastContent))), At: c.CreatedAt}
		if c.LastMessageAt != nil {
			row.At = *c.LastMessageAt
		}
		if c.Rating != nil {
			row.Rating = strconv.FormatFloat(*c.Rating, 'f', 1, 64)
		}
		if c.Status == models.Ended {
			row.At, row.Outcome = *c.EndedAt, outcome(ctx, &c.Chat)
			page.Ended = append(page.Ended, row)
			continue
		}
		row.Since = c.AwaitingSince
		page.Active = append(page.Active, row)
	}
	slices.SortStableFunc(page.Active, func(x, y view.Listed) int { return longestFirst(x.Since, y.Since) })
	return page
}
