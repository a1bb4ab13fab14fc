package auth

import (
	"errors"

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

// Guest returns the user of the panel's browser. It is false when the browser holds no session, or one that may not be used: it has ended, is an
// agent's, or is an anonymous user's where the settings require an identity.
func (a *Auth) Guest(c echo.Context) (who *kit.Caller, found bool, err error) {
	token, byCookie := a.SessionToken(c)
	if token == "" {
		return nil, false, nil
	}
	who, err = a.byToken(c, models.KindUser, token)
	switch {
	case errors.Is(err, models.ErrUnauthorized):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	if !who.Actor.IsUser() || a.RequireIdentity(who) != nil {
		return nil, false, nil //nolint:nilerr // a session that may not be used is none
	}
	who.ByCookie = byCookie
	return who, true, nil
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
