package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/kit"
)

// access is what a route asks of its callers.
type access struct {
	public bool             // anyone may call it
	kind   models.ActorKind // users or agents
	role   models.Role      // the least role of an agent, "" for any
	// createsSession lets the plain form of a browser without a session make an anonymous user.
	createsSession bool
	stream         bool // takes a ticket
	long           bool // has no time limit of its own, so that the look-up of the caller gets one
}

// authenticate lets only those on who the line of the table names.
func (s *Server) authenticate(need access) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if need.public {
				return next(c)
			}
			who, err := s.identifyInTime(c, need)
			if need.createsSession && models.CodeOf(err) == "unauthorized" && kit.Format(c) == kit.Page && s.KeepsCookies(c) {
				who, err = s.welcome(c)
			}
			if err != nil {
				return err
			}
			if who.Actor.Kind != need.kind {
				return kit.WrongKind(need.kind)
			}
			if err := s.admit(who); err != nil {
				return err
			}
			if role := need.role; role != "" && !who.Actor.AtLeast(role) {
				return kit.Forbidden("role_required", "Your role does not allow this. Ask an administrator.")
			}
			c.Set(kit.CallerKey, who)
			s.Hub.Saw(who.Actor)
			return next(c)
		}
	}
}

// admit refuses anonymous users where an identity is required, whenever their session began.
func (s *Server) admit(who *kit.Caller) error {
	if who.Anonymous && s.Desk.Settings().RequireIdentity {
		return models.IdentityRequired(models.Forbidden)
	}
	return nil
}

// nobody is the answer to a request without any credential.
func (s *Server) nobody(kind models.ActorKind) error {
	if kind == models.KindUser && s.Desk.Settings().RequireIdentity {
		return models.IdentityRequired(models.Unauthorized)
	}
	return kit.Unauthorized("You are not signed in. Sign in first.")
}

// identifyInTime bounds the question where the request itself may take longer, or for ever.
func (s *Server) identifyInTime(c echo.Context, need access) (*kit.Caller, error) {
	if !need.long {
		return s.identify(c, need)
	}
	whole := c.Request()
	ctx, cancel := context.WithTimeout(whole.Context(), kit.RequestTime)
	defer cancel()
	c.SetRequest(whole.WithContext(ctx))
	defer c.SetRequest(whole)
	return s.identify(c, need)
}

// identify finds the credential: a stream's ticket, a bearer token, or the cookie of the audience with its CSRF token.
func (s *Server) identify(c echo.Context, need access) (*kit.Caller, error) {
	if ticket := c.QueryParam("ticket"); ticket != "" && need.stream {
		return s.byTicket(c, ticket)
	}
	kind := need.kind
	if header := c.Request().Header.Get(echo.HeaderAuthorization); header != "" {
		token := kit.Bearer(c)
		if token == "" {
			return nil, kit.Unauthorized("Send the token as Authorization: Bearer <token>.")
		}
		return s.byToken(c, kind, token)
	}
	own, other := kit.AgentCookie, kit.UserCookie
	if kind == models.KindUser {
		own, other = kit.UserCookie, kit.AgentCookie
	}
	token := s.Cookie(c, own)
	if token == "" && kit.IsAPI(c.Request().URL.Path) {
		token = s.Cookie(c, other) // to say that it is of the wrong kind
	}
	if token == "" {
		return nil, s.nobody(kind)
	}
	if err := s.checkCookieOrigin(c.Request(), need.stream); err != nil {
		return nil, err
	}
	who, err := s.byToken(c, kind, token)
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
func (s *Server) byToken(c echo.Context, kind models.ActorKind, token string) (*kit.Caller, error) {
	if c.Request().Method == http.MethodGet && !kit.IsAPI(c.Request().URL.Path) {
		return s.lookUp(c, kind, token)
	}
	hash := models.HashToken(token)
	who, mark := s.remembered.find(hash)
	if who != nil {
		return who, nil
	}
	began := time.Now()
	who, err := s.lookUp(c, kind, token)
	if err == nil {
		s.remembered.keep(hash, who, began, mark)
	}
	return who, err
}

// lookUp tries the kind that is wanted first.
func (s *Server) lookUp(c echo.Context, kind models.ActorKind, token string) (*kit.Caller, error) {
	if strings.Count(token, ".") == 2 {
		return s.bySignature(c, token)
	}
	if len(token) > 200 || !kit.Storable(token) {
		return nil, kit.Unauthorized("This token opens no session. Sign in again.")
	}
	find := []func(echo.Context, string) (*kit.Caller, error){s.agentBySession, s.userBySession}
	if kind == models.KindUser {
		find[0], find[1] = find[1], find[0]
	}
	who, err := find[0](c, token)
	if models.CodeOf(err) != "unauthorized" {
		return who, err
	}
	if other, otherErr := find[1](c, token); otherErr == nil {
		return other, nil
	}
	return nil, err
}

func (s *Server) agentBySession(c echo.Context, token string) (*kit.Caller, error) {
	a, hash, ends, err := s.Desk.AgentBySession(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: models.AgentActor(a), Agent: a, Session: hash, Ends: ends, Token: token}, nil
}

func (s *Server) userBySession(c echo.Context, token string) (*kit.Caller, error) {
	u, hash, ends, err := s.Desk.UserBySession(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: models.UserActor(u.ID), User: u, Session: hash, Ends: ends, Token: token, Anonymous: !u.IsVerified}, nil
}

func (s *Server) byTicket(c echo.Context, ticket string) (*kit.Caller, error) {
	r, err := s.Desk.RedeemTicket(c.Request().Context(), ticket)
	if err != nil {
		return nil, err
	}
	return &kit.Caller{Actor: r.Actor, Session: r.Session, Ends: r.Ends, Anonymous: r.Anonymous}, nil
}
