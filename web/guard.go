package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/limit"
)

// allowSites answers the sites that embed the widget, by their exact origin and without credentials; nobody else.
func (s *Server) allowSites(r *route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r.cors && isAPI(c.Request().URL.Path) {
				s.crossOrigin(c)
			}
			return next(c)
		}
	}
}

func (s *Server) crossOrigin(c echo.Context) bool {
	h := c.Response().Header()
	h.Add(echo.HeaderVary, echo.HeaderOrigin)
	origin := c.Request().Header.Get(echo.HeaderOrigin)
	if origin == "" || !slices.Contains(s.Desk.AllowedOrigins(), origin) {
		return false
	}
	h.Set(echo.HeaderAccessControlAllowOrigin, origin)
	h.Set(echo.HeaderAccessControlExposeHeaders, "Retry-After, X-Request-ID")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return true
}

func (s *Server) preflight(c echo.Context) error {
	if s.crossOrigin(c) {
		h := c.Response().Header()
		h.Set(echo.HeaderAccessControlAllowMethods, "GET, POST")
		h.Set(echo.HeaderAccessControlAllowHeaders, "Authorization, Content-Type, Last-Event-ID")
		h.Set(echo.HeaderAccessControlMaxAge, "600")
	}
	return c.NoContent(http.StatusNoContent)
}

// sameOrigin refuses forms that another site makes a browser send to a page, even where there is no session yet to hold a CSRF token.
func (s *Server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !isAPI(c.Request().URL.Path) && s.origins.Check(c.Request()) != nil {
			return crossOriginRefused()
		}
		return next(c)
	}
}

func crossOriginRefused() error {
	return forbidden("cross_origin", "This came from another site. Open the page itself and try again.")
}

// checkCookieOrigin refuses a request whose cookie a page of another origin made the browser send, at every address. A browser sends the cookie
// for pages of subdomains too, so a site may be foreign without being "cross-site". Only following a link to a page is left to other origins.
func (s *Server) checkCookieOrigin(r *http.Request, isStream bool) error {
	isSafe := r.Method == http.MethodGet || r.Method == http.MethodHead
	mode := r.Header.Get("Sec-Fetch-Mode")
	if isSafe && !isStream && !isAPI(r.URL.Path) && (mode == "" || mode == "navigate") {
		return nil
	}
	asked := *r
	asked.Method = http.MethodPost // Check lets every GET pass
	if s.origins.Check(&asked) != nil {
		return crossOriginRefused()
	}
	return nil
}

// limited counts what the line of the table limits, per caller.
func (s *Server) limited(r *route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if r.limit == "" {
			return next
		}
		return func(c echo.Context) error {
			return s.counted(c, r.limit, func() error { return next(c) })
		}
	}
}

// counted does what is limited. What was refused as unreadable or out of bounds was not done, so it does not count.
func (s *Server) counted(c echo.Context, action limit.Action, do func() error) error {
	who := actorOf(c)
	ctx := c.Request().Context()
	taken := s.Limits.Take(ctx, limit.Claim{Action: action, Who: string(who.Kind) + ":" + who.ID})
	if !taken.OK {
		return tooMany(taken)
	}
	err := do()
	if err != nil {
		switch problemOf(ctx, err).Status {
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
			s.Limits.Give(ctx, taken)
		}
	}
	return err
}

// newGuest makes an anonymous user. How many come from one address in a minute is limited, so that nobody fills the database with them. Those from this
// very machine are not counted: they come from the demo, or from a proxy that is not named in TRUSTED_PROXIES and would count as one person.
func (s *Server) newGuest(c echo.Context) (string, *models.User, error) {
	ctx := c.Request().Context()
	var taken limit.Verdict
	if ip, err := netip.ParseAddr(c.RealIP()); err != nil || !ip.Unmap().IsLoopback() {
		if taken = s.Limits.Take(ctx, limit.Claim{Action: limit.Session, Who: network(c.RealIP())}); !taken.OK {
			return "", nil, tooMany(taken)
		}
	}
	token, u, err := s.Desk.StartUserSession(ctx, text.Lang(ctx), userAgent(c))
	if err != nil && taken.OK {
		s.Limits.Give(ctx, taken)
	}
	return token, u, err
}

func tooMany(v limit.Verdict) error {
	return &models.Error{Kind: models.TooMany, Code: "rate_limited",
		Detail: "That was too much in a short time. Wait as long as Retry-After says, and try again.", RetryAfter: v.RetryAfter}
}

// network is the address as a limit counts it: an IPv6 /64 is one household.
func network(address string) string {
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
