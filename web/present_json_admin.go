package web

import (
	"context"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
)

// agentAccountJSON is an agent as an administrator sees the account.
type agentAccountJSON struct {
	Service       *serviceJSON `json:"service"`
	Email         string       `json:"email"`
	Role          string       `json:"role"`
	Presence      string       `json:"presence"`
	Load          int          `json:"load"`
	MaxConcurrent int          `json:"max_concurrent"`
	Departments   []string     `json:"departments"`
	IsDisabled    flag         `json:"is_disabled"`
	DisabledAt    *moment      `json:"disabled_at"`
	CreatedAt     moment       `json:"created_at"`
}

func agentAccountOf(a *models.Agent) agentAccountJSON {
	return agentAccountJSON{Service: serviceOf(a.Card()), Email: a.Email, Role: string(a.Role), Presence: string(a.Presence), Load: a.Load,
		MaxConcurrent: a.MaxConcurrent, Departments: append([]string{}, a.Departments...), IsDisabled: a.DisabledAt != nil,
		DisabledAt: momentOf(a.DisabledAt), CreatedAt: moment(a.CreatedAt)}
}

// agentDetailsJSON is one account with what is read for it alone.
type agentDetailsJSON struct {
	agentAccountJSON
	SecondFactor secondFactorJSON `json:"second_factor"`
}

// answerAgent answers programs with one account: an administrator's view of an agent, or one's own.
func (s *Server) answerAgent(c echo.Context, a *models.Agent) error {
	factor, err := s.Desk.SecondFactorOf(c.Request().Context(), actorOf(c), a.ID)
	if err != nil {
		return err
	}
	return s.answer(c, result{JSON: agentDetailsJSON{agentAccountOf(a), secondFactorOf(factor)}})
}

type departmentJSON struct {
	Slug       string `json:"slug"`
	Name       string `json:"name"`
	AgentCount int    `json:"agent_count"`
}

func departmentOf(d *countedDepartment) departmentJSON {
	return departmentJSON{Slug: d.Slug, Name: d.Name, AgentCount: d.agents}
}

type settingJSON struct {
	Key          string   `json:"key"`
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Value        string   `json:"value"`
	Default      string   `json:"default"`
	IsOverridden flag     `json:"is_overridden"`
	Minimum      *string  `json:"minimum"`
	Maximum      *string  `json:"maximum"`
	Choices      []string `json:"choices"`
}

// settingOf is a setting with the values that it takes: between bounds, or one of several.
func settingOf(ctx context.Context, row models.SettingRow, b bounds) settingJSON {
	shown := settingView(ctx, row, b)
	out := settingJSON{Key: row.Key, Name: shown.Name, Description: shown.Does, Value: short(row.Value), Default: short(row.Default),
		IsOverridden: flag(row.Overridden), Choices: []string{}}
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

type siteJSON struct {
	Origin string `json:"origin"`
	// IsFixed is 1 for a site of ALLOWED_ORIGINS, which is not removed here.
	IsFixed flag `json:"is_fixed"`
}

func sitesOf(all, added []string) []siteJSON {
	return each(all, func(origin *string) siteJSON { return siteJSON{*origin, flag(!slices.Contains(added, *origin))} })
}

type systemHealthJSON struct {
	CheckedAt moment       `json:"checked_at"`
	Postgres  string       `json:"postgres"`
	Redis     string       `json:"redis"`
	Checks    []healthJSON `json:"checks"`
}

type healthJSON struct {
	Name         string        `json:"name"`
	Description  string        `json:"description"`
	IsOK         flag          `json:"is_ok"`
	IsRepairable flag          `json:"is_repairable"`
	SubjectKind  string        `json:"subject_kind"`
	Findings     []findingJSON `json:"findings"`
}

type findingJSON struct {
	SubjectID string `json:"subject_id"`
	Detail    string `json:"detail"`
}

// systemHealthOf is what the health page shows, with every finding. PostgreSQL is there, or nothing could have been checked.
func systemHealthOf(ctx context.Context, checked []models.Checked, redisUp bool) systemHealthJSON {
	out := systemHealthJSON{CheckedAt: moment(time.Now()), Postgres: "ok", Redis: "ok"}
	if !redisUp {
		out.Redis = "unavailable"
	}
	out.Checks = each(checked, func(i *models.Checked) healthJSON {
		return healthJSON{Name: i.Invariant, Description: text.T(ctx, "admin.health.rule."+i.Invariant), IsOK: len(i.Findings) == 0,
			IsRepairable: i.Repair != "", SubjectKind: i.About,
			Findings: each(i.Findings, func(f *models.Finding) findingJSON { return findingJSON{f.Subject, f.Detail} })}
	})
	return out
}

type foundUsersJSON struct {
	Users []foundUserJSON `json:"users"`
	// IsTruncated is 1 when more users match than are returned.
	IsTruncated flag `json:"is_truncated"`
}

type foundUserJSON struct {
	UserID         string  `json:"user_id"`
	UserName       *string `json:"user_name"`
	UserEmail      *string `json:"user_email"`
	UserIsVerified flag    `json:"user_is_verified"`
	TotalChats     int     `json:"total_chats"`
	LastChatAt     *moment `json:"last_chat_at"`
}

func foundUserOf(u *models.FoundUser) foundUserJSON {
	return foundUserJSON{u.ID, u.Name, u.Email, flag(u.IsVerified), u.Chats, momentOf(u.LastChatAt)}
}

// storedUserJSON is a user with how much is stored about the user, and the latest chats.
type storedUserJSON struct {
	foundUserJSON
	Locale        string          `json:"locale"`
	CreatedAt     moment          `json:"created_at"`
	FirstChatAt   *moment         `json:"first_chat_at"`
	OpenChats     int             `json:"open_chats"`
	TotalMessages int             `json:"total_messages"`
	TotalNotes    int             `json:"total_notes"`
	TotalRatings  int             `json:"total_ratings"`
	TotalSessions int             `json:"total_sessions"`
	Chats         []agentChatJSON `json:"chats"`
}

// answerUser answers programs with what is stored about a user.
func (s *Server) answerUser(c echo.Context, id string) error {
	ctx := c.Request().Context()
	h, err := s.Desk.UserHoldings(ctx, actorOf(c), id)
	if err != nil {
		return err
	}
	chats, err := s.Desk.ChatsWithUser(ctx, actorOf(c), id)
	if err != nil {
		return err
	}
	u := &h.User
	return s.answer(c, result{JSON: storedUserJSON{
		foundUserJSON: foundUserJSON{u.ID, u.Name, u.Email, flag(u.IsVerified), h.Chats, momentOf(h.LastChatAt)},
		Locale:        u.Locale, CreatedAt: moment(u.CreatedAt), FirstChatAt: momentOf(h.FirstChatAt), OpenChats: h.Open, TotalMessages: h.Messages,
		TotalNotes: h.Notes, TotalRatings: h.Ratings, TotalSessions: h.Sessions, Chats: each(chats, agentChatOf)}})
}

type erasedJSON struct {
	Message        string `json:"message"`
	ErasedChats    int    `json:"erased_chats"`
	ErasedMessages int    `json:"erased_messages"`
	ErasedSessions int    `json:"erased_sessions"`
}

func erasedOf(ctx context.Context, e *models.Erasure) erasedJSON {
	return erasedJSON{text.T(ctx, "admin.users.erased"), e.Chats, e.Messages, e.Sessions}
}
