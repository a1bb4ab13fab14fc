package present

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"parley/models"
	"parley/views/chat"
	"parley/web/api"
)

// AddChanges adds to a message of a page that its sender edited or withdrew it.
func AddChanges(view *chat.Message, m *models.Message) {
	view.Withdrawn, view.Edited = m.IsWithdrawn(), m.EditedAt != nil && !m.IsWithdrawn()
	view.ChangedAfterRead, view.ChangedVersion = m.ChangedAfterRead(), m.ChangedVersion
}

// MailPath returns where agents read the e-mail of which a message was made, "" for other messages.
func MailPath(m *models.Message) string {
	if Deref(m.Via) != models.ViaEmail || m.IsWithdrawn() {
		return ""
	}
	return "/workbench/chats/" + url.PathEscape(m.ChatID) + "/messages/" + strconv.FormatInt(m.ID, 10) + "/email"
}

// FollowedChat returns the id of the earlier chat that a line of the system is about, "" for none.
func FollowedChat(m *models.Message) string {
	if Deref(m.SystemKind) != models.SystemMailFollows {
		return ""
	}
	return m.SystemArgs["chat_id"]
}

// ChangeUntil returns until when the sender may edit or withdraw a message, the zero time for one that cannot be changed.
func ChangeUntil(m *models.Message, period time.Duration) time.Time {
	if period == 0 || m.IsWithdrawn() {
		return time.Time{}
	}
	return m.CreatedAt.Add(period)
}

// LastType returns the type of a chat's last message as lines of lists know it, chat.Withdrawn for one that was withdrawn.
func LastType(c *models.AgentChat) string {
	if c.LastIsWithdrawn {
		return chat.Withdrawn
	}
	return string(c.LastType)
}

// LastSaid returns the line of a list for a chat's last message, "" without one.
func LastSaid(ctx context.Context, c *models.AgentChat) string {
	return chat.Says(ctx, LastType(c), Deref(c.LastContent))
}

// Versions returns what a message was before, for supervisors.
func Versions(versions []models.MessageVersion, links api.FileLinks) []chat.Version {
	out := make([]chat.Version, len(versions))
	for i := range versions {
		v := &versions[i]
		out[i] = chat.Version{
			Text: v.Content, At: v.WrittenAt, ReplacedAt: v.ReplacedAt,
			File: FileView(links, &models.Message{ChatID: v.ChatID, ID: v.MessageID, Attachment: v.Attachment}, "/supervisor"),
		}
	}
	return out
}
