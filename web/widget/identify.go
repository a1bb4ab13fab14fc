package widget

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/web/api"
	"parley/web/kit"
)

// MaxIntroductionsPerMinute is how often a minute a user may set an unverified name and address.
const MaxIntroductionsPerMinute = 10

// IdentifyUser signs the panel's user in by a user token of the host site and merges the chats of the anonymous session. It answers 204 if
// the user is that one already, 205 if the new session is in a cookie, and otherwise a panelSession. A bad token is 401.
func (h *Handlers) IdentifyUser(c echo.Context) error {
	var in struct {
		Token string `json:"token"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	id, _, err := h.VerifyUserToken(c, in.Token)
	if err != nil {
		return err
	}
	session, _ := h.SessionToken(c)
	token, _, err := h.Desk.Identify(c.Request().Context(), id, session, kit.UserAgent(c))
	switch {
	case err != nil:
		return err
	case token == "":
		return c.NoContent(http.StatusNoContent)
	case h.KeepsCookies(c):
		// until the browser is closed, so that the next person at this computer does not get the identity
		h.SetCookie(c, kit.UserCookie, token, 0)
		return c.NoContent(http.StatusResetContent)
	}
	return h.Respond(c, kit.Result{JSON: panelSession{token, kit.CSRFFor(token), draftKey(id.ID)}})
}

type identityInput struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// IntroduceUser stores the unverified name and address of an anonymous user. Agents see them marked as not verified.
func (h *Handlers) IntroduceUser(c echo.Context) error {
	var in identityInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	u, err := h.Desk.IntroduceUser(c.Request().Context(), kit.ActorOf(c).ID, in.Name, in.Email)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		UserID         string      `json:"user_id"`
		UserName       *string     `json:"user_name"`
		UserEmail      *string     `json:"user_email"`
		UserIsVerified api.IntBool `json:"user_is_verified"`
	}{u.ID, u.Name, u.Email, api.IntBool(u.IsVerified)}})
}

// EndSession ends the panel's session. The next page begins an anonymous one.
func (h *Handlers) EndSession(c echo.Context) error {
	if token, _ := h.SessionToken(c); token != "" {
		if err := h.Desk.SignOut(c.Request().Context(), token); err != nil {
			return err
		}
	}
	h.SetCookie(c, kit.UserCookie, "", -time.Second)
	return c.NoContent(http.StatusResetContent)
}
