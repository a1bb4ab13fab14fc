package auth

import (
	"errors"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/kit"
)

// SessionToken returns the token of the widget's session, from the Authorization header or the cookie; "" if there is none.
func (a *Auth) SessionToken(c echo.Context) (token string, byCookie bool) {
	if token = kit.Bearer(c); token != "" {
		return token, false
	}
	return a.Cookie(c, kit.UserCookie), true
}

// Guest returns the user of the widget's session. It returns false without a session, for the session of an agent, and for an anonymous
// user where an identity is required.
func (a *Auth) Guest(c echo.Context) (caller *kit.Caller, found bool, err error) {
	token, byCookie := a.SessionToken(c)
	if token == "" {
		return nil, false, nil
	}
	caller, err = a.callerByToken(c, models.KindUser, token)
	switch {
	case errors.Is(err, models.ErrUnauthorized):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	if !caller.Actor.IsUser() || a.RequireIdentity(caller) != nil {
		return nil, false, nil //nolint:nilerr // a session that may not be used is none
	}
	caller.ByCookie = byCookie
	return caller, true, nil
}

// StartGuestSession creates an anonymous user and sets the cookie of its session. Too many from one network are 429 rate_limited.
func (a *Auth) StartGuestSession(c echo.Context) (*kit.Caller, error) {
	token, u, err := a.NewAnonymousUser(c)
	if err != nil {
		return nil, err
	}
	a.SetCookie(c, kit.UserCookie, token, kit.UserCookieAge)
	return &kit.Caller{Actor: models.UserActor(u.ID), User: u, Token: token, ByCookie: true, Anonymous: true}, nil
}
