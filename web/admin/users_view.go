package admin

import (
	"context"
	"strconv"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/present"
)

func foundUserView(u *models.FoundUser) view.FoundUser {
	return view.FoundUser{
		ID: u.ID, Name: u.DisplayName(), Email: present.Deref(u.Email), Verified: u.IsVerified, Chats: u.Chats,
		Last: u.LastChatAt,
	}
}

// holdingFacts returns what is stored about a user: the profile, then the number of rows.
func holdingFacts(ctx context.Context, h *models.UserHoldings) []view.Fact {
	say := func(key, value string) view.Fact {
		if value == "" {
			value = text.T(ctx, "admin.audit.none")
		}
		return view.Fact{Label: text.T(ctx, "admin.users."+key), Value: value}
	}
	chats := strconv.Itoa(h.Chats)
	if h.Open > 0 {
		chats = text.T(ctx, "admin.users.chats_open", "All", h.Chats, "Open", h.Open)
	}
	facts := []view.Fact{
		say(
			"user_id",
			h.User.ID,
		),
		say("name", present.Deref(h.User.Name)),
		say("email", present.Deref(h.User.Email)),
		say("language", present.LanguageName(ctx, h.User.Locale)),
		{Label: text.T(ctx, "admin.users.since"), At: &h.User.CreatedAt},
		say("chats", chats),
	}
	if h.FirstChatAt != nil {
		facts = append(facts, view.Fact{Label: text.T(ctx, "admin.users.first"), At: h.FirstChatAt},
			view.Fact{Label: text.T(ctx, "admin.users.last"), At: h.LastChatAt})
	}
	return append(
		facts,
		say("said", strconv.Itoa(h.Messages)),
		say("notes", strconv.Itoa(h.Notes)),
		say("user_notes", strconv.Itoa(h.UserNotes)),
		say("tags", strconv.Itoa(h.Tags)),
		say("attributes", strconv.Itoa(len(h.User.Attributes))),
		say("pages", strconv.Itoa(h.Pages)),
		say("ratings", strconv.Itoa(h.Ratings)),
		say("sessions", strconv.Itoa(h.Sessions)),
	)
}

func userChatsView(ctx context.Context, chats []models.AgentChat, agents []models.Agent) []view.UserChat {
	names := make(map[string]string, len(agents))
	for i := range agents {
		names[agents[i].ID] = agents[i].Name
	}
	rows := make([]view.UserChat, len(chats))
	for i := range chats {
		c := &chats[i]
		rows[i] = view.UserChat{
			ID: c.ID, At: c.CreatedAt, State: present.Outcome(ctx, &c.Chat), Messages: c.TotalMessages,
			Agent: names[c.ServedBy()],
		}
		if c.IsOpen() {
			rows[i].State = text.T(ctx, "admin.users.chat."+string(c.Status))
		}
	}
	return rows
}
