package admin

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// UsersPage shows the search for users.
func (h *Handlers) UsersPage(c echo.Context) error {
	ctx := c.Request().Context()
	page := view.Users{Frame: h.AdminFrame(c, "users", text.T(ctx, "admin.users.title"))}
	if c.QueryParam("done") == "erased" {
		page.Done = text.T(ctx, "admin.users.erased")
	}
	return h.Render(c, http.StatusOK, view.UsersPage(page))
}

// FindUsers shows the result of a search. It is a POST, so that no name or address of a user gets into a log or a browser's history.
func (h *Handlers) FindUsers(c echo.Context) error {
	var in struct {
		Query string `json:"q"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	found, more, err := h.Desk.FindUsers(ctx, kit.ActorOf(c), in.Query)
	if err == nil && kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.FoundUsers{Users: api.Map(found, api.FoundUserOf), IsTruncated: api.IntBool(more)}})
	}
	draw := func(fieldErrors view.Errors) (templ.Component, error) {
		page := view.Users{Frame: h.AdminFrame(c, "users", text.T(ctx, "admin.users.title")), Query: in.Query, Errors: fieldErrors}
		page.Searched, page.More = fieldErrors == nil, more
		for i := range found {
			page.Rows = append(page.Rows, foundUserView(&found[i]))
		}
		return view.UsersPage(page), nil
	}
	if err != nil {
		return h.redrawForm(c, err, draw)
	}
	page, err := draw(nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// userID returns an id as it was sent, or "", which no user has, if PostgreSQL could not be asked for it.
func userID(raw string) string {
	if len(raw) > 4*64 || !kit.Storable(raw) {
		return ""
	}
	return raw
}

// UserPage shows what is stored about one user.
func (h *Handlers) UserPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		return h.respondUser(c, userID(c.QueryParam("id")))
	}
	page, err := h.renderUser(c, userID(c.QueryParam("id")), "", nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

// renderUser draws what is stored about a user, with what was typed to confirm an erasure.
func (h *Handlers) renderUser(c echo.Context, id, typed string, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	holdings, err := h.Desk.UserHoldings(ctx, kit.ActorOf(c), id)
	if err != nil {
		return nil, err
	}
	chats, err := h.Desk.ChatsWithUser(ctx, kit.ActorOf(c), id)
	if err != nil {
		return nil, err
	}
	agents, err := h.Desk.AgentsAndBots(ctx)
	if err != nil {
		return nil, err
	}
	name := holdings.User.DisplayName()
	page := view.UserPage{
		Frame: h.AdminFrame(c, "users", name), ID: id, Name: name, Verified: holdings.User.IsVerified,
		Facts: holdingFacts(ctx, holdings),
		Chats: userChatsView(ctx, chats, agents), Held: holdings.Chats, Typed: typed, Errors: fieldErrors,
	}
	return view.OneUserPage(page), nil
}

type userInput struct {
	ID      string `json:"id"`
	Confirm string `json:"confirm"`
}

// ExportUser sends everything that is stored about a user as a JSON file.
func (h *Handlers) ExportUser(c echo.Context) error {
	var in userInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	export, err := h.Desk.ExportUser(c.Request().Context(), kit.ActorOf(c), userID(in.ID))
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(export, "", "  ")
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="parley-user-`+fileName(in.ID)+`.json"`)
	return c.Blob(http.StatusOK, kit.JSONType, append(raw, '\n'))
}

// fileName returns an id as part of a file name: letters, digits and dashes, _ for anything else.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, id)
}

// EraseUser deletes everything that is stored about a user. The id must be repeated in confirm; otherwise it is 422.
func (h *Handlers) EraseUser(c echo.Context) error {
	var in userInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	id := userID(in.ID)
	if strings.TrimSpace(in.Confirm) != strings.TrimSpace(id) || id == "" {
		err := kit.InvalidField("confirm", "invalid", "Enter the id of the user to confirm.")
		return h.redrawForm(c, err, func(view.Errors) (templ.Component, error) {
			return h.renderUser(c, id, in.Confirm, view.Errors{"confirm": text.T(c.Request().Context(), "admin.users.confirm_wrong")})
		})
	}
	done, err := h.Desk.EraseUser(c.Request().Context(), kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	if !done.Found {
		return models.ErrUserNotFound
	}
	return h.Respond(c, kit.Result{JSON: api.ErasedOf(c.Request().Context(), done), Redirect: "/admin/users?done=erased"})
}
