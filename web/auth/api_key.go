package auth

import (
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/kit"
	"parley/web/limit"
)

// endless is when a key without an end would end: long after the cache has forgotten it.
const endless = 100 * 365 * 24 * time.Hour

// callerByAPIKey returns the caller of an API key; any other token is 401 unauthorized. Agent is the agent whose chats the key works in.
func (a *Auth) callerByAPIKey(c echo.Context, token string) (*kit.Caller, error) {
	key, agent, err := a.Desk.APIKeyByToken(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	expiresAt := time.Now().Add(endless)
	if key.ExpiresAt != nil {
		expiresAt = *key.ExpiresAt
	}
	return &kit.Caller{Actor: key.Actor(), Agent: agent, APIKey: key, Session: key.Hash, ExpiresAt: expiresAt, Token: token}, nil
}

// admitAPIKey returns the caller as which a key acts on a route that requires a scope. The calls of a key are no sign of life of its agent.
// It refuses a route without a scope and paths of pages with 403 api_key_refused, a network of others with network_not_allowed, a key
// without the scope with scope_required, and more than RATE_API_KEY requests a minute with 429 rate_limited.
func (a *Auth) admitAPIKey(c echo.Context, caller *kit.Caller, scope models.Scope) (*kit.Caller, error) {
	key := caller.APIKey
	switch {
	case !key.AcceptsFrom(c.RealIP()):
		return nil, models.ErrNetworkNotAllowed
	case scope == "" || !kit.IsAPI(c.Request().URL.Path):
		return nil, models.ErrAPIKeyRefused
	case !key.Allows(scope):
		return nil, models.ErrScopeRequired
	}
	if v := a.Limits.Allow(c.Request().Context(), limit.Claim{Action: limit.APIKey, Who: key.Actor().ID}); !v.OK {
		return nil, kit.TooMany(v)
	}
	acting := *caller
	if scope != models.ScopeWriteMessages {
		acting.Agent = nil
		return &acting, nil
	}
	if acting.Agent == nil {
		return nil, models.ErrAPIKeyAgentDisabled
	}
	acting.Actor = models.AgentActor(acting.Agent)
	return &acting, nil
}
