package web

import (
	"fmt"
	"html"

	"github.com/labstack/echo/v4"
)

// snippet is what a site pastes to have the chat window: one line, the same that the demo site has.
func (s *Server) snippet(c echo.Context) string {
	return fmt.Sprintf(`<script async src="%s/widget.js"></script>`, html.EscapeString(s.address(c)))
}

// address is where people reach Parley, without a slash at its end: PUBLIC_URL, or where this request came to.
func (s *Server) address(c echo.Context) string { return s.origin(c) + s.base() }

// origin is the origin of that address.
func (s *Server) origin(c echo.Context) string {
	if s.PublicURL != nil {
		return s.PublicURL.Scheme + "://" + s.PublicURL.Host
	}
	scheme := "http"
	if c.Scheme() == "https" { // which anybody's X-Forwarded-Proto may say, and nothing else
		scheme = "https"
	}
	return scheme + "://" + c.Request().Host
}
