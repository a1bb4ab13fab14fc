package kit

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
)

// Caller is who asks, and by which credential.
type Caller struct {
	Actor     models.Actor
	Agent     *models.Agent // nil for users, and behind a ticket
	User      *models.User  // nil for agents, and behind a ticket
	Session   []byte        // whose end ends the caller's streams; nil for signed tokens
	ExpiresAt time.Time
	Token     string
	ByCookie  bool
	// anonymous is true for a user whom no host site has vouched for.
	Anonymous bool
}

// CallerKey is under what the caller is kept in the context of a request.
const CallerKey = "caller"

// CallerOf is who asks on a route that is not public.
func CallerOf(c echo.Context) *Caller { return c.Get(CallerKey).(*Caller) }

// ActorOf is the caller as the desk knows it, on a route that is not public.
func ActorOf(c echo.Context) models.Actor { return CallerOf(c).Actor }

// AgentOf is the agent who asks, on routes for agents.
func AgentOf(c echo.Context) *models.Agent { return CallerOf(c).Agent }

// Bearer is the token of the Authorization header, "" for none.
func Bearer(c echo.Context) string {
	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
