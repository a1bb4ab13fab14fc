package present

import (
	"context"
	"net/url"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	"parley/web/api"
)

// TranscriptLine returns a message for a reader who is neither the user nor the agent: agents' messages on the right, each with its
// sender's name. versions are what the message was before it was edited or withdrawn.
func TranscriptLine(
	ctx context.Context, m *models.Message, versions []models.MessageVersion, user string, agents map[string]string, links api.FileLinks,
) chat.Message {
	line := chat.Message{
		ID: m.ID, ChatID: m.ChatID, Text: api.MessageText(ctx, m, api.ForPrograms), At: m.CreatedAt,
		Status: string(m.Status), File: FileView(links, m, "/supervisor"),
		Versions: Versions(versions, links), Mail: MailPath(m), Bot: m.ByBot,
	}
	AddChanges(&line, m)
	switch {
	case m.SenderType == models.FromUser:
		line.From, line.Name = chat.FromUser, user
	case m.SenderType == models.FromSystem:
		line.From = chat.FromSystem
		if earlier := FollowedChat(m); earlier != "" {
			line.Follows.Path = "/supervisor/chats/" + url.PathEscape(earlier)
		}
	case m.IsWhisper():
		line.From, line.Mine, line.Name = chat.FromWhisper, true, agents[m.SenderID]
	case m.Type == models.Note:
		line.From, line.Mine, line.Name = chat.FromNote, true, agents[m.SenderID]
	default:
		line.From, line.Mine, line.Name, line.To = chat.FromAgent, true, agents[m.SenderID], user
	}
	return line
}

// PageLink returns the title of the page on which the chat began, and its address if it is http or https and so safe to link.
func PageLink(c *models.Chat) (title, link string) {
	title, link = Deref(c.PageTitle), Deref(c.PageURL)
	if title == "" {
		title = link
	}
	if u, err := url.Parse(link); err != nil || (u.Scheme != "https" && u.Scheme != "http") {
		link = ""
	}
	return title, link
}

// RatingReasons returns the reasons of a chat's rating in the language of ctx.
func RatingReasons(ctx context.Context, c *models.Chat) []string {
	lang := text.Lang(ctx)
	return api.Map(c.RatingReasons, func(n *models.ReasonName) string { return n.In(lang) })
}

// Outcome returns how a chat ended, "" while it is open.
func Outcome(ctx context.Context, c *models.Chat) string {
	switch Deref(c.EndedReason) {
	case models.ReasonUserEnded:
		return text.T(ctx, "supervisor.outcome.user_ended")
	case models.ReasonServiceEnded:
		return text.T(ctx, "supervisor.outcome.service_ended")
	case models.ReasonCancelled:
		return text.T(ctx, "supervisor.outcome.cancelled")
	case models.ReasonAbandoned:
		return text.T(ctx, "supervisor.outcome.abandoned")
	case models.ReasonTimeout:
		if Deref(c.EndedType) == models.TypeServiceInactive {
			return text.T(ctx, "supervisor.outcome.timeout_agent")
		}
		return text.T(ctx, "supervisor.outcome.timeout_user")
	}
	return ""
}
