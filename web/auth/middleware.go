package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/kit"
)

// Access is what a route requires of its callers.
type Access struct {
	Public bool             // no credential is needed
	Kind   models.ActorKind // users or agents
	Role   models.Role      // the lowest role of an agent, "" for any
	// CreatesSession makes a plain form from a browser without a session create an anonymous user.
	CreatesSession bool
	Stream         bool         // accepts a ticket
	Scope          models.Scope // what an API key needs, "" where none is accepted
	NoTimeout      bool         // has no request timeout, so that finding the caller gets one
}

// Middleware finds the caller and refuses the request unless the route admits that caller. Public routes pass without a caller.
func (a *Auth) Middleware(need Access) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if need.Public {
				return next(c)
			}
			caller, err := a.authenticateWithTimeout(c, need)
			if need.CreatesSession && errors.Is(err, models.ErrUnauthorized) && kit.Format(c) == kit.Page && a.KeepsCookies(c) {
				caller, err = a.StartGuestSession(c)
			}
			if err != nil {
				return err
			}
			if caller.Actor.Kind != need.Kind {
				return kit.WrongCredential(need.Kind)
			}
			if caller.APIKey != nil {
				if caller, err = a.admitAPIKey(c, caller, need.Scope); err != nil {
					return err
				}
				c.Set(kit.CallerKey, caller)
				return next(c)
			}
			if err := a.RequireIdentity(caller); err != nil {
				return err
			}
			if role := need.Role; role != "" && !caller.Actor.AtLeast(role) {
				return models.ErrRoleRequired
			}
			c.Set(kit.CallerKey, caller)
			a.Hub.RecordActivity(caller.Actor)
			return next(c)
		}
	}
}

// RequireIdentity returns 403 identity_required for an anonymous user while the setting requires an identity, also if the session is older
// than the setting.
func (a *Auth) RequireIdentity(caller *kit.Caller) error {
	if caller.Anonymous && a.Desk.Settings().RequireIdentity {
		return models.IdentityRequired(models.Forbidden)
	}
	return nil
}

// notSignedIn returns the 401 for a request without a credential.
func (a *Auth) notSignedIn(kind models.ActorKind) error {
	if kind == models.KindUser && a.Desk.Settings().RequireIdentity {
		return models.IdentityRequired(models.Unauthorized)
	}
	return kit.Unauthorized("You are not signed in. Sign in first.")
}

// authenticateWithTimeout authenticates with a timeout on routes whose requests may take longer or never end.
func (a *Auth) authenticateWithTimeout(c echo.Context, need Access) (*kit.Caller, error) {
	if !need.NoTimeout {
		return a.authenticate(c, need)
	}
	original := c.Request()
	ctx, cancel := context.WithTimeout(original.Context(), kit.RequestTimeout)
	defer cancel()
	c.SetRequest(original.WithContext(ctx))
	// The form that was read for its CSRF token belongs to the request that goes on.
	defer func() { c.SetRequest(c.Request().WithContext(original.Context())) }()
	return a.authenticate(c, need)
}

// authenticate finds the credential and its caller: a stream's ticket, a bearer token, or the cookie of the audience with its CSRF token.
func (a *Auth) authenticate(c echo.Context, need Access) (*kit.Caller, error) {
	if ticket := c.QueryParam("ticket"); ticket != "" && need.Stream {
		return a.callerByTicket(c, ticket)
	}
	kind := need.Kind
	if header := c.Request().Header.Get(echo.HeaderAuthorization); header != "" {
		token := kit.Bearer(c)
		if token == "" {
			return nil, kit.Unauthorized("Send the token as Authorization: Bearer <token>.")
		}
		return a.callerByToken(c, kind, token)
	}
	own, other := kit.AgentCookie, kit.UserCookie
	if kind == models.KindUser {
		own, other = kit.UserCookie, kit.AgentCookie
	}
	token := a.Cookie(c, own)
	if token == "" && kit.IsAPI(c.Request().URL.Path) {
		token = a.Cookie(c, other) // so that the response can report a credential of the wrong kind
	}
	if token == "" {
		return nil, a.notSignedIn(kind)
	}
	if strings.HasPrefix(token, models.APIKeyPrefix) { // browsers send cookies by themselves, so keys are none
		return nil, kit.Unauthorized("Send an API key as Authorization: Bearer <key>.")
	}
	if err := a.checkCookieOrigin(c.Request(), need.Stream); err != nil {
		return nil, err
	}
	caller, err := a.callerByToken(c, kind, token)
	if err != nil {
		return nil, err
	}
	caller.ByCookie = true
	if m := c.Request().Method; m != http.MethodGet && m != http.MethodHead {
		return caller, kit.CheckCSRF(c, token)
	}
	return caller, nil
}

// callerByToken returns the caller of a token, from the cache or from PostgreSQL. Pages show data of the caller, so they always read it
// from PostgreSQL.
func (a *Auth) callerByToken(c echo.Context, kind models.ActorKind, token string) (*kit.Caller, error) {
	if c.Request().Method == http.MethodGet && !kit.IsAPI(c.Request().URL.Path) {
		return a.lookUpCaller(c, kind, token)
	}
	hash := models.HashToken(token)
	caller, mark := a.callers.get(hash)
	if caller != nil {
		return caller, nil
	}
	start := time.Now()
	caller, err := a.lookUpCaller(c, kind, token)
	if err == nil {
		a.callers.put(hash, caller, start, mark)
	}
	return caller, err
}

// lookUpCaller finds the caller of a token: a signed user token, or a session, first of the kind that the route expects.
func (a *Auth) lookUpCaller(c echo.Context, kind models.ActorKind, token string) (*kit.Caller, error) {
	if strings.HasPrefix(token, models.APIKeyPrefix) {
		return a.callerByAPIKey(c, token)
	}
	if strings.Count(token, ".") == 2 {
		return a.callerBySignedToken(c, token)
	}
	if len(token) > 200 || !kit.Storable(token) {
		return nil, kit.Unauthorized("This token is not valid. Sign in again.")
	}
	find := []func(echo.Context, string) (*kit.Caller, error){a.CallerByAgentSession, a.callerByUserSession}
	if kind == models.KindUser {
		find[0], find[1] = find[1], find[0]
	}
	caller, err := find[0](c, token)
	if !errors.Is(err, models.ErrUnauthorized) {
		return caller, err
	}
	if other, otherErr := find[1](c, token); otherErr == nil {
		return other, nil
	}
	return nil, err
}

// CallerByAgentSession returns the agent of a session; any other token is 401 unauthorized.
func (a *Auth) CallerByAgentSession(c echo.Context, token string) (*kit.Caller, error) {
	agent, hash, expiresAt, err := a.Desk.AgentBySession(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: models.AgentActor(agent), Agent: agent, Session: hash, ExpiresAt: expiresAt, Token: token}, nil
}

func (a *Auth) callerByUserSession(c echo.Context, token string) (*kit.Caller, error) {
	u, hash, expiresAt, err := a.Desk.UserBySession(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: models.UserActor(u.ID), User: u, Session: hash, ExpiresAt: expiresAt, Token: token, Anonymous: !u.IsVerified},
		nil
}

func (a *Auth) callerByTicket(c echo.Context, ticket string) (*kit.Caller, error) {
	r, err := a.Desk.RedeemTicket(c.Request().Context(), ticket)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: r.Actor, Session: r.Session, ExpiresAt: r.Ends, Anonymous: r.Anonymous}, nil
}
