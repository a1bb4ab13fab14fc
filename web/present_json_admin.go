package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
	"parley/web/kit"
)

type departmentJSON struct {
	Slug       string `json:"slug"`
	Name       string `json:"name"`
	AgentCount int    `json:"agent_count"`
}

func departmentOf(d *countedDepartment) departmentJSON {
	return departmentJSON{Slug: d.Slug, Name: d.Name, AgentCount: d.agents}
}

type settingJSON struct {
	Key          string      `json:"key"`
	Name         string      `json:"name"`
	Description  string      `json:"description"`
	Value        string      `json:"value"`
	Default      string      `json:"default"`
	IsOverridden api.IntBool `json:"is_overridden"`
	Minimum      *string     `json:"minimum"`
	Maximum      *string     `json:"maximum"`
	Choices      []string    `json:"choices"`
}

// settingOf is a setting with the values that it takes: between bounds, or one of several.
func settingOf(ctx context.Context, row models.SettingRow, b bounds) settingJSON {
	shown := settingView(ctx, row, b)
	out := settingJSON{Key: row.Key, Name: shown.Name, Description: shown.Does, Value: short(row.Value), Default: short(row.Default),
		IsOverridden: api.IntBool(row.Overridden), Choices: []string{}}
	for _, choice := range shown.Choices {
		out.Choices = append(out.Choices, choice.Value)
	}
	if b.most != "" {
		out.Minimum, out.Maximum = &b.least, &b.most
	}
	return out
}

// settingsOf are the settings in the order of their page.
func settingsOf(ctx context.Context, rows []models.SettingRow) []settingJSON {
	settings := make([]settingJSON, 0, len(rows))
	for _, group := range settingGroups {
		for _, listed := range group.rows {
			for _, row := range rows {
				if row.Key == listed.key {
					settings = append(settings, settingOf(ctx, row, listed.bounds))
				}
			}
		}
	}
	return settings
}

// answerUser answers programs with what is stored about a user.
func (s *Server) answerUser(c echo.Context, id string) error {
	ctx := c.Request().Context()
	h, err := s.Desk.UserHoldings(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	chats, err := s.Desk.ChatsWithUser(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	u := &h.User
	return s.Respond(c, kit.Result{JSON: api.StoredUser{
		FoundUser: api.FoundUser{UserID: u.ID, UserName: u.Name, UserEmail: u.Email, UserIsVerified: api.IntBool(u.IsVerified), TotalChats: h.Chats, LastChatAt: api.OptionalTime(h.LastChatAt)},
		Locale:    u.Locale, CreatedAt: api.Time(u.CreatedAt), FirstChatAt: api.OptionalTime(h.FirstChatAt), OpenChats: h.Open, TotalMessages: h.Messages,
		TotalNotes: h.Notes, TotalRatings: h.Ratings, TotalSessions: h.Sessions, Chats: api.Map(chats, api.AgentChatOf)}})
}
