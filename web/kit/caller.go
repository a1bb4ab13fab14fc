package kit

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
)

// Caller is the user or agent who makes a request, with the credential that identified them.
type Caller struct {
	Actor     models.Actor
	Agent     *models.Agent // nil for users and for a stream's ticket
	User      *models.User  // nil for agents and for a stream's ticket
	Session   []byte        // hash of the session, whose end closes the caller's streams; nil for signed tokens
	ExpiresAt time.Time
	Token     string
	ByCookie  bool
	// Anonymous is true for a user whose identity no host site has verified.
	Anonymous bool
	// APIKey is the key with which a program calls, nil for people. Agent is then the agent whose chats it works in.
	APIKey *models.APIKey
}

// CallerKey is the key of the caller in the context of a request.
const CallerKey = "caller"

// CallerOf returns the caller of a request. It panics on public routes, which have none.
func CallerOf(c echo.Context) *Caller { return c.Get(CallerKey).(*Caller) }

// ActorOf returns the caller as an actor of the desk. It panics on public routes.
func ActorOf(c echo.Context) models.Actor { return CallerOf(c).Actor }

// AgentOf returns the agent who makes the request, on routes for agents; nil for a key that acts for itself.
func AgentOf(c echo.Context) *models.Agent { return CallerOf(c).Agent }

// Bearer returns the token of the Authorization header, "" if there is none.
func Bearer(c echo.Context) string {
	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
