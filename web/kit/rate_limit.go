package kit

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/limit"
)

// RateLimited runs do unless the caller has used up the limit of the action, which is 429 rate_limited. A request that was refused with
// 400, 413, 415 or 422 has done nothing and is not counted.
func (k *Kit) RateLimited(c echo.Context, action limit.Action, do func() error) error {
	actor := ActorOf(c)
	ctx := c.Request().Context()
	allowance := k.Limits.Allow(ctx, limit.Claim{Action: action, Who: string(actor.Kind) + ":" + actor.ID})
	if !allowance.OK {
		return TooMany(allowance)
	}
	err := do()
	if err != nil {
		switch ProblemOf(ctx, err).Status {
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
			k.Limits.Refund(ctx, allowance)
		}
	}
	return err
}

// NewAnonymousUser creates an anonymous user with a session and returns its token. New users per network and minute are limited, since
// each takes a row; beyond that it returns 429 rate_limited. Requests from the loopback address are not limited: they come from the demo,
// or from a proxy that TRUSTED_PROXIES does not name, behind which all users have one address.
func (k *Kit) NewAnonymousUser(c echo.Context) (string, *models.User, error) {
	ctx := c.Request().Context()
	var allowance limit.Verdict
	if ip, err := netip.ParseAddr(c.RealIP()); err != nil || !ip.Unmap().IsLoopback() {
		if allowance = k.Limits.Allow(ctx, limit.Claim{Action: limit.Session, Who: NetworkOf(c.RealIP())}); !allowance.OK {
			return "", nil, TooMany(allowance)
		}
	}
	token, u, err := k.Desk.StartUserSession(ctx, text.Lang(ctx), UserAgent(c))
	if err != nil && allowance.OK {
		k.Limits.Refund(ctx, allowance)
	}
	return token, u, err
}

// TooMany returns 429 rate_limited with Retry-After.
func TooMany(v limit.Verdict) error {
	return &models.Error{Kind: models.TooMany, Code: "rate_limited",
		Detail: "Too many requests. Wait for the time in Retry-After and try again.", RetryAfter: v.RetryAfter}
}

// NetworkOf returns the key by which limits count an address: the address itself for IPv4, the /64 for IPv6, which is what one
// subscriber gets.
func NetworkOf(address string) string {
	ip, err := netip.ParseAddr(strings.Trim(address, "[]"))
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		prefix, _ := ip.Prefix(64)
		return prefix.String()
	}
	return ip.String()
}
