package kit

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// ResponseFormat is what a request wants to be answered with.
type ResponseFormat int

// The formats, and who asks for them.
const (
	JSON     ResponseFormat = iota // programs
	Page                           // browsers, by plain links and forms
	Fragment                       // htmx and the scripts of a page
)

// Format tells the form. Contract paths speak JSON only; on page paths the browser decides.
func Format(c echo.Context) ResponseFormat {
	r := c.Request()
	path := r.URL.Path
	accept := r.Header.Get("Accept")
	switch {
	case IsAPI(path), path == "/healthz", path == "/readyz", path == "/metrics", path == "/openapi.json":
		return JSON
	case r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-Boosted") == "":
		return Fragment
	case strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html"),
		strings.Contains(accept, "text/event-stream"):
		return JSON
	}
	return Page
}

// IsAPI reports whether a path is one of the JSON interface.
func IsAPI(path string) bool { return path == "/api" || strings.HasPrefix(path, "/api/") }

// loginPath is the sign-in page, which leads back to where the request was going.
func loginPath(c echo.Context) string {
	next := c.Request().URL.RequestURI()
	if c.Request().Method != http.MethodGet {
		next = PageBehind(c)
	}
	return "/login?next=" + url.QueryEscape(next)
}

// PageBehind is the page that a form was on: the Referer if it is ours, else the front page of its part.
func PageBehind(c echo.Context) string {
	r := c.Request()
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host && isBelow(r, from.Path) && !IsAPI(Inside(r, from.Path)) {
		if page := LocalPath(Inside(r, from.RequestURI()), ""); page != "" { // "//evil.example" would be another site's
			return page
		}
	}
	part, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return "/" + part
}

// atLatest is the address of a page that shows the last messages of a chat, where the one given shows earlier ones: an action leads to what it did.
func atLatest(page string) string {
	u, err := url.Parse(page)
	if err != nil || u.Path != "/widget" && !strings.Contains(u.Path, "/chats/") {
		return page
	}
	query := u.Query()
	if !query.Has("before") {
		return page
	}
	query.Del("before")
	u.RawQuery = query.Encode()
	return u.RequestURI()
}

// WithoutSlash leads from /demo/ to /demo: people type it, and a page has one address.
func WithoutSlash(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := *c.Request().URL
		u.Path = strings.TrimRight(u.Path, "/")
		reads := c.Request().Method == http.MethodGet || c.Request().Method == http.MethodHead
		if !reads || u.Path == c.Request().URL.Path || u.Path == "" || IsAPI(u.Path) || u.Path == "/static" || LocalPath(u.Path, "") == "" {
			return next(c)
		}
		u.RawPath = ""
		return c.Redirect(http.StatusPermanentRedirect, u.RequestURI())
	}
}

// LocalPath returns path if it leads nowhere but to us, else otherwise.
func LocalPath(path, otherwise string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return otherwise
	}
	return path
}
