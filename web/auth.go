package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
)

// caller is who asks, and by which credential.
type caller struct {
	Actor    models.Actor
	Agent    *models.Agent // nil for users, and behind a ticket
	User     *models.User  // nil for agents, and behind a ticket
	session  []byte        // whose end ends the caller's streams; nil for signed tokens
	ends     time.Time
	token    string
	byCookie bool
	// anonymous is true for a user whom no host site has vouched for.
	anonymous bool
}

const callerKey = "caller"

// callerOf is who asks on a route that is not public.
func callerOf(c echo.Context) *caller { return c.Get(callerKey).(*caller) }

func actorOf(c echo.Context) models.Actor { return callerOf(c).Actor }

// agentOf is the agent who asks, on routes for agents.
func agentOf(c echo.Context) *models.Agent { return callerOf(c).Agent }

func unauthorized(detail string) error {
	return &models.Error{Kind: models.Unauthorized, Code: "unauthorized", Detail: detail}
}

func forbidden(code, detail string) error {
	return &models.Error{Kind: models.Forbidden, Code: code, Detail: detail}
}

func wrongKind(kind models.ActorKind) error {
	if kind == models.KindUser {
		return forbidden("wrong_credential", "This address is for users; you came as an agent. Use a user's token.")
	}
	return forbidden("wrong_credential", "This address is for agents; you came as a user. Sign in as an agent.")
}

// authenticate lets only those on who the line of the table names.
func (s *Server) authenticate(r *route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r.who == anyone {
				return next(c)
			}
			who, err := s.identifyInTime(c, r)
			if r.begins && models.CodeOf(err) == "unauthorized" && wanted(c) == asPage && s.keepsCookies(c) {
				who, err = s.welcome(c)
			}
			if err != nil {
				return err
			}
			if who.Actor.Kind != r.who.kind() {
				return wrongKind(r.who.kind())
			}
			if err := s.admit(who); err != nil {
				return err
			}
			if role := r.who.role(); role != "" && !who.Actor.AtLeast(role) {
				return forbidden("role_required", "Your role does not allow this. Ask an administrator.")
			}
			c.Set(callerKey, who)
			s.Hub.Saw(who.Actor)
			return next(c)
		}
	}
}

// admit refuses anonymous users where an identity is required, whenever their session began.
func (s *Server) admit(who *caller) error {
	if who.anonymous && s.Desk.Settings().RequireIdentity {
		return models.IdentityRequired(models.Forbidden)
	}
	return nil
}

// nobody is the answer to a request without any credential.
func (s *Server) nobody(kind models.ActorKind) error {
	if kind == models.KindUser && s.Desk.Settings().RequireIdentity {
		return models.IdentityRequired(models.Unauthorized)
	}
	return unauthorized("You are not signed in. Sign in first.")
}

// bearer is the token of the Authorization header, "" for none.
func bearer(c echo.Context) string {
	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// identifyInTime bounds the question where the request itself may take longer, or for ever.
func (s *Server) identifyInTime(c echo.Context, r *route) (*caller, error) {
	if !r.stream && r.bounds == nil {
		return s.identify(c, r)
	}
	whole := c.Request()
	ctx, cancel := context.WithTimeout(whole.Context(), requestTime)
	defer cancel()
	c.SetRequest(whole.WithContext(ctx))
	defer c.SetRequest(whole)
	return s.identify(c, r)
}

// identify finds the credential: a stream's ticket, a bearer token, or the cookie of the audience with its CSRF token.
func (s *Server) identify(c echo.Context, r *route) (*caller, error) {
	if ticket := c.QueryParam("ticket"); ticket != "" && r.stream {
		return s.byTicket(c, ticket)
	}
	kind := r.who.kind()
	if header := c.Request().Header.Get(echo.HeaderAuthorization); header != "" {
		token := bearer(c)
		if token == "" {
			return nil, unauthorized("Send the token as Authorization: Bearer <token>.")
		}
		return s.byToken(c, kind, token)
	}
	own, other := agentCookie, userCookie
	if kind == models.KindUser {
		own, other = userCookie, agentCookie
	}
	token := s.cookie(c, own)
	if token == "" && isAPI(c.Request().URL.Path) {
		token = s.cookie(c, other) // to say that it is of the wrong kind
	}
	if token == "" {
		return nil, s.nobody(kind)
	}
	if err := s.checkCookieOrigin(c.Request(), r.stream); err != nil {
		return nil, err
	}
	who, err := s.byToken(c, kind, token)
	if err != nil {
		return nil, err
	}
	who.byCookie = true
	if m := c.Request().Method; m != http.MethodGet && m != http.MethodHead {
		return who, checkCSRF(c, token)
	}
	return who, nil
}

// byToken finds whose token it is: among those remembered, else in PostgreSQL. Pages show who looks at them, so they read it anew.
func (s *Server) byToken(c echo.Context, kind models.ActorKind, token string) (*caller, error) {
	if c.Request().Method == http.MethodGet && !isAPI(c.Request().URL.Path) {
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
func (s *Server) lookUp(c echo.Context, kind models.ActorKind, token string) (*caller, error) {
	if strings.Count(token, ".") == 2 {
		return s.bySignature(c, token)
	}
	if len(token) > 200 || !storable(token) {
		return nil, unauthorized("This token opens no session. Sign in again.")
	}
	find := []func(echo.Context, string) (*caller, error){s.agentBySession, s.userBySession}
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

func (s *Server) agentBySession(c echo.Context, token string) (*caller, error) {
	a, hash, ends, err := s.Desk.AgentBySession(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	return &caller{Actor: models.AgentActor(a), Agent: a, session: hash, ends: ends, token: token}, nil
}

func (s *Server) userBySession(c echo.Context, token string) (*caller, error) {
	u, hash, ends, err := s.Desk.UserBySession(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	return &caller{Actor: models.UserActor(u.ID), User: u, session: hash, ends: ends, token: token, anonymous: !u.IsVerified}, nil
}

func (s *Server) byTicket(c echo.Context, ticket string) (*caller, error) {
	r, err := s.Desk.RedeemTicket(c.Request().Context(), ticket)
	if err != nil {
		return nil, err
	}
	return &caller{Actor: r.Actor, session: r.Session, ends: r.Ends, anonymous: r.Anonymous}, nil
}
