package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"parley/web/kit"
)

// allowSites answers the sites that embed the widget, by their exact origin and without credentials; nobody else.
func (s *Server) allowSites(r *route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r.cors && kit.IsAPI(c.Request().URL.Path) {
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
		if !kit.IsAPI(c.Request().URL.Path) && s.origins.Check(c.Request()) != nil {
			return crossOriginRefused()
		}
		return next(c)
	}
}

func crossOriginRefused() error {
	return kit.Forbidden("cross_origin", "This came from another site. Open the page itself and try again.")
}

// checkCookieOrigin refuses a request whose cookie a page of another origin made the browser send, at every address. A browser sends the cookie
// for pages of subdomains too, so a site may be foreign without being "cross-site". Only following a link to a page is left to other origins.
func (s *Server) checkCookieOrigin(r *http.Request, isStream bool) error {
	isSafe := r.Method == http.MethodGet || r.Method == http.MethodHead
	mode := r.Header.Get("Sec-Fetch-Mode")
	if isSafe && !isStream && !kit.IsAPI(r.URL.Path) && (mode == "" || mode == "navigate") {
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
			return s.RateLimited(c, r.limit, func() error { return next(c) })
		}
	}
}
