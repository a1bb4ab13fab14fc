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

// Access is what a route asks of its callers.
type Access struct {
	Public bool             // anyone may call it
	Kind   models.ActorKind // users or agents
	Role   models.Role      // the least role of an agent, "" for any
	// createsSession lets the plain form of a browser without a session make an anonymous user.
	CreatesSession bool
	Stream         bool // takes a ticket
	Long           bool // has no time limit of its own, so that the look-up of the caller gets one
}

// Middleware lets only those on who the line of the table names.
func (a *Auth) Middleware(need Access) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if need.Public {
				return next(c)
			}
			who, err := a.identifyInTime(c, need)
			if need.CreatesSession && errors.Is(err, models.ErrUnauthorized) && kit.Format(c) == kit.Page && a.KeepsCookies(c) {
				who, err = a.StartGuestSession(c)
			}
			if err != nil {
				return err
			}
			if who.Actor.Kind != need.Kind {
				return kit.WrongKind(need.Kind)
			}
			if err := a.RequireIdentity(who); err != nil {
				return err
			}
			if role := need.Role; role != "" && !who.Actor.AtLeast(role) {
				return models.ErrRoleRequired
			}
			c.Set(kit.CallerKey, who)
			a.Hub.RecordActivity(who.Actor)
			return next(c)
		}
	}
}

// RequireIdentity refuses anonymous users where an identity is required, whenever their session began.
func (a *Auth) RequireIdentity(who *kit.Caller) error {
	if who.Anonymous && a.Desk.Settings().RequireIdentity {
		return models.IdentityRequired(models.Forbidden)
	}
	return nil
}

// unauthenticated is the answer to a request without any credential.
func (a *Auth) unauthenticated(kind models.ActorKind) error {
	if kind == models.KindUser && a.Desk.Settings().RequireIdentity {
		return models.IdentityRequired(models.Unauthorized)
	}
	return kit.Unauthorized("You are not signed in. Sign in first.")
}

// identifyInTime bounds the question where the request itself may take longer, or for ever.
func (a *Auth) identifyInTime(c echo.Context, need Access) (*kit.Caller, error) {
	if !need.Long {
		return a.identify(c, need)
	}
	whole := c.Request()
	ctx, cancel := context.WithTimeout(whole.Context(), kit.RequestTime)
	defer cancel()
	c.SetRequest(whole.WithContext(ctx))
	defer c.SetRequest(whole)
	return a.identify(c, need)
}

// identify finds the credential: a stream's ticket, a bearer token, or the cookie of the audience with its CSRF token.
func (a *Auth) identify(c echo.Context, need Access) (*kit.Caller, error) {
	if ticket := c.QueryParam("ticket"); ticket != "" && need.Stream {
		return a.byTicket(c, ticket)
	}
	kind := need.Kind
	if header := c.Request().Header.Get(echo.HeaderAuthorization); header != "" {
		token := kit.Bearer(c)
		if token == "" {
			return nil, kit.Unauthorized("Send the token as Authorization: Bearer <token>.")
		}
		return a.byToken(c, kind, token)
	}
	own, other := kit.AgentCookie, kit.UserCookie
	if kind == models.KindUser {
		own, other = kit.UserCookie, kit.AgentCookie
	}
	token := a.Cookie(c, own)
	if token == "" && kit.IsAPI(c.Request().URL.Path) {
		token = a.Cookie(c, other) // to say that it is of the wrong kind
	}
	if token == "" {
		return nil, a.unauthenticated(kind)
	}
	if err := a.checkCookieOrigin(c.Request(), need.Stream); err != nil {
		return nil, err
	}
	who, err := a.byToken(c, kind, token)
	if err != nil {
		return nil, err
	}
	who.ByCookie = true
	if m := c.Request().Method; m != http.MethodGet && m != http.MethodHead {
		return who, kit.CheckCSRF(c, token)
	}
	return who, nil
}

// byToken finds whose token it is: among those remembered, else in PostgreSQL. Pages show who looks at them, so they read it anew.
func (a *Auth) byToken(c echo.Context, kind models.ActorKind, token string) (*kit.Caller, error) {
	if c.Request().Method == http.MethodGet && !kit.IsAPI(c.Request().URL.Path) {
		return a.lookUp(c, kind, token)
	}
	hash := models.HashToken(token)
	who, mark := a.callers.find(hash)
	if who != nil {
		return who, nil
	}
	began := time.Now()
	who, err := a.lookUp(c, kind, token)
	if err == nil {
		a.callers.keep(hash, who, began, mark)
	}
	return who, err
}

// lookUp tries the kind that is wanted first.
func (a *Auth) lookUp(c echo.Context, kind models.ActorKind, token string) (*kit.Caller, error) {
	if strings.Count(token, ".") == 2 {
		return a.bySignature(c, token)
	}
	if len(token) > 200 || !kit.Storable(token) {
		return nil, kit.Unauthorized("This token is not valid. Sign in again.")
	}
	find := []func(echo.Context, string) (*kit.Caller, error){a.AgentBySession, a.userBySession}
	if kind == models.KindUser {
		find[0], find[1] = find[1], find[0]
	}
	who, err := find[0](c, token)
	if !errors.Is(err, models.ErrUnauthorized) {
		return who, err
	}
	if other, otherErr := find[1](c, token); otherErr == nil {
		return other, nil
	}
	return nil, err
}

// AgentBySession returns the agent whose session the token opens; any other token is 401.
func (a *Auth) AgentBySession(c echo.Context, token string) (*kit.Caller, error) {
	agent, hash, ends, err := a.Desk.AgentBySession(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: models.AgentActor(agent), Agent: agent, Session: hash, Ends: ends, Token: token}, nil
}

func (a *Auth) userBySession(c echo.Context, token string) (*kit.Caller, error) {
	u, hash, ends, err := a.Desk.UserBySession(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: models.UserActor(u.ID), User: u, Session: hash, Ends: ends, Token: token, Anonymous: !u.IsVerified}, nil
}

func (a *Auth) byTicket(c echo.Context, ticket string) (*kit.Caller, error) {
	r, err := a.Desk.RedeemTicket(c.Request().Context(), ticket)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: r.Actor, Session: r.Session, Ends: r.Ends, Anonymous: r.Anonymous}, nil
}
