package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"parley/web/kit"
)

// cors lets the sites that embed the widget read the responses of a route, by their exact origin and without credentials.
func (s *Server) cors(r *route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r.cors && kit.IsAPI(c.Request().URL.Path) {
				s.allowOrigin(c)
			}
			return next(c)
		}
	}
}

func (s *Server) allowOrigin(c echo.Context) bool {
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
	if s.allowOrigin(c) {
		h := c.Response().Header()
		h.Set(echo.HeaderAccessControlAllowMethods, "GET, POST")
		h.Set(echo.HeaderAccessControlAllowHeaders, "Authorization, Content-Type, Last-Event-ID")
		h.Set(echo.HeaderAccessControlMaxAge, "600")
	}
	return c.NoContent(http.StatusNoContent)
}

// sameOrigin returns 403 cross_origin for a form that another site makes a browser send to a page, also where there is no session yet and
// so no CSRF token.
func (s *Server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !kit.IsAPI(c.Request().URL.Path) && s.Origins.Check(c.Request()) != nil {
			return kit.CrossOrigin()
		}
		return next(c)
	}
}
