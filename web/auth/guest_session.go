package auth

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/kit"
)

// SessionToken is the session that the panel's browser holds, in a header or a cookie.
func (a *Auth) SessionToken(c echo.Context) (token string, byCookie bool) {
	if token = kit.Bearer(c); token != "" {
		return token, false
	}
	return a.Cookie(c, kit.UserCookie), true
}

// Guest is the user of the panel's browser, nil for none, or for one who must say who they are first.
func (a *Auth) Guest(c echo.Context) (*kit.Caller, error) {
	token, byCookie := a.SessionToken(c)
	if token == "" {
		return nil, nil
	}
	caller, err := a.callerByToken(c, models.KindUser, token)
	switch {
	case models.CodeOf(err) == "unauthorized":
		return nil, nil
	case err != nil:
		return nil, err
	case !caller.Actor.IsUser() || a.RequireIdentity(caller) != nil:
		return nil, nil //nolint:nilerr // whoever may not come in is nobody here
	}
	caller.ByCookie = byCookie
	return caller, nil
}

// StartGuestSession makes whoever opened the panel an anonymous user whose session is in a cookie.
func (a *Auth) StartGuestSession(c echo.Context) (*kit.Caller, error) {
	token, u, err := a.NewAnonymousUser(c)
	if err != nil {
		return nil, err
	}
	a.SetCookie(c, kit.UserCookie, token, kit.UserCookieAge)
	return &kit.Caller{Actor: models.UserActor(u.ID), User: u, Token: token, ByCookie: true, Anonymous: true}, nil
}
