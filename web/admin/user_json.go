package admin

import (
	"github.com/labstack/echo/v4"

	"parley/web/api"
	"parley/web/kit"
)

// respondUser responds with the JSON of what is stored about a user.
func (h *Handlers) respondUser(c echo.Context, id string) error {
	ctx := c.Request().Context()
	stored, err := h.Desk.UserHoldings(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	chats, err := h.Desk.ChatsWithUser(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	u := &stored.User
	return h.Respond(c, kit.Result{JSON: api.StoredUser{
		FoundUser: api.FoundUser{
			UserID: u.ID, UserName: u.Name, UserEmail: u.Email, UserIsVerified: api.IntBool(u.IsVerified),
			TotalChats: stored.Chats, LastChatAt: api.OptionalTime(stored.LastChatAt),
		},
		Locale: u.Locale, CreatedAt: api.Time(u.CreatedAt), FirstChatAt: api.OptionalTime(stored.FirstChatAt), OpenChats: stored.Open,
		TotalMessages: stored.Messages,
		TotalNotes:    stored.Notes, TotalRatings: stored.Ratings, TotalSessions: stored.Sessions, Chats: api.Map(chats, api.AgentChatOf),
		TotalUserNotes: stored.UserNotes, TotalTags: stored.Tags, TotalAttributes: len(u.Attributes), TotalPages: stored.Pages,
	}})
}
