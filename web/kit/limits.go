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

// RateLimited does what is limited. What was refused as unreadable or out of bounds was not done, so it does not count.
func (k *Kit) RateLimited(c echo.Context, action limit.Action, do func() error) error {
	who := ActorOf(c)
	ctx := c.Request().Context()
	taken := k.Limits.Allow(ctx, limit.Claim{Action: action, Who: string(who.Kind) + ":" + who.ID})
	if !taken.OK {
		return TooMany(taken)
	}
	err := do()
	if err != nil {
		switch ProblemOf(ctx, err).Status {
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
			k.Limits.Refund(ctx, taken)
		}
	}
	return err
}

// NewAnonymousUser makes an anonymous user. How many come from one address in a minute is limited, so that nobody fills the database with them. Those from this
// very machine are not counted: they come from the demo, or from a proxy that is not named in TRUSTED_PROXIES and would count as one person.
func (k *Kit) NewAnonymousUser(c echo.Context) (string, *models.User, error) {
	ctx := c.Request().Context()
	var taken limit.Verdict
	if ip, err := netip.ParseAddr(c.RealIP()); err != nil || !ip.Unmap().IsLoopback() {
		if taken = k.Limits.Allow(ctx, limit.Claim{Action: limit.Session, Who: Network(c.RealIP())}); !taken.OK {
			return "", nil, TooMany(taken)
		}
	}
	token, u, err := k.Desk.StartUserSession(ctx, text.Lang(ctx), UserAgent(c))
	if err != nil && taken.OK {
		k.Limits.Refund(ctx, taken)
	}
	return token, u, err
}

// TooMany is 429 rate_limited, with the time after which to try again.
func TooMany(v limit.Verdict) error {
	return &models.Error{Kind: models.TooMany, Code: "rate_limited",
		Detail: "Too many requests. Wait for the time in Retry-After and try again.", RetryAfter: v.RetryAfter}
}

// Network is the address as a limit counts it: an IPv6 /64 is one household.
func Network(address string) string {
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
