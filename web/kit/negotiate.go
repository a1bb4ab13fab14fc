package kit

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// ResponseFormat is the form in which a request wants its response.
type ResponseFormat int

// The formats, and who requests them.
const (
	JSON     ResponseFormat = iota // programs
	Page                           // browsers, by plain links and forms
	Fragment                       // htmx and the scripts of a page
)

// Format returns the form of the response. Paths of the JSON interface always get JSON; on page paths the headers decide.
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

// loginPath returns the address of the sign-in page, which leads back to the page of the request.
func loginPath(c echo.Context) string {
	next := c.Request().URL.RequestURI()
	if c.Request().Method != http.MethodGet {
		next = RefererPage(c)
	}
	return "/login?next=" + url.QueryEscape(next)
}

// RefererPage returns the page on which a form was sent: the Referer if it is one of Parley's pages, otherwise the first segment of the
// request's own path, as in "/workbench".
func RefererPage(c echo.Context) string {
	r := c.Request()
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host && isInternal(r, from.Path) &&
		!IsAPI(InternalPath(r, from.Path)) {
		if page := LocalPath(InternalPath(r, from.RequestURI()), ""); page != "" { // "//evil.example" would be another site's
			return page
		}
	}
	part, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return "/" + part
}

// atLatest returns the address of the last messages of a chat where page shows earlier ones, so that a plain form leads to what it has
// done. Any other address stays as it is.
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

// RedirectTrailingSlash redirects GET /demo/ to /demo, so that each page has one address.
func RedirectTrailingSlash(next echo.HandlerFunc) echo.HandlerFunc {
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

// LocalPath returns path if it is a path on this server, otherwise fallback. It is what keeps a redirect from leading to another site.
func LocalPath(path, fallback string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsAny(path, "\\\r\n\t") {
		return fallback
	}
	return path
}
